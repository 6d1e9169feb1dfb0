from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.store.parquet import record_files

ROW = {
    "called": ["+442079460001"],
    "start_time": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
    "call_id": ["a"],
}


def test_columns_come_in_the_records_order_from_every_file(tmp_path: Path) -> None:
    pq.write_table(pa.table(ROW | {"trunk": ["t"], "own": [1]}), tmp_path / "a")
    pq.write_table(pa.table(ROW | {"caller": ["+442079460002"]}), tmp_path / "b")
    pq.write_table(pa.table(ROW | {"trunk": ["t"], "own": [1]}), tmp_path / "c")
    found = record_files([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    assert found.columns == ("call_id", "start_time", "caller", "called", "trunk")
    assert [[f.name for f in files] for _, files in found.layouts()] == [["a", "c"], ["b"]]


def test_no_file_at_all() -> None:
    with pytest.raises(InputError, match="give at least one"):
        record_files([])


@pytest.mark.parametrize("content", [b"", b"call_id,called\n", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_what_is_not_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calls.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"calls\.parquet: not a readable Parquet file") as caught:
        record_files([tmp_path / "calls.parquet"])
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.parquet"):
        with pytest.raises(InputError, match="not a readable Parquet file"):
            record_files([path])


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"call_id": ["a"], "caller": ["+442079460002"]}), tmp_path / "a")
    with pytest.raises(InputError, match="no column start_time, called; make call records of it"):
        record_files([tmp_path / "a"])
