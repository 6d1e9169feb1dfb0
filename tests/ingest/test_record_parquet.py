from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.ingest.record_parquet import canonical
from ringfence.model.record import CALL_RECORD, CANONICAL

NOON = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
ROW = {"call_id": "c1", "start_time": NOON, "called": "+447700900123"}
SCHEMA = pa.schema([CALL_RECORD.field(name) for name in ROW])


def write(path: Path, schema: pa.Schema, row: dict[str, Any] = ROW) -> Path:
    pq.write_table(pa.Table.from_pylist([row], schema), path)
    return path


def test_canonical_needs_the_mark_the_columns_and_the_types(tmp_path: Path) -> None:
    marked = write(tmp_path / "a.parquet", SCHEMA.with_metadata(CANONICAL))
    assert canonical([marked]) == [marked]
    assert canonical([tmp_path]) == [marked]
    assert canonical([write(tmp_path / "b.parquet", SCHEMA)]) is None
    naive = SCHEMA.set(1, pa.field("start_time", pa.timestamp("us"))).with_metadata(CANONICAL)
    assert (
        canonical([write(tmp_path / "c.parquet", naive, ROW | {"start_time": NOON.replace(tzinfo=None)})])
        is None
    )
    short = pa.schema([SCHEMA.field(0), SCHEMA.field(2)]).with_metadata(CANONICAL)
    assert canonical([write(tmp_path / "d.parquet", short)]) is None
    (tmp_path / "e.csv").write_text("start_time,called\n")
    assert canonical([marked, tmp_path / "e.csv"]) is None
    with pytest.raises(InputError, match="no such file"):
        canonical([tmp_path / "absent"])


def test_dictionaries_and_large_strings(ingested: Any, tmp_path: Path) -> None:
    table = pa.table(
        {
            "START_TIME": pa.array([NOON] * 3, pa.timestamp("ns", "Asia/Tokyo")),
            "called": pa.array(["07700 900123"] * 3, pa.large_string()),
            "trunk": pa.array(["a", None, "a"]).dictionary_encode(),
            "status": pa.array([200, 486, None], pa.int64()),
            "ignored": [1, 2, 3],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    calls, report = ingested(tmp_path / "x.parquet")
    assert [c["trunk"] for c in calls] == ["a", None, "a"]
    assert [c["status"] for c in calls] == [200, 486, None]
    assert {c["called"] for c in calls} == {"+447700900123"}
    assert [c["call_id"] for c in calls] == ["x.parquet:1", "x.parquet:2", "x.parquet:3"]
    assert report.notes == {}


def test_a_table_of_other_columns_is_one_line(ingested: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="no column start_time or called; it has a: write a mapping"):
        ingested(tmp_path / "x.parquet")
