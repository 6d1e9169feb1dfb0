from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError

NOON = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)


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


def test_a_row_without_a_time_keeps_what_was_written(ingested: Any, tmp_path: Path) -> None:
    pq.write_table(
        pa.table(
            {"start_time": ["soon", str(NOON)] * 2, "called": [159, 7700900123] * 2, "trunk": [None] * 4}
        ),
        tmp_path / "x.parquet",
    )
    calls, report = ingested(tmp_path / "x.parquet")
    assert (len(calls), report.rejected) == (2, {"bad_start_time": 2})
    rows = pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
    assert [(row["position"], row["raw"]) for row in rows] == [
        (1, '{"start_time":"soon","called":"159"}'),
        (3, '{"start_time":"soon","called":"159"}'),
    ]
