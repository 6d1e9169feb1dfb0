"""CSV in the call record's own columns: any order, any subset that has start_time and called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.ingest.dialect import Dialect, header_of, sniff
from ringfence.ingest.format import Batch, Format
from ringfence.ingest.mapped import text_batches
from ringfence.ingest.mapping import identity
from ringfence.ingest.source import head


class RecordCsv(msgspec.Struct, frozen=True):
    zone: str | None = None
    name: str = "csv"

    def recognises(self, head: bytes, path: Path) -> bool:
        dialect = sniff(head)
        return dialect is not None and {"start_time", "called"} <= set(
            identity(header_of(head, dialect)).columns
        )

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        dialect = sniff(beginning) or Dialect()
        names = header_of(beginning, dialect)
        return text_batches(path, dialect, identity(names), names, zone=self.zone, skip=1)


FORMAT = RecordCsv()
