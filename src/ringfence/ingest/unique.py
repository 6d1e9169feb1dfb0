"""Makes calls unique over the whole input: equal records are dropped, repeated ids get an ending.

Sources repeat their ids for every leg of a call, and exports that overlap repeat whole records. Exact, and in
bounded memory: DuckDB groups 64-bit hashes of the ids and spills to disk. Only rows whose id is there twice
are looked at further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_MEMORY = "250MB"

#: Told of dropped rows: their places among all rows of all parts, from 0, and the rows.
Dropped = Callable[[npt.NDArray[np.int64], pa.Table], None]


def make_unique(parts: Sequence[Path], workdir: Path, dropped: Dropped) -> int:
    """Drop rows of Parquet `parts` that equal an earlier one in every column, and rewrite call ids that rows
    still share as id~part.row; gives how many rows that changed.

    Parts without a repeated id are not touched. workdir: where DuckDB may spill.
    """
    if not parts:
        return 0
    with duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": str(workdir / ".spill")}) as db:
        db.execute("SET preserve_insertion_order = false")
        db.execute("SET enable_progress_bar = false")  # else a long query draws one, also where nobody looks
        files = {"files": [str(part) for part in parts]}
        db.execute(
            "CREATE TABLE repeated AS SELECT h FROM (SELECT hash(call_id) AS h FROM read_parquet($files,"
            " union_by_name = true)) GROUP BY h HAVING count(*) > 1",
            files,
        )
        # a digest of the record is narrower to sort than the record; absent columns and nulls are the same
        db.execute(
            "CREATE TABLE twins AS SELECT part, row, call_id, row_number() OVER (PARTITION BY call_id, digest"
            " ORDER BY part, row) AS copy FROM (SELECT list_position($files, filename) - 1 AS part,"
            " file_row_number AS row, call_id,"
            " sha256(json_array(*COLUMNS(* EXCLUDE (filename, file_row_number)))::VARCHAR) AS digest"
            " FROM read_parquet($files, union_by_name = true, filename = true, file_row_number = true)"
            " WHERE hash(call_id) IN (SELECT h FROM repeated))",
            files,
        )
        db.execute(
            "CREATE TABLE changes AS SELECT part, row, false AS drop FROM (SELECT part, row, count(*) OVER"
            " (PARTITION BY call_id) AS n FROM twins WHERE copy = 1) WHERE n > 1"
            " UNION ALL SELECT part, row, true FROM twins WHERE copy > 1"
        )
        renamed = first = 0
        for number, part in enumerate(parts):
            rows = pq.read_metadata(part).num_rows
            renamed += _rewrite(db, number, part, first, dropped)
            first += rows
        return renamed


def _rewrite(db: duckdb.DuckDBPyConnection, number: int, part: Path, first: int, dropped: Dropped) -> int:
    """Change one part, row group by row group, where it has to; gives how many ids were rewritten."""
    changes = db.execute(
        "SELECT row, drop FROM changes WHERE part = $part ORDER BY row", {"part": number}
    ).fetchnumpy()
    if not len(changes["row"]):
        return 0
    drop = changes["row"][changes["drop"]]
    rename = changes["row"][~changes["drop"]]
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
            ids = pc.if_else(pa.array(np.isin(here, rename)), renamed, table["call_id"])
            gone = np.isin(here, drop)
            if gone.any():
                dropped(first + here[gone], table.filter(pa.array(gone)))
            table = table.set_column(0, table.schema.field("call_id"), ids)
            out.write_table(table.filter(pa.array(~gone)))
    new.replace(part)
    return len(rename)
