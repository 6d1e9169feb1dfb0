"""A mapping file: which column of a source becomes which column of the call record, and how to read it.

    [file]                       # all optional
    timezone = "Europe/London"   # for times that name no zone
    region = "GB"                # how national numbers are read
    [columns]
    called = "dst"               # short for called.column = "dst"
    start_time = { column = "calldate", format = "%d/%m/%Y %H:%M:%S" }
    end_time = { column = "seconds", after = "start_time" }
    status = { column = "disposition", values = { ANSWERED = 200, BUSY = 486 } }

docs/reference/mapping.md describes every key. Built-in formats are mappings too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.errors import ConfigError
from ringfence.ingest import convert
from ringfence.ingest.dialect import DELIMITERS, first_by_lower
from ringfence.ingest.symptoms import masked
from ringfence.model.record import CALL_RECORD, NUMBER_COLUMNS, TIME_COLUMNS


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one column of the record is made.

    column: the source column, or several of which the first that is not blank counts. date, time: instead of
    it, the columns of the two parts of a time. constant: a value for every row. values: source value to
    record value; others are read as they are. pattern: a regular expression whose first group is the value.
    format, unit, timezone: how a time is written. after, before: the source column is a duration from or up
    to that other time. region: how its national numbers are read.
    optional: files that lack the source column are read without it.
    """

    column: str | list[str] | None = None
    date: str | None = None
    time: str | None = None
    constant: str | int | bool | None = None
    values: dict[str, str | int | bool] = {}
    pattern: str | None = None
    format: str | None = None
    unit: str | None = None
    timezone: str | None = None
    after: str | None = None
    before: str | None = None
    region: str | None = None
    optional: bool = False

    @property
    def sources(self) -> list[str]:
        if isinstance(self.column, list):
            return self.column
        return [name for name in (self.column, self.date, self.time) if name is not None]

    def absent(self, present: Sequence[str]) -> list[str]:
        """The source columns that are not there, where it cannot do without them."""
        absent = [name for name in self.sources if name not in present]
        return absent if self.date is not None or len(absent) == len(self.sources) else []


class FileOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the source file is written; what is not given is found out."""

    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    columns: list[str] | None = None  # the names, in a file without header
    skip_lines: int = 0
    timezone: str | None = None
    region: str | None = None


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mapping file holds."""

    columns: dict[str, Column]
    file: FileOptions = FileOptions()


class Mapping(msgspec.Struct, frozen=True):
    """columns: by name of the record's column. origin: the file it was read from, for messages."""

    columns: dict[str, Column]
    file: FileOptions = FileOptions()
    origin: str = "the mapping"

    @property
    def sources(self) -> list[str]:
        """Every source column that is read."""
        return list(dict.fromkeys(name for column in self.columns.values() for name in column.sources))

    @property
    def zones(self) -> list[str]:
        """The zones that it says times are in."""
        own = [self.columns[name].timezone for name in TIME_COLUMNS if name in self.columns]
        return list(dict.fromkeys(zone for zone in (self.file.timezone, *own) if zone is not None))

    def region_of(self, column: str, region: str) -> str:
        """The region by which a record column's national numbers are read."""
        own = self.columns[column].region if column in self.columns else None
        return own or self.file.region or region


class Applied(msgspec.Struct, frozen=True):
    """rows: record columns and `source_row`. unreadable: rows left out, with their reason and detail."""

    rows: pa.Table
    unreadable: list[tuple[int, str, str]]
    notes: dict[str, int]


def identity(names: list[str]) -> Mapping:
    """The mapping of a table in the record's own columns; others in it are passed over."""
    known = first_by_lower(names)
    return Mapping({name: Column(known[name]) for name in CALL_RECORD.names if name in known})


