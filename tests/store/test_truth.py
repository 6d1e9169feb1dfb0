from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.store.truth import read_findings, read_truth

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
FLAGGED = pa.table({"call_id": ["a", "x"]})


@pytest.fixture
def net(tmp_path: Path) -> Path:
    write = {
        "truth": {
            "call_id": ["a", "b", "unseen"],
            "platform": ["p"] * 3,
            "customer": [1, 1, 2],
            "more": [0] * 3,
        },
        "truth_victims": {"called": ["+447700900001"], "loss": [9400.0]},
        "labels": {"call_id": ["a", "b", "x", "y"], "kind": ["fraud", "fraud", "pbx", "pbx"]},
    }
    for name, columns in write.items():
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    (tmp_path / "calls").mkdir()
    for part, ids in enumerate((["a", "b"], ["x", "y"])):
        calls = {
            "call_id": ids,
            "start_time": [START + dt.timedelta(days=part + i) for i in range(2)],
            "answer_time": [START + dt.timedelta(seconds=10), None],
            "end_time": [START + dt.timedelta(seconds=10, microseconds=1_500_000), START],
            "called": ["+447700900001", "+447700900002"],
            "trunk": ["t1", None],
        }
        pq.write_table(pa.table(calls), tmp_path / "calls" / f"part-{part}.parquet")
    return tmp_path


def test_the_fraudulent_calls_come_with_what_the_records_say(net: Path) -> None:
    truth = read_truth(
        net / "truth.parquet",
        FLAGGED,
        victims=net / "truth_victims.parquet",
        labels=net / "labels.parquet",
        calls=net / "calls",
    )
    rows = sorted(truth.calls.to_pylist(), key=lambda row: row["call_id"])
    assert [row["call_id"] for row in rows] == ["a", "b"]
    assert truth.absent == 1
    assert [row["talk_seconds"] for row in rows] == [1.5, None]
    assert [(row["trunk"], row["account"]) for row in rows] == [("t1", None), (None, None)]
    assert (truth.network_calls, truth.calls_by_kind) == (4, {"fraud": 2, "pbx": 2})
    assert truth.kinds is not None
    assert sorted(truth.kinds["call_id"].to_pylist()) == ["a", "x"]
    assert (truth.first_start, truth.last_start) == (START, START + dt.timedelta(days=2))


def test_the_truth_alone_is_enough(net: Path) -> None:
    truth = read_truth(net / "truth.parquet", FLAGGED, victims=None, labels=None, calls=None)
    assert truth.calls.num_rows == 3
    assert (truth.losses, truth.kinds, truth.network_calls) == (None, None, None)


def test_what_cannot_be_read_is_named(net: Path) -> None:
    cases = {
        "none.parquet": "no such file",
        "labels.parquet": "no column platform, customer",
        "cut.parquet": "not readable as Parquet",
    }
    (net / "cut.parquet").write_bytes((net / "truth.parquet").read_bytes()[:-9])
    for name, said in cases.items():
        with pytest.raises(InputError, match=said) as caught:
            read_truth(net / name, FLAGGED, victims=None, labels=None, calls=None)
        assert name in str(caught.value)
    with pytest.raises(InputError, match="no such folder"):
        read_findings(net / "none")
    with pytest.raises(InputError, match=r"flagged_calls\.parquet: no such file"):
        read_findings(net)


@pytest.mark.parametrize("text", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("coded", ["truth", "labels", "calls/"])
def test_other_writers_types_make_no_difference(net: Path, text: pa.DataType, coded: str) -> None:
    def read() -> list[dict[str, object]]:
        files = {"victims": None, "labels": net / "labels.parquet", "calls": net / "calls"}
        known = read_truth(net / "truth.parquet", FLAGGED, **files)
        rows: list[dict[str, object]] = known.calls.sort_by("call_id").to_pylist()
        return rows

    before = read()
    # the records of a folder are of one layout, or pyarrow refuses them
    for name in ("calls/part-0", "calls/part-1") if "/" in coded else (coded,):
        table = pq.read_table(net / f"{name}.parquet")
        for place, field in enumerate(table.schema):
            column = table[field.name].combine_chunks()
            if pa.types.is_string(field.type) and pa.types.is_dictionary(text):
                table = table.set_column(place, field.name, column.dictionary_encode())
            elif pa.types.is_string(field.type):
                table = table.set_column(place, field.name, column.cast(text))
            elif pa.types.is_timestamp(field.type):
                finer = column.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
                finer = pc.add(finer, 7).cast(pa.timestamp("ns", "UTC"))
                table = table.set_column(place, field.name, finer)
        pq.write_table(table, net / f"{name}.parquet")
    assert read() == before
