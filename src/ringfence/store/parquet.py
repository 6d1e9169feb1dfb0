"""Call-record Parquet files on disk: which columns each has, read from their footers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.model.record import CALL_RECORD, REQUIRED_COLUMNS


class RecordFiles(msgspec.Struct, frozen=True):
    """Files, and the columns of the call record that at least one of them has, in the record's order."""

    files: tuple[Path, ...]
    columns: tuple[str, ...]


def record_files(files: Sequence[Path]) -> RecordFiles:
    """Read the footer of each file. Cost: one seek a file, no rows.

    Raises InputError when there is no file, or one is not Parquet or lacks a required column.
    """
    if not files:
        raise InputError("no call records: give at least one Parquet file")
    found: set[str] = set()
    for file in files:
        try:
            names = set(pq.read_schema(file).names)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise InputError(
                f"{file}: not a readable Parquet file ({reason}); write it again or leave it out"
            ) from error
        if missing := [name for name in REQUIRED_COLUMNS if name not in names]:
            raise InputError(
                f"{file}: no column {', '.join(missing)}; make call records of it with 'ringfence ingest'"
            )
        found |= names
    return RecordFiles(tuple(files), tuple(name for name in CALL_RECORD.names if name in found))
