"""Parquet in the call record's own columns: any order, any subset that has start_time and called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.errors import InputError
from ringfence.ingest.format import Batch, Format
from ringfence.ingest.mapped import PARQUET, open_parquet, parquet_batches
from ringfence.ingest.mapping import identity


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
