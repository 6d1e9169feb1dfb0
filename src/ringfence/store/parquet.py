"""Call-record Parquet files on disk: which columns each has, read from their footers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.model.record import BESIDE, CALL_RECORD, REQUIRED_COLUMNS

#: The columns that an engine reads, with their types.
READ: pa.Schema = pa.schema([*CALL_RECORD, *BESIDE])


class RecordFiles(msgspec.Struct, frozen=True):
    """Files with the schema of each, and the columns of `READ` that at least one of them has."""

    files: tuple[Path, ...]
    schemas: tuple[pa.Schema, ...]
    columns: tuple[str, ...]

    def layouts(self) -> list[tuple[pa.Schema, list[Path]]]:
        """The files grouped by schema, in the order in which each schema comes first."""
        groups: dict[pa.Schema, list[Path]] = {}
        for file, schema in zip(self.files, self.schemas, strict=True):
            groups.setdefault(schema.remove_metadata(), []).append(file)
        return list(groups.items())


def record_files(files: Sequence[Path]) -> RecordFiles:
    """Read the footer of each file. Cost: one seek a file, no rows. Columns come in the record's order.

    Raises InputError when there is no file, or one is not Parquet or lacks a required column.
    """
    if not files:
        raise InputError("no call records: give at least one Parquet file")
    schemas = []
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise InputError(
                f"{file}: not a readable Parquet file ({reason}); write it again or leave it out"
            ) from error
        if missing := [name for name in REQUIRED_COLUMNS if name not in schema.names]:
            raise InputError(
                f"{file}: no column {', '.join(missing)}; make call records of it with 'ringfence ingest'"
            )
        schemas.append(schema)
    found = {name for schema in schemas for name in schema.names}
    columns = tuple(name for name in READ.names if name in found)
    return RecordFiles(tuple(files), tuple(schemas), columns)
