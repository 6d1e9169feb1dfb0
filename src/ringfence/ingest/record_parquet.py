"""Parquet in the call record's own columns: any order, any subset that has start_time and called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.ingest.format import Batch, Format
from ringfence.ingest.mapped import PARQUET, open_parquet, parquet_batches
from ringfence.ingest.mapping import identity
from ringfence.ingest.source import find
from ringfence.model.record import CALL_RECORD, CANONICAL, REQUIRED_COLUMNS


class RecordParquet(msgspec.Struct, frozen=True):
    zone: str | None = None
    name: str = "parquet"

    def recognises(self, head: bytes, path: Path) -> bool:
        return head.startswith(PARQUET)

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        names = open_parquet(path).schema_arrow.names
        mapping = identity(names)
        missing = [name for name in ("start_time", "called") if name not in mapping.columns]
        if missing:
            raise InputError(
                f"{path}: no column {' or '.join(missing)}; it has {', '.join(names)[:300]}:"
                f" write a mapping with 'ringfence ingest --guess {path}'"
            )
        return parquet_batches(path, mapping, self.zone)


FORMAT = RecordParquet()


def canonical(inputs: Sequence[Path]) -> list[Path] | None:
    """The files behind `inputs` if a hunt may read them as they are; None if they need ingest.

    They may where each is Parquet with the record's columns and types and carries the mark that its writer
    (ingest, the simulator) checked the rows and normalised the numbers. Reads footers only. Raises
    InputError like `source.find`.
    """
    paths = [source.path for source in find(inputs)]
    return paths if all(_is_canonical(path) for path in paths) else None


def _is_canonical(path: Path) -> bool:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError):
        return False
    marks = schema.metadata or {}
    if any(marks.get(key) != value for key, value in CANONICAL.items()):
        return False
    types = {field.name: field.type for field in schema}
    return all(name in types for name in REQUIRED_COLUMNS) and all(
        types[field.name] == field.type for field in CALL_RECORD if field.name in types
    )
