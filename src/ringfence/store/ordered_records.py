"""Call records in the order in which the calls began, whatever order their files have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.model.record import CALL_RECORD, CANONICAL

#: Rows of a batch.
ROWS = 20_000


def is_canonical(file: Path) -> bool:
    """Whether a file holds checked records with normalised numbers, as `ringfence ingest` writes them."""
    try:
        metadata = pq.read_schema(file).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return all(metadata.get(key) == value for key, value in CANONICAL.items())


def ordered_records(
    files: Sequence[Path], columns: Sequence[str], *, labels: Path | None = None, workdir: Path | None = None
) -> Iterator[pa.RecordBatch]:
    """The records of canonical files by start_time, ties by call_id. Memory does not grow with their number:
    what does not fit is sorted in `workdir`.

    columns: of the call record; those that no file has are null. labels: Parquet with call_id and kind, which
    is added as the column `kind`. Raises InputError for labels that cannot be read."""
    with duckdb.connect(":memory:") as engine:
        engine.execute("SET enable_progress_bar = false")
        if workdir is not None:
            engine.execute("SET temp_directory = ?", [str(workdir)])
        calls = engine.read_parquet([str(f) for f in files], union_by_name=True)
        there = set(calls.columns)
        picked = [
            duckdb.ColumnExpression(name)
            if name in there
            else duckdb.ConstantExpression(None).cast(_type(name)).alias(name)
            for name in columns
        ]
        chosen = calls.select(*picked)
        if labels is not None:
            try:
                kinds = engine.read_parquet(str(labels)).select("call_id", "kind").set_alias("labels")
            except duckdb.Error as error:
                said = str(error).splitlines()[0]
                raise InputError(f"{labels}: no Parquet with call_id and kind ({said})") from None
            chosen = chosen.set_alias("calls").join(kinds, "call_id", how="left")
        reader = chosen.order("start_time, call_id").to_arrow_reader(ROWS)
        yield from reader


def _type(name: str) -> str:
    kind = CALL_RECORD.field(name).type
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ"
    return "VARCHAR[]" if pa.types.is_list(kind) else "VARCHAR"
