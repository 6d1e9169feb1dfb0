"""What a format module offers: it recognises its files by content and yields batches of raw rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
import pyarrow as pa


class Reject(msgspec.Struct, frozen=True):
    """A row, packet or record that cannot be used. Counted by `reason`, kept in rejected.parquet."""

    file: str
    position: int  # row, packet or byte offset, from 1
    reason: str  # a stable word, e.g. no_called_number
    detail: str = ""  # one line for a person
    raw: str = ""  # as it came; the writer keeps the first 1,000 characters


class Batch(msgspec.Struct, frozen=True):
    """Up to some 100,000 rows of one file, in file order.

    rows: any subset of the call record's columns under their own names and types; numbers as the source
    wrote them (the pipeline normalises them), times in UTC; plus `source_row` (int64, from 1).
    bytes_read: how far into the file this batch reaches, for progress.
    notes: things worth knowing about rows that were kept, as a stable word and how many rows.
    raw: gives the source text of a `source_row`, for rows that the pipeline rejects later.
    remarks: what a person should know of how the file is read, a line each without its name; once a file.
    """

    rows: pa.Table
    rejects: list[Reject]
    bytes_read: int = 0
    notes: dict[str, int] = {}
    raw: Callable[[int], str] | None = None
    remarks: list[str] = []


class Format(Protocol):
    """One supported format: a module-level instance named FORMAT in its module."""

    @property
    def name(self) -> str: ...

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether a file that begins with `head` (its first 64 KiB) is of this format."""
        ...

    def read(self, path: Path) -> Iterator[Batch]:
        """Stream the file with flat memory. Bad rows become rejects; a file that cannot be read at all raises
        InputError."""
        ...


@runtime_checkable
class LocalTimes(Protocol):
    """A format whose times may lack a zone."""

    def in_zone(self, zone: str) -> Format:
        """The same format, reading such times in `zone` (an IANA name or +HH:MM)."""
        ...
