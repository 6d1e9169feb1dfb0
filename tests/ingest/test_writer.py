from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import RingfenceError
from ringfence.ingest import writer
from ringfence.ingest.format import Reject
from ringfence.ingest.writer import CallWriter, Places, PlaceWriter, RejectWriter, no_empty_leftover
from ringfence.model.record import CALL_RECORD, CANONICAL, REJECTED


def table(rows: int, *more: str) -> pa.Table:
    names = ["call_id", "start_time", "called", *more]
    start = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
    columns = {
        "call_id": [f"c{n}" for n in range(rows)],
        "start_time": [start] * rows,
        "called": ["159"] * rows,
    }
    columns |= {name: ["x"] * rows for name in more}
    return pa.table(columns, pa.schema([CALL_RECORD.field(name) for name in names]))


def test_parts_by_size_and_by_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP", 10)
    monkeypatch.setattr(writer, "PART", 20)
    with CallWriter(tmp_path / "calls") as calls:
        for _ in range(6):
            calls.write(table(7))
        calls.write(table(3, "trunk"))
        parts = calls.finish()
    assert [pq.read_metadata(part).num_rows for part in parts] == [28, 14, 3]
    assert all(pq.read_schema(part).metadata == CANONICAL for part in parts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls"]


def test_a_failed_run_leaves_the_earlier_result(tmp_path: Path) -> None:
    with CallWriter(tmp_path / "calls") as calls:
        calls.write(table(1))
        (part,) = calls.finish()
    with pytest.raises(ZeroDivisionError), CallWriter(tmp_path / "calls") as calls:
        calls.write(table(5))
        raise ZeroDivisionError
    assert pq.read_metadata(part).num_rows == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls"]


def test_no_rows_make_no_part(tmp_path: Path) -> None:
    with CallWriter(tmp_path / "calls") as calls:
        assert calls.finish() == []
    assert (tmp_path / "calls").is_dir()


def test_rejects_are_kept_with_the_beginning_of_their_text(tmp_path: Path) -> None:
    with RejectWriter(tmp_path / "rejected.parquet") as rejects:
        rejects.write([Reject("f", n, "why", "", "x" * 5_000) for n in range(10_001)])
        path = rejects.finish()
    read = pq.read_table(path)
    assert read.schema.equals(REJECTED)
    assert len(read) == 10_001
    assert len(read["raw"][0].as_py()) == 1_000
    assert read["detail"][0].as_py() is None


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RingfenceError, match="cannot be written"), CallWriter(tmp_path / "file" / "calls"):
        pass


def test_work_that_fails_leaves_no_empty_folder(tmp_path: Path) -> None:
    def failing(folder: Path, *made: str) -> None:
        with pytest.raises(ValueError), no_empty_leftover(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in made:
                (folder / name).write_text("x")
            raise ValueError

    (tmp_path / "there").mkdir()
    failing(tmp_path / "there")
    failing(tmp_path / "a" / "b")
    failing(tmp_path / "c" / "d", "kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "there"]
    assert (tmp_path / "c" / "d" / "kept").exists()


def test_places_in_the_order_of_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP", 4)
    with PlaceWriter(tmp_path) as places:
        for file, rows in ((0, [2, 3]), (0, [5]), (1, []), (2, [2, 3, 4]), (2, [9])):
            places.write(file, pa.chunked_array([rows], pa.int64()))
        read = Places(places.finish())
        assert list(read.at(np.array([0, 2]))) == [(0, 2), (0, 5)]
        assert list(read.at(np.array([3, 6]))) == [(2, 2), (2, 9)]
    assert list(tmp_path.iterdir()) == []
