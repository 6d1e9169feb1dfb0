from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.model.record import CALL_RECORD, CANONICAL
from ringfence.store.ordered_records import is_canonical, ordered_records

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def write(path: Path, *minutes: int, metadata: bool = True) -> Path:
    rows = [
        {
            "call_id": f"{path.stem}-{m}",
            "start_time": START + dt.timedelta(minutes=m),
            "called": "+447700900001",
        }
        for m in minutes
    ]
    schema = pa.schema([CALL_RECORD.field(n) for n in ("call_id", "start_time", "called")])
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table.replace_schema_metadata(CANONICAL if metadata else None), path)
    return path


def test_in_the_order_of_time_over_all_files(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.parquet", 5, 1), write(tmp_path / "b.parquet", 3, 1)]
    labels = tmp_path / "labels.parquet"
    pq.write_table(pa.table({"call_id": ["a-5"], "kind": ["fraud"]}), labels)
    columns = ("call_id", "start_time", "called", "trunk", "roaming", "fingerprint_parts")
    found = pa.Table.from_batches(
        ordered_records(files, columns, labels=labels, workdir=tmp_path)
    ).to_pylist()
    assert [row["call_id"] for row in found] == ["a-1", "b-1", "b-3", "a-5"]
    assert [row["kind"] for row in found] == [None, None, None, "fraud"]
    assert found[0]["trunk"] is found[0]["roaming"] is found[0]["fingerprint_parts"] is None
    assert found[0]["start_time"] == START + dt.timedelta(minutes=1)


def test_labels_that_are_none(tmp_path: Path) -> None:
    bad = tmp_path / "labels.parquet"
    bad.write_bytes(b"no")
    with pytest.raises(InputError, match="call_id and kind"):
        list(ordered_records([write(tmp_path / "a.parquet", 1)], ("call_id", "start_time"), labels=bad))


def test_what_is_canonical(tmp_path: Path) -> None:
    assert is_canonical(write(tmp_path / "a.parquet", 1))
    assert not is_canonical(write(tmp_path / "b.parquet", 1, metadata=False))
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    assert not is_canonical(tmp_path / "c.parquet")
