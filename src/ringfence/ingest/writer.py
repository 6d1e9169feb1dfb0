"""Where ingested rows go: Parquet parts of call records, and the rejected rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import RingfenceError
from ringfence.ingest.format import Reject
from ringfence.model.record import CANONICAL, REJECTED

ROW_GROUP = 1 << 17
#: Rows in one file: enough files for a cluster to share, few enough to open.
PART = 1 << 21
_RAW = 1_000


@contextmanager
def no_empty_leftover(folder: Path) -> Iterator[None]:
    """Where the work in the block fails, folders of `folder`'s path that were not there before and are empty
    go away again."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first that is missing or holds something ends it
            for path in absent:
                path.rmdir()
        raise


class CallWriter:
    """Writes call records into `directory` as part-00000.parquet and so on.

    Rows go to a directory beside it that takes its place at `finish`, so a failed run leaves an earlier
    result whole. A part holds rows with the same columns.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._partial = directory.with_name(f".{directory.name}-{os.getpid()}")
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._in_part = self._parts = 0

    def __enter__(self) -> Self:
        try:
            self._partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RingfenceError(
                f"{self.directory}: cannot be written: {error.strerror}; name another --out"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_part()
        shutil.rmtree(self._partial, ignore_errors=True)

    def write(self, rows: pa.Table) -> None:
        """Add rows: any subset of the record's columns with their types."""
        if not len(rows):
            return
        if self._waiting and rows.schema != self._waiting[0].schema:
            self._flush()
        self._waiting.append(rows)
        if sum(len(table) for table in self._waiting) >= ROW_GROUP:
            self._flush()

    def parts(self) -> list[Path]:
        """Complete the parts, where they can still be changed before `finish`."""
        self._flush()
        self._close_part()
        return sorted(self._partial.iterdir())

    def finish(self) -> list[Path]:
        """Put the parts in place and name them."""
        parts = self.parts()
        if self.directory.exists():
            for old in self.directory.glob("part-*.parquet"):
                old.unlink()
        self.directory.mkdir(exist_ok=True)
        return [part.rename(self.directory / part.name) for part in parts]

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None or table.schema != self._schema or self._in_part >= PART:
            self._close_part()
            self._schema = table.schema
            self._writer = pq.ParquetWriter(
                self._partial / f"part-{self._parts:05d}.parquet",
                table.schema.with_metadata(CANONICAL),
                compression="snappy",
            )
            self._parts += 1
            self._in_part = 0
        self._writer.write_table(table, row_group_size=2 * ROW_GROUP)
        self._in_part += len(table)

    def _close_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class PlaceWriter:
    """Remembers on disk where each written record came from, in the order of writing: records that turn out
    to be there twice are rejected with their place. The file is gone at the end."""

    _SCHEMA = pa.schema([("file", pa.int32()), ("row", pa.int64())])

    def __init__(self, folder: Path) -> None:
        self._path = folder / f".places-{os.getpid()}"
        self._waiting: list[pa.Table] = []

    def __enter__(self) -> Self:
        # rows count up: their differences take next to no space
        self._writer = pq.ParquetWriter(
            self._path,
            self._SCHEMA,
            compression="zstd",
            use_dictionary=["file"],
            column_encoding={"row": "DELTA_BINARY_PACKED"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def write(self, file: int, rows: pa.ChunkedArray) -> None:
        """Add records of the input file with that number, by their row there."""
        files = pa.array(np.full(len(rows), file, np.int32))
        self._waiting.append(pa.table([files, rows], schema=self._SCHEMA))
        if sum(len(table) for table in self._waiting) >= ROW_GROUP:
            self._flush()

    def finish(self) -> pq.ParquetFile:
        """No more records; the places for `at`."""
        self._flush()
        self._writer.close()
        return pq.ParquetFile(self._path)

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []


class Places:
    """Reads what a PlaceWriter wrote, forwards."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file
        self._group, self._first = -1, 0
        self._table = PlaceWriter._SCHEMA.empty_table()

    def at(self, numbers: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """File and row of records by their number in the order of writing, from 0; ascending from call to
        call."""
        for number in numbers.tolist():
            while number >= self._first + len(self._table):
                self._first += len(self._table)
                self._group += 1
                self._table = self._file.read_row_group(self._group)
            place = number - self._first
            yield self._table["file"][place].as_py(), self._table["row"][place].as_py()


class RejectWriter:
    """Writes rejected.parquet; the file is there even when nothing was rejected."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.name}-{os.getpid()}")
        self._waiting: list[Reject] = []

    def __enter__(self) -> Self:
        self._writer = pq.ParquetWriter(self._partial, REJECTED, compression="zstd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._partial.unlink(missing_ok=True)

    def write(self, rejects: Sequence[Reject]) -> None:
        self._waiting += rejects
        if len(self._waiting) >= 10_000:
            self._flush()

    def finish(self) -> Path:
        """Put the file in place."""
        self._flush()
        self._writer.close()
        return self._partial.rename(self.path)

    def _flush(self) -> None:
        rows = self._waiting
        self._waiting = []
        for at in range(0, len(rows), 10_000):
            some = rows[at : at + 10_000]
            self._writer.write_table(
                pa.table(
                    [
                        [r.file for r in some],
                        [r.position for r in some],
                        [r.reason for r in some],
                        [r.detail or None for r in some],
                        [r.raw[:_RAW] or None for r in some],
                    ],
                    schema=REJECTED,
                )
            )
