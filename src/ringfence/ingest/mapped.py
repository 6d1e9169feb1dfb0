"""Tables (delimited text or Parquet) read through a mapping: the ground under most formats."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.ingest import convert, delimited
from ringfence.ingest.dialect import Dialect, header_of, repeats, sniff
from ringfence.ingest.format import Batch, Format, Reject
from ringfence.ingest.mapping import Applied, Mapping, apply
from ringfence.ingest.source import Reader, head
from ringfence.ingest.symptoms import masked

ROWS = 1 << 17
PARQUET = b"PAR1"
MAPPED = "mapped"
#: Columns of the record without which no row can be used.
NEEDED = ("start_time", "called")


class MappedTable(msgspec.Struct, frozen=True):
    """Any delimited text or Parquet file, read through the operator's mapping."""

    mapping: Mapping
    zone: str | None = None
    name: str = MAPPED

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether the file is a table that has the columns which the mapping cannot do without."""
        if head.startswith(PARQUET):
            return _has_needed(self.mapping, open_parquet(path).schema_arrow.names)
        options, dialect = self.mapping.file, sniff(head)
        if dialect is None:
            return False
        return _has_needed(
            self.mapping, options.columns or header_of(head, self._dialect(dialect), options.skip_lines)
        )

    def _dialect(self, found: Dialect) -> Dialect:
        options = self.mapping.file
        return msgspec.structs.replace(
            found,
            delimiter=options.delimiter or found.delimiter,
            encoding=options.encoding or found.encoding,
        )

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        if beginning.startswith(PARQUET):
            return parquet_batches(path, self.mapping, self.zone)
        options = self.mapping.file
        dialect = self._dialect(sniff(beginning) or Dialect())
        names = options.columns or header_of(beginning, dialect, options.skip_lines)
        _check_sources(path, self.mapping, names)
        skip = options.skip_lines + options.header
        return text_batches(path, dialect, self.mapping, names, zone=self.zone, skip=skip, caseless=False)


def _has_needed(mapping: Mapping, present: Sequence[str]) -> bool:
    """Whether a table has the source columns of what a row needs."""
    return not any(mapping.columns[name].absent(present) for name in NEEDED)


def check_needed(path: Path, mapping: Mapping, name: str) -> None:
    """Raise InputError where a built-in mapping found no column for what a row needs: a format that was
    insisted on, of a file that is none."""
    if missing := [needed for needed in NEEDED if needed not in mapping.columns]:
        raise InputError(
            f"{path}: not {name}: no column for {' or '.join(missing)};"
            " leave --format out to have it recognised"
        )


def _check_sources(path: Path, mapping: Mapping, present: Sequence[str]) -> None:
    """Raise InputError where the table lacks a column that the mapping names: misspelt there, as a rule. Of a
    list of columns one must be there; `optional` ones need not."""
    wrong = {
        name: absent
        for name, column in mapping.columns.items()
        if (absent := column.absent(present)) and not (column.optional and name not in NEEDED)
    }
    if not wrong:
        return
    keys = ", ".join(f"{_listed(sources)} (columns.{name})" for name, sources in wrong.items())
    near = _nearest([source for sources in wrong.values() for source in sources], present)
    like = (
        f"the nearest that it has: {_listed(near)}"
        if near
        else f"it has {', '.join(map(_shown, present))[:300]}"
    )
    raise InputError(
        f"{path}: no column {keys}, which {mapping.origin} names; {like};"
        " correct the mapping, or add optional = true where only some files have it"
    )


def _listed(names: Sequence[str]) -> str:
    return " or ".join(repr(_shown(name)) for name in names)


def _shown(name: str) -> str:
    """A column's name for a message: without a header it is a value, which may be a person's number."""
    return masked(name) if len(re.findall(r"\d", name)) > 5 else name


def _nearest(wanted: Sequence[str], present: Sequence[str]) -> list[str]:
    """The present names that look like a wanted one, best first."""
    known = {name.lower(): name for name in present}
    found = (difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.5) for name in wanted)
    return list(dict.fromkeys(known[name] for names in found for name in names))


def text_batches(
    path: Path,
    dialect: Dialect,
    mapping: Mapping,
    names: Sequence[str],
    *,
    zone: str | None,
    skip: int = 0,
    caseless: bool = True,
    finish: Callable[[pa.Table], pa.Table] = lambda rows: rows,
) -> Iterator[Batch]:
    """Delimited text as batches of the record's columns. Arguments as `delimited.read`.

    caseless: whether the mapping was made without regard to the case of names. finish: what a format does to
    its record columns beyond what its mapping can say. Raises InputError where the mapping lacks what a row
    needs.
    """
    check_needed(path, mapping, "such a table")
    remarks = header_remarks(path, dialect, names, skip, mapping.sources, caseless)
    for part in delimited.read(path, dialect, names, skip=skip, wanted=mapping.sources):
        applied = apply(mapping, part.table, zone)
        rejects = part.rejects + [
            Reject(str(path), row, reason, detail, part.raw(row))
            for row, reason, detail in applied.unreadable
        ]
        notes = part.notes | applied.notes
        yield Batch(finish(applied.rows), rejects, part.bytes_read, notes, part.raw, remarks)
        remarks = []


def header_remarks(
    path: Path, dialect: Dialect, names: Sequence[str], skip: int, used: Sequence[str], caseless: bool = True
) -> list[str]:
    """A line where the header names columns that are read more than once. Arguments as `repeats`."""
    found = repeats(head(path), dialect, names, skip, used, caseless)
    if not found:
        return []
    told = [f"{_shown(name)!r} (columns {', '.join(map(str, places))})" for name, places in found.items()]
    second = names[next(iter(found.values()))[1] - 1]
    return [
        f"the header names {', '.join(told)} more than once: the first of them is read; if another is meant,"
        f" rename the first, or say in a mapping which, as in {_shown(second)!r}"
    ]


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file; InputError where it is no Parquet inside, or cut short: what tells its columns and
    rows apart is at its end, so that none of it can be read."""
    with Reader(path) as reader:
        if reader.compressed:
            raise InputError(f"{path}: a compressed Parquet file; decompress it first")
    try:
        return pq.ParquetFile(path, memory_map=False)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: no Parquet, or cut short, which leaves nothing to read ({_line(error)}); copy it again"
        ) from error