def load(path: Path) -> Mapping:
    """Read a mapping file. Raises ConfigError naming file, key and fix."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"{path}: the mapping cannot be read ({error.strerror or error}); check its name and permissions"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}; correct it, or name a mapping") from error
    try:
        columns = document.get("columns")
        if isinstance(columns, dict):
            document["columns"] = {name: _column(name, value) for name, value in columns.items()}
        read = msgspec.convert(document, _Document)
        mapping = Mapping(read.columns, read.file, str(path))
        check(mapping)
    except (msgspec.ValidationError, ConfigError) as error:
        raise ConfigError(f"{path}: {str(error).replace(' - at `$.', ' - at `')}") from error
    return mapping


def _column(name: str, value: object) -> Column:
    """One entry of [columns]: a source column, a list of them, or a table. Raises ConfigError."""
    if not isinstance(value, str | list | dict):
        raise ConfigError(f"columns.{name}: {value!r} is no column name; write one in quotes")
    try:
        return msgspec.convert(value if isinstance(value, dict) else {"column": value}, Column)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"columns.{name}: {str(error).replace(' - at `$.', ' - at `')}; correct it"
        ) from error


def check(mapping: Mapping) -> None:
    """Raise ConfigError for a mapping that cannot work."""
    for name, column in mapping.columns.items():
        if name not in CALL_RECORD.names:
            raise ConfigError(
                f"columns.{name}: the call record has no such column; it has {', '.join(CALL_RECORD.names)}"
            )
        if (column.date is None) != (column.time is None):
            raise ConfigError(f"columns.{name}: date and time belong together: give both, or column")
        if sum(given is not None for given in (column.column, column.date, column.constant)) != 1:
            raise ConfigError(f"columns.{name}: give either column or constant, or date and time")
        if column.date is not None and (name not in TIME_COLUMNS or column.after or column.before):
            raise ConfigError(f"columns.{name}: only times have date and time, and then no after or before")
        if column.unit is not None and column.unit not in convert.UNITS:
            raise ConfigError(
                f"columns.{name}.unit: {column.unit!r} is not known; use {', '.join(convert.UNITS)}"
            )
        if column.timezone is not None:
            convert.check_zone(column.timezone)
        if column.pattern is not None:
            try:
                groups = re.compile(column.pattern).groups
            except re.error as error:
                raise ConfigError(f"columns.{name}.pattern: {error}; correct the expression") from error
            if groups != 1:
                raise ConfigError(f"columns.{name}.pattern: put one group (...) around the value")
        _check_anchor(mapping, name, column)
    if missing := [n for n in ("start_time", "called") if n not in mapping.columns]:
        raise ConfigError(f"columns: {' and '.join(missing)} must be mapped")
    options = mapping.file
    if options.timezone is not None:
        convert.check_zone(options.timezone)
    if options.delimiter is not None and options.delimiter not in DELIMITERS:
        raise ConfigError(f"file.delimiter: {options.delimiter!r} is not supported; use , ; | or a tab")
    if options.encoding not in (None, "utf-8", "utf-16-le", "utf-16-be"):
        raise ConfigError("file.encoding: use utf-8, utf-16-le or utf-16-be")
    if not options.header and not options.columns:
        raise ConfigError("file.columns: name the columns of a file without header")


def _check_anchor(mapping: Mapping, name: str, column: Column) -> None:
    anchor = column.after or column.before
    if anchor is None:
        return
    if name not in TIME_COLUMNS or (column.after and column.before):
        raise ConfigError(f"columns.{name}: only times have after or before, and one of them")
    seen = {name}
    while anchor is not None:
        if anchor in seen or anchor not in mapping.columns or anchor not in TIME_COLUMNS:
            raise ConfigError(
                f"columns.{name}: {anchor!r} is not another mapped time; map it, or name one that is"
            )
        seen.add(anchor)
        anchor = mapping.columns[anchor].after or mapping.columns[anchor].before


def apply(mapping: Mapping, table: pa.Table, zone: str | None = None) -> Applied:
    """Make record columns of a batch of source rows. Pure; cost is Arrow kernels per column.

    table: the source's columns of any type, and `source_row`. Optional columns with rubbish become null and
    are noted as <column>_unreadable; a row whose start_time is rubbish is unreadable. zone: see LocalTimes.
    """
    table = table.combine_chunks()
    made: dict[str, pa.Array] = {}
    notes: dict[str, int] = {}
    # the start first: an answer or end of the same date column is set against it before others build on that
    waiting = {"start_time": mapping.columns["start_time"]} | mapping.columns
    while waiting:
        for name, column in list(waiting.items()):
            anchor = column.after or column.before
            if anchor is None or anchor in made:
                found = _convert(name, column, _source(column, table), mapping, zone, made.get(anchor or ""))
                made[name] = _next_day(mapping, name, found.values, made.get("start_time"))
                if found.unread and name != "start_time":
                    notes[f"{name}_unreadable"] = found.unread
                for note, count in (
                    ("time_without_zone", found.without_zone),
                    ("time_in_skipped_hour", found.skipped),
                ):
                    if count:
                        notes[note] = notes.get(note, 0) + count
                del waiting[name]
    if "verstat" in made:
        made.update(_split_verstat(made["verstat"], made.get("attestation")))
    rows = pa.table({name: made[name] for name in CALL_RECORD.names if name in made})
    rows = rows.append_column("source_row", table.column("source_row"))
    if not made["start_time"].null_count:
        return Applied(rows, [], notes)
    # of the rows without a start, those that had something written there
    at = np.flatnonzero(pc.is_null(made["start_time"]).to_numpy(zero_copy_only=False))
    missing = pa.array(at)
    written = convert.text(_source(mapping.columns["start_time"], table.take(missing))).to_pylist()
    numbers = rows.column("source_row").take(missing).to_pylist()
    unreadable = [
        (number, "bad_start_time", f"{masked(value)!r} is not a time")
        for number, value in zip(numbers, written, strict=True)
        if value not in (None, "0")
    ]
    bad = pa.array([number for number, _, _ in unreadable], pa.int64())
    return Applied(rows.filter(pc.invert(pc.is_in(rows.column("source_row"), bad))), unreadable, notes)


def _source(column: Column, table: pa.Table) -> pa.Array:
    """The source values of one record column."""
    if column.constant is not None:
        return pa.array([column.constant]).take(pa.array(np.zeros(len(table), np.int64)))
    present = [name for name in column.sources if name in table.column_names]
    if not present or column.absent(table.column_names):
        return pa.nulls(len(table), pa.string())
    if column.date is not None:
        day, clock = (convert.text(_whole(table.column(name))) for name in present)
        day = pc.replace_substring_regex(day, _MIDNIGHT, "")
        return _rewritten(column, pc.binary_join_element_wise(day, clock, " "))
    arrays = [_rewritten(column, _whole(table.column(name))) for name in present]
    return arrays[0] if len(arrays) == 1 else pc.coalesce(*(convert.text(array) for array in arrays))


#: What spreadsheets and databases add to a date.
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
_DAY = 86_400_000_000


def _next_day(mapping: Mapping, name: str, times: pa.Array, start: pa.Array | None) -> pa.Array:
    """Answers and ends that share the start's date column: midnight lay between where they are more than half
    a day before it. What is before it by less is rounded, or wrong, which the checks tell."""
    date = mapping.columns["start_time"].date
    if name == "start_time" or start is None or date is None or mapping.columns[name].date != date:
        return times
    micros = times.cast(pa.int64())
    before = pc.less(micros, pc.subtract(start.cast(pa.int64()), _DAY // 2))
    # a start that is blank moves nothing
    return pc.if_else(pc.fill_null(before, False), pc.add(micros, _DAY), micros).cast(convert.TIME)


def _rewritten(column: Column, values: pa.Array) -> pa.Array:
    """Source values after the column's pattern and value map."""
    if column.pattern is not None:
        expression = re.compile(column.pattern)

        def group(value: str) -> str | None:
            found = expression.search(value)
            return found.group(1) if found else None

        values = convert.by_distinct(convert.text(values), group, pa.string()).values
    if column.values:
        known = {source.lower(): str(value) for source, value in column.values.items()}
        values = convert.by_distinct(
            convert.text(values), lambda v: known.get(v.lower(), v), pa.string()
        ).values
    return values


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


