from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.test_decision_log import row

from ringfence.errors import RingfenceError
from ringfence.model.decision import DECISION
from ringfence.model.record import CALL_RECORD, CANONICAL
from ringfence.numbers.hiding import tokenise_records
from ringfence.numbers.tokens import is_token, new_key
from ringfence.store.decision_export import export, join_outcomes
from ringfence.store.decision_log import DecisionLog
from ringfence.store.ordered_records import is_canonical

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_segments_become_records(tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log", segment_bytes=2000) as log:
        for i in range(20):
            log.append(row(i))
    assert len(list((tmp_path / "log").glob("*.log"))) > 1
    files, spoilt = export(tmp_path / "log", tmp_path / "calls")
    assert spoilt == 0 and not list((tmp_path / "log").iterdir())
    table = pq.read_table(files)
    assert table.schema.names == DECISION.names and table.num_rows == 20 and is_canonical(files[0])
    first = table.to_pylist()[0]
    assert first["start_time"].isoformat() == "2026-03-01T12:00:00+00:00" and first["answer_time"] is None
    assert (first["action"], first["signals"], first["sip_status"]) == ("block", ["unsigned"], 603)
    assert export(tmp_path / "log", tmp_path / "calls") == ([], 0)


def test_hidden_numbers_are_still_records(tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log") as log:
        log.append(row(1))
    key = new_key()
    (file,), _ = export(tmp_path / "log", tmp_path / "calls", lambda t: tokenise_records(t, key))
    (one,) = pq.read_table(file).to_pylist()
    assert (
        is_token(one["caller"])
        and is_token(one["called"])
        and one["caller_kind"]
        and one["action"] == "block"
    )
    assert is_canonical(file) and "+44" not in str(one)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with DecisionLog(tmp_path / "log") as log:
        log.append(row(1))
    (tmp_path / "file").write_text("")
    with pytest.raises(RingfenceError, match="the log is as it was"):
        export(tmp_path / "log", tmp_path / "file")
    assert len(list((tmp_path / "log").glob("*.log"))) == 1


def record(file: Path, *rows: dict[str, object]) -> Path:
    columns = {f.name: [r.get(f.name) for r in rows] for f in CALL_RECORD}
    table = pa.table(columns, schema=CALL_RECORD.with_metadata(CANONICAL))
    pq.write_table(table, file)
    return file


def test_how_calls_ended_is_joined(tmp_path: Path) -> None:
    """One answered; a Call-ID of two calls, one asked about twice; one of another day; none."""
    asked = [("a", 0), ("b", 0), ("b", 1), ("b", 60), ("old", 0), (None, 0)]
    with DecisionLog(tmp_path / "log", segment_bytes=700) as log:
        for i, (call_id, seconds) in enumerate(asked):
            one = msgspec.structs.replace(row(i), sip_call_id=call_id, status=302, sip_status=302)
            one = msgspec.structs.replace(one, start_time=1_772_366_400_000_000 + seconds * 1_000_000)
            log.append(one)
    files, _ = export(tmp_path / "log", tmp_path / "calls")
    assert len(files) > 1

    def made(call_id: str, sip: str | None, seconds: float) -> dict[str, object]:
        start = NOON + dt.timedelta(seconds=seconds)
        end = start + dt.timedelta(seconds=90)
        return {
            "call_id": call_id, "sip_call_id": sip, "start_time": start, "answer_time": start,
            "end_time": end, "called": "+447700900123", "status": 200, "egress_trunk": call_id,
        }  # fmt: skip

    calls = record(
        tmp_path / "cdr.parquet", made("1", "a", 0.2), made("2", "b", 1.1), made("3", "b", 60.5),
        made("4", "old", 86_400), made("5", None, 0),
    )  # fmt: skip
    assert join_outcomes(files, [calls]) == (3, 6)
    told = [
        (r["sip_call_id"], r["egress_trunk"], r["status"], r["answer_time"] is not None, r["sip_status"])
        for r in sorted(pq.read_table(files).to_pylist(), key=lambda r: str(r["call_id"]))
    ]
    assert told == [
        ("a", "1", 200, True, 302), ("b", None, 302, False, 302), ("b", "2", 200, True, 302),
        ("b", "3", 200, True, 302), ("old", None, 302, False, 302), (None, None, 302, False, 302),
    ]  # fmt: skip
    assert is_canonical(files[0]) and join_outcomes(files, [calls]) == (3, 6)  # again changes nothing
