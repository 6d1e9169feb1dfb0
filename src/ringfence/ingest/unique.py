"""Makes call_id unique over the whole input: sources repeat theirs for every leg of a call.

Exact, and in bounded memory: DuckDB groups 64-bit hashes of the ids and spills to disk. Where two ids share
a hash by chance both are treated as repeated, which is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_MEMORY = "250MB"


def make_unique(parts: Sequence[Path], workdir: Path) -> int:
    """Rewrite repeated call ids in Parquet `parts` as id~part.row; gives how many rows that changed.

    Parts without a repeated id are not touched. workdir: where DuckDB may spill.
    """
    if not parts:
        return 0
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(workdir / ".spill")}) as db:
        db.execute("SET preserve_insertion_order = false")
        db.execute(
            "CREATE TABLE repeated AS SELECT h FROM (SELECT hash(call_id) AS h FROM read_parquet($files,"
            " union_by_name = true)) GROUP BY h HAVING count(*) > 1",
            {"files": [str(part) for part in parts]},
        )
        return sum(_rename(db, number, part) for number, part in enumerate(parts))


def _rename(db: duckdb.DuckDBPyConnection, number: int, part: Path) -> int:
    """Rewrite one part, row group by row group, if it holds a repeated id."""
    rows = db.execute(
        "SELECT file_row_number FROM read_parquet($part, file_row_number = true)"
        " WHERE hash(call_id) IN (SELECT h FROM repeated)",
        {"part": str(part)},
    ).fetchnumpy()["file_row_number"]
    if not len(rows):
        return 0
    new = part.with_suffix(".new")
    done = 0
    with pq.ParquetFile(part) as file, pq.ParquetWriter(new, file.schema_arrow, compression="snappy") as out:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            here = np.arange(done, done + len(table))
            done += len(table)
            suffix = pa.array(here + 1, pa.int64()).cast(pa.string())
            renamed = pc.binary_join_element_wise(table["call_id"], f"{number}.", "~")
            renamed = pc.binary_join_element_wise(renamed, suffix, "")
            ids = pc.if_else(pa.array(np.isin(here, rows)), renamed, table["call_id"])
            out.write_table(table.set_column(0, table.schema.field("call_id"), ids))
    new.replace(part)
    return len(rows)