_ATTESTATIONS = {"a": "A", "b": "B", "c": "C"}
_INGRESS = {word: word for word in ("international", "national", "customer")}


def _convert(
    name: str, column: Column, values: pa.Array, mapping: Mapping, zone: str | None, anchor: pa.Array | None
) -> convert.Converted:
    """Source values as the record column `name`."""
    if anchor is not None:
        spans = convert.durations(values, column.unit)
        if name == "answer_time":  # no talk time: never answered
            spans = msgspec.structs.replace(
                spans, values=pc.if_else(pc.equal(spans.values, 0), None, spans.values)
            )
        combine = pc.add if column.after else pc.subtract
        micros = combine(anchor.cast(pa.int64()), spans.values)
        return convert.Converted(micros.cast(convert.TIME), spans.unread)
    if name in TIME_COLUMNS:
        place = column.timezone or mapping.file.timezone or zone
        found = convert.times(values, zone=place or "UTC", form=column.format, unit=column.unit)
        # a zone that was given is no news
        return found if place is None else msgspec.structs.replace(found, without_zone=0)
    if name == "status":
        return convert.statuses(values)
    if name == "roaming":
        return convert.truths(values)
    if name == "source_ip":
        return convert.addresses(values, column.format)
    if name == "fingerprint_parts":
        return convert.word_lists(values)
    if name == "attestation":
        return convert.words(values, _ATTESTATIONS)
    if name == "ingress":
        return convert.words(values, _INGRESS)
    if name in NUMBER_COLUMNS and pa.types.is_floating(values.type):
        return convert.Converted(convert.text(values))
    found = convert.text(values)
    if name == "imei_tac":  # the type, never the device: a full IMEI is cut to its first eight digits
        found = pc.utf8_slice_codeunits(found, 0, 8)
    return convert.Converted(found)


def _split_verstat(verstat: pa.Array, attestation: pa.Array | None) -> dict[str, pa.Array]:
    """TN-Validation-Passed-A is TN-Validation-Passed with attestation A."""
    letter = pc.struct_field(pc.extract_regex(verstat, r"^TN-Validation-Passed-(?P<level>[ABC])$"), [0])
    if letter.null_count == len(letter):
        return {"verstat": verstat}
    plain = pc.if_else(pc.is_valid(letter), "TN-Validation-Passed", verstat)
    return {
        "verstat": plain,
        "attestation": letter if attestation is None else pc.coalesce(attestation, letter),
    }