def parquet_batches(path: Path, mapping: Mapping, zone: str | None) -> Iterator[Batch]:
    """A Parquet file as batches of the record's columns; `source_row` counts rows from 1.

    Damage costs the rest of its row group: one reject that says how many rows; the groups after it are read.
    """
    file = open_parquet(path)
    wanted = [name for name in mapping.sources if name in file.schema_arrow.names]
    _check_sources(path, mapping, file.schema_arrow.names)
    size, total = path.stat().st_size, max(file.metadata.num_rows, 1)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    waiting = _read_together(sizes)
    done = 0
    while waiting:
        groups = waiting.pop(0)
        end = done + sum(sizes[group] for group in groups)
        batches = file.iter_batches(batch_size=ROWS, row_groups=groups, columns=wanted, use_threads=False)
        while done < end:
            try:
                batch = next(batches)
            except (pa.ArrowException, OSError, StopIteration) as error:
                if len(groups) > 1:  # one batch, of which nothing was given yet
                    waiting[:0] = [[group] for group in groups]
                    break
                lost = f"broken Parquet: {end - done:,} rows from here on are lost: {_line(error)}"
                damage = Reject(str(path), done + 1, "file_truncated", lost)
                yield Batch(pa.table({"source_row": pa.array([], pa.int64())}), [damage], size * end // total)
                done = end
                break
            numbers = pa.array(np.arange(done + 1, done + 1 + len(batch)), pa.int64())
            done += len(batch)
            table = pa.Table.from_batches([batch]).append_column("source_row", numbers)
            applied: Applied = apply(mapping, table, zone)
            raw = _written(table, [row for row, _, _ in applied.unreadable])
            rejects = [
                Reject(str(path), row, why, detail, written)
                for (row, why, detail), written in zip(applied.unreadable, raw, strict=True)
            ]
            yield Batch(applied.rows, rejects, size * done // total, applied.notes)


def _written(table: pa.Table, numbers: Sequence[int]) -> list[str]:
    """Source rows by their `source_row` as JSON, without what is null."""
    if not numbers:
        return []
    rows = table.filter(pc.is_in(table["source_row"], pa.array(numbers))).drop_columns(["source_row"])
    names = rows.column_names
    columns = [convert.text(rows[name].combine_chunks()).to_pylist() for name in names]
    return [
        msgspec.json.encode({n: v for n, v in zip(names, row, strict=True) if v is not None}).decode()
        for row in zip(*columns, strict=True)
    ]


def is_damaged(path: Path) -> bool:
    """Whether some column of a Parquet file cannot be read to its end. Reads all of it."""
    try:
        for _ in pq.ParquetFile(path, memory_map=False).iter_batches(batch_size=ROWS):
            pass
    except (pa.ArrowException, OSError):
        return True
    return False


def _read_together(sizes: Sequence[int]) -> list[list[int]]:
    """Row groups by number, small neighbours together as far as they make one batch."""
    together: list[list[int]] = []
    rows = ROWS
    for group, size in enumerate(sizes):
        if rows + size > ROWS:
            together.append([])
            rows = 0
        together[-1].append(group)
        rows += size
    return together


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
