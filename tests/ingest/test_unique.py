from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.ingest.unique import make_unique
from ringfence.model.record import CANONICAL


def part(path: Path, ids: list[str]) -> Path:
    table = pa.table({"call_id": ids, "n": range(len(ids))}).replace_schema_metadata(CANONICAL)
    pq.write_table(table, path, row_group_size=2)
    return path


def test_only_repeated_ids_change_and_rows_keep_their_order(tmp_path: Path) -> None:
    parts = [
        part(tmp_path / "a", ["x", "y", "x", "z"]),
        part(tmp_path / "b", ["z", "w"]),
        part(tmp_path / "c", ["v"]),
    ]
    untouched = parts[2].stat().st_mtime_ns
    assert make_unique(parts, tmp_path) == 4
    assert pq.read_table(parts[0])["call_id"].to_pylist() == ["x~0.1", "y", "x~0.3", "z~0.4"]
    assert pq.read_table(parts[1])["call_id"].to_pylist() == ["z~1.1", "w"]
    assert pq.read_schema(parts[0]).metadata == CANONICAL
    assert parts[2].stat().st_mtime_ns == untouched


def test_nothing_to_do(tmp_path: Path) -> None:
    assert make_unique([], tmp_path) == 0
    assert make_unique([part(tmp_path / "a", ["x", "y"])], tmp_path) == 0
