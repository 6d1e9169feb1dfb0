from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.ingest.unique import make_unique
from ringfence.model.record import CANONICAL


def part(path: Path, ids: list[str], **columns: list[object]) -> Path:
    table = pa.table({"call_id": ids, **(columns or {"n": range(len(ids))})})
    pq.write_table(table.replace_schema_metadata(CANONICAL), path, row_group_size=2)
    return path


def unique(parts: list[Path], workdir: Path) -> tuple[int, list[tuple[int, str]]]:
    """How many ids were rewritten, and place and id of the rows that were dropped."""
    gone: list[tuple[int, str]] = []

    def dropped(places: npt.NDArray[np.int64], rows: pa.Table) -> None:
        gone.extend(zip(places.tolist(), rows["call_id"].to_pylist(), strict=True))

    return make_unique(parts, workdir, dropped), gone


def test_only_repeated_ids_change_and_rows_keep_their_order(tmp_path: Path) -> None:
    parts = [
        part(tmp_path / "a", ["x", "y", "x", "z"]),
        part(tmp_path / "b", ["z", "w"]),
        part(tmp_path / "c", ["v"]),
    ]
    untouched = parts[2].stat().st_mtime_ns
    assert unique(parts, tmp_path) == (4, [])
    assert pq.read_table(parts[0])["call_id"].to_pylist() == ["x~0.1", "y", "x~0.3", "z~0.4"]
    assert pq.read_table(parts[1])["call_id"].to_pylist() == ["z~1.1", "w"]
    assert pq.read_schema(parts[0]).metadata == CANONICAL
    assert parts[2].stat().st_mtime_ns == untouched


def test_equal_records_count_once_and_others_with_their_id_are_calls(tmp_path: Path) -> None:
    parts = [
        part(tmp_path / "a", ["x", "x", "y", "z"], n=[1, 1, 2, None], words=[["a"], ["a"], None, ["a", "b"]]),
        part(tmp_path / "b", ["y", "y", "x", "w"], n=[3, 2, 1, 4], words=[None, None, ["a"], None]),
        part(tmp_path / "c", ["z", "z"], words=[["a", "b"], ["a, b"]]),  # no n: as good as null
    ]
    assert unique(parts, tmp_path) == (4, [(1, "x"), (5, "y"), (6, "x"), (8, "z")])
    assert [pq.read_table(file)["call_id"].to_pylist() for file in parts] == [
        ["x", "y~0.3", "z~0.4"],
        ["y~1.1", "w"],
        ["z~2.2"],
    ]


def test_nothing_to_do(tmp_path: Path) -> None:
    assert unique([], tmp_path) == (0, [])
    assert unique([part(tmp_path / "a", ["x", "y"])], tmp_path) == (0, [])
