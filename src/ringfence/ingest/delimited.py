"""Delimited text (CSV, TSV, ;, |) in blocks: fast where it is clean, line by line where it is not.

A block goes through Arrow's CSV reader. Only when that finds something odd (a quote that never closes, a
NUL, bytes that are not UTF-8, a line too long) is the block cut into lines and read one by one, so that a
bad line costs that line and not its neighbours. RFC 4180, with the deviations found in the field: a quote
inside a value that began without one is a character like others, and what follows a closed quote up to the
delimiter belongs to the value (`"abc"def` is abcdef).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from ringfence.ingest.dialect import Dialect
from ringfence.ingest.format import Reject
from ringfence.ingest.source import Reader

BLOCK = 16 << 20
LONGEST_LINE = 1 << 20
#: A quoted field may span lines, up to so many; past that its quote counts as never closed.
LONGEST_RECORD = 20

# the csv module's own limit of 128 KiB would fail where ours must decide
csv.field_size_limit(LONGEST_LINE * LONGEST_RECORD)


class TextBatch(msgspec.Struct, frozen=True):
    """Rows of text: `table` has one string column per name and `source_row`, the line from 1."""

    table: pa.Table
    rejects: list[Reject]
    bytes_read: int
    notes: dict[str, int]
    raw: Callable[[int], str]


def read(
    path: Path,
    dialect: Dialect,
    names: Sequence[str],
    *,
    skip: int = 0,
    wanted: Sequence[str] | None = None,
) -> Iterator[TextBatch]:
    """Stream a text file with flat memory.

    names: the columns. skip: lines before the first row. wanted: the columns to keep.
    A row of another width, with a NUL, an open quote or over 1 MiB is a reject. Rows that are not UTF-8 are
    read as Windows-1252 and noted as not_utf8.
    """
    line, carry, too_long = 1, b"", False
    decoder = (
        None if dialect.encoding == "utf-8" else codecs.getincrementaldecoder(dialect.encoding)("replace")
    )
    with Reader(path) as reader:
        last = False
        while not last:
            data = reader.read(BLOCK)
            last = len(data) < BLOCK
            if decoder is not None:
                data = decoder.decode(data, last).encode("utf-8", "replace")
            if line == 1 and not carry:
                data = data.removeprefix(codecs.BOM_UTF8)
            if dialect.newline == "\r":
                data = data.replace(b"\r", b"\n")
            if too_long:
                _, newline, data = data.partition(b"\n")
                too_long = not newline
                line += not too_long
            data = carry + data
            if last and data and not data.endswith(b"\n"):
                data += b"\n"
            cut = data.rfind(b"\n") + 1
            block, carry = data[:cut], data[cut:]
            endless = len(carry) > LONGEST_LINE
            rejects: list[Reject] = []
            while skip and block:
                _, _, block = block.partition(b"\n")
                line, skip = line + 1, skip - 1
            lines = _Lines(block, line, str(path), dialect)
            line += len(lines.ends)
            batch, left = (lines.fast(names, wanted), b"")
            if batch is None:
                batch, left = lines.careful(names, wanted, last or endless)
                line -= left.count(b"\n")
            carry = left + carry
            if endless:
                rejects.append(Reject(str(path), line, "line_too_long", _LONG, _text(carry[:1000])))
                carry, too_long = b"", True
            if last and reader.damage:
                rejects.append(Reject(str(path), line, "file_truncated", reader.damage))
            yield msgspec.structs.replace(batch, rejects=batch.rejects + rejects, bytes_read=reader.position)


#: Which bytes are blanks, as `bytes.strip` has it.
_BLANK = np.isin(np.arange(256), np.frombuffer(b" \t\n\r\v\f", dtype=np.uint8))
_LONG = f"the line is longer than {LONGEST_LINE:,} bytes"


def _text(data: bytes) -> str:
    return _decoded(data.rstrip(b"\r\n"))


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


class _Lines:
    """A block of whole lines, the first of which is line `first` of the file."""

    def __init__(self, block: bytes, first: int, file: str, dialect: Dialect) -> None:
        self.block, self.first, self.file, self.dialect = block, first, file, dialect
        self.bytes = np.frombuffer(block, dtype=np.uint8)
        self.ends: npt.NDArray[np.int64] = np.flatnonzero(self.bytes == 10)
        self.starts = np.concatenate([np.zeros(1, np.int64), self.ends[:-1] + 1])[: len(self.ends)]

    def raw(self, row: int) -> str:
        at = row - self.first
        return _text(self.block[self.starts[at] : self.ends[at]])

    def batch(self, table: pa.Table, rejects: list[Reject], notes: dict[str, int]) -> TextBatch:
        return TextBatch(table, rejects, 0, notes, self.raw)

    def fast(self, names: Sequence[str], wanted: Sequence[str] | None) -> TextBatch | None:
        """All lines through Arrow; None if anything in them needs care."""
        kept = [n for n in names if wanted is None or n in wanted]
        if not len(self.ends) or not kept:
            return None if len(self.ends) else self.batch(_table({n: [] for n in kept}, []), [], {})
        lengths = self.ends - self.starts
        if int(lengths.max()) > LONGEST_LINE or b"\0" in self.block or not _is_utf8(self.block):
            return None
        if self.block.count(b"\r") != self.block.count(b"\r\n"):
            return None  # to Arrow a stray carriage return ends a row
        if self.dialect.quoted and self.record(len(self.ends) - 1, 1).open:
            return None  # a quote that is open at the end of the block
        bad: list[pyarrow.csv.InvalidRow] = []

        def skip_row(row: pyarrow.csv.InvalidRow) -> str:
            bad.append(row)
            return "skip"

        try:
            table = pyarrow.csv.read_csv(
                io.BytesIO(self.block),
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False, block_size=len(self.block) + 1, column_names=list(names)
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    quote_char='"' if self.dialect.quoted else False,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip_row,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=kept,
                    column_types={n: pa.string() for n in kept},
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if len(table) + len(bad) != len(self.ends):
            return None  # a quote has swallowed lines
        blank = _BLANK[self.bytes[self.starts]]
        for at in np.flatnonzero(blank):
            blank[at] = not self.block[self.starts[at] : self.ends[at]].strip()
        good = np.ones(len(self.ends), dtype=bool)
        good[[row.number - 1 for row in bad]] = False
        rows = np.flatnonzero(good) + self.first
        table = table.append_column("source_row", pa.array(rows, pa.int64()))
        if (blank & good).any():
            table = table.filter(pa.array(~blank[good]))
        rejects = [
            self.ragged(row.number - 1, row.actual_columns, len(names))
            for row in bad
            if not blank[row.number - 1]
        ]
        return self.batch(table.combine_chunks(), rejects, {})

    def ragged(self, at: int, found: int, expected: int) -> Reject:
        row = self.first + at
        return Reject(self.file, row, "ragged_row", f"{found} fields where {expected} belong", self.raw(row))

    def careful(
        self, names: Sequence[str], wanted: Sequence[str] | None, last: bool
    ) -> tuple[TextBatch, bytes]:
        """Line by line. Also gives back the lines of a quoted record that the next block may complete."""
        kept = [i for i, n in enumerate(names) if wanted is None or n in wanted]
        values: dict[str, list[str]] = {names[i]: [] for i in kept}
        rows: list[int] = []
        rejects: list[Reject] = []
        not_utf8, at, left = 0, 0, b""
        while at < len(self.ends):
            line = self.block[self.starts[at] : self.ends[at]].removesuffix(b"\r")
            here, at = at, at + 1
            if not line.strip():
                continue
            if len(line) > LONGEST_LINE or b"\0" in line:
                reason, why = (
                    ("line_too_long", _LONG) if len(line) > LONGEST_LINE else ("nul_byte", "a NUL byte")
                )
                rejects.append(Reject(self.file, self.first + here, reason, why, _text(line[:4000])))
                continue
            one = self.record(here, 1)
            if one.open:
                whole = self.record(here, LONGEST_RECORD)
                if whole.open and not last and len(self.ends) - here < LONGEST_RECORD:
                    left = self.block[self.starts[here] :]
                    break
                if whole.open or len(whole.fields) != len(names) or self._swallows(here, whole, len(names)):
                    why = "a quote that never closes"
                    rejects.append(Reject(self.file, self.first + here, "open_quote", why, _text(line)))
                    continue
                one, at = whole, here + whole.lines
                line = self.block[self.starts[here] : self.ends[at - 1]]
            elif len(one.fields) != len(names):
                rejects.append(self.ragged(here, len(one.fields), len(names)))
                continue
            not_utf8 += not _is_utf8(line)
            rows.append(self.first + here)
            for i in kept:
                values[names[i]].append(one.fields[i])
        return self.batch(_table(values, rows), rejects, {"not_utf8": not_utf8} if not_utf8 else {}), left

    def record(self, at: int, most: int) -> _Record:
        """The record that begins on line `at`, of at most so many lines.

        Beyond one line a closing quote must end its field: without that, the quote which opens a later row's
        value would pass for the one that closes this row's.
        """
        line = self.block[self.starts[at] : self.ends[at]]
        if not self.dialect.quoted or b'"' not in line:
            return _Record(_text(line).split(self.dialect.delimiter))
        used, ran_out = 0, False

        def lines() -> Iterator[str]:
            nonlocal used, ran_out
            for end in range(at, min(at + most, len(self.ends))):
                line = self.block[self.starts[end] : self.ends[end] + 1]
                if end > at and (len(line) > LONGEST_LINE or b"\0" in line):
                    break
                used += 1
                yield _decoded(line)
            ran_out = True  # the reader asks for a line only while a quote is open

        try:
            fields = next(csv.reader(lines(), delimiter=self.dialect.delimiter, strict=most > 1), [])
        except csv.Error:  # more after a closing quote; in a single line, a stray carriage return
            return _Record(_text(line).split(self.dialect.delimiter), open=most > 1)
        if ran_out:  # the line's end, which the open quote took in
            fields[-1] = fields[-1].rstrip("\r\n")
        return _Record(fields, used, ran_out)

    def _swallows(self, at: int, whole: _Record, width: int) -> bool:
        """Whether a record of several lines is rather one with a quote too many and rows of their own: its
        first line and a later one have the right number of fields by themselves. With less than three
        columns that says nothing."""
        return (
            width > 2
            and self._width(at) == width
            and any(self._width(line) == width for line in range(at + 1, at + whole.lines))
        )

    def _width(self, at: int) -> int:
        """The fields of one line, where a quote that it leaves open is a character like others."""
        one = self.record(at, 1)
        return len(one.fields) + (one.fields[-1].count(self.dialect.delimiter) if one.open else 0)


class _Record(msgspec.Struct, frozen=True):
    """fields, on how many lines, and whether a quote is left open at their end."""

    fields: list[str]
    lines: int = 1
    open: bool = False


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _table(values: dict[str, list[str]], rows: list[int]) -> pa.Table:
    arrays = {name: pa.array(column, pa.string()) for name, column in values.items()}
    return pa.table({**arrays, "source_row": pa.array(rows, pa.int64())})
