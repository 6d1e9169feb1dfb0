"""Reads the directory a finished hunt wrote. It never writes there and never changes what it reads.

`Run.open(path)` checks the directory once; `rows`, `tally` and `batches` then answer from the Parquet files,
so a hunt with a million flagged calls pages as quickly as a small one.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression, SQLExpression

from ringfence.errors import InputError
from ringfence.model.findings import CAMPAIGNS, CONSIDERED, FLAGGED_CALLS, PLATFORMS, SOURCES, VICTIMS
from ringfence.model.record import REJECTED

#: One row of a findings file, keyed by the column names of `ringfence.model.findings`.
Row = dict[str, Any]

SCHEMAS: dict[str, pa.Schema] = {
    "platforms": PLATFORMS,
    "campaigns": CAMPAIGNS,
    "victims": VICTIMS,
    "flagged_calls": FLAGGED_CALLS,
    "sources": SOURCES,
    "considered": CONSIDERED,
    "rejected": REJECTED,
}

#: A hunt that lacks one of these did not finish. The others are read as empty when absent.
REQUIRED_FILES = ("platforms", "campaigns", "victims", "flagged_calls")

#: Columns computed from start_time (UTC) that `tally` can also group flagged calls by.
CALENDAR = {
    "day": "CAST(start_time AS DATE)",
    "weekday": "isodow(start_time)",  # 1 Monday to 7 Sunday
    "hour": "hour(start_time)",
}

#: What breaks a tie, so that pages neither repeat nor lose a row.
_KEYS = {
    "platforms": ("platform",),
    "campaigns": ("campaign",),
    "victims": ("called",),
    "flagged_calls": ("call_id",),
    "sources": ("trunk", "account", "carrier"),
    "considered": ("trunk", "account", "carrier", "fingerprint"),
    "rejected": ("file", "position"),
}


class Rows(msgspec.Struct, frozen=True):
    """counts of what was read. by_reason: rejected rows by their stable word."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    by_reason: dict[str, int] = {}


class Period(msgspec.Struct, frozen=True):
    """First and last call read, ISO 8601, or None when nothing was read."""

    first: str | None = None
    last: str | None = None


class Victims(msgspec.Struct, frozen=True):
    likely: int = 0
    possible: int = 0
    contacted: int = 0


class Counts(msgspec.Struct, frozen=True):
    flagged_calls: int = 0
    campaigns: int = 0
    platforms: int = 0
    victims: Victims = Victims()


class SignalReport(msgspec.Struct, frozen=True):
    """What one signal did. status: spoke, silent or stood_aside. words: what it says, plainly."""

    name: str
    words: str = ""
    status: str = "silent"
    why: str = ""
    calls: int = 0


class Unreadable(msgspec.Struct, frozen=True):
    """An input file that cannot be read; error: what is wrong and what to do, in one line."""

    file: str
    error: str


class Summary(msgspec.Struct, frozen=True):
    """summary.json. Fields that a hunt does not write take their empty value; unknown fields are ignored.

    simulated: the records come from `ringfence simulate`. tiers: the rule of each victim tier in plain words.
    """

    version: str = ""
    settings_digest: str = ""
    region: str = ""
    engine: str = ""
    inputs: list[str] = []
    rows: Rows = Rows()
    unreadable: list[Unreadable] = []
    notes: dict[str, Any] = {}
    period: Period = Period()
    counts: Counts = Counts()
    signals: list[SignalReport] = []
    seconds: dict[str, float] = {}
    limits: list[str] = []
    calibration: str = ""
    simulated: bool = False
    tiers: dict[str, str] = {}


class Page(msgspec.Struct, frozen=True):
    """Some rows of a table, and how many there are in all."""

    rows: list[Row]
    total: int


class Run:
    """A finished hunt on disk. Safe to share between threads: every query has its own cursor."""

    def __init__(self, path: Path, summary: Summary, columns: Mapping[str, frozenset[str]]) -> None:
        self.path = path
        self.summary = summary
        self._columns = columns
        # in memory, bounded: the page looks at a hunt on the machine that may be running the next one
        self._engine = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
        self._engine.execute("SET GLOBAL TimeZone = 'UTC'")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the directory `path`. Raises InputError when it holds no finished, readable hunt."""
        if not path.is_dir():
            raise InputError(f"{path} is not a directory; give the DIR that `ringfence hunt --out DIR` wrote")
        summary = path / "summary.json"
        try:
            read = msgspec.json.decode(summary.read_bytes(), type=Summary)
        except FileNotFoundError:
            raise InputError(
                f"{path} holds no finished hunt (no summary.json); run `ringfence hunt … --out {path}` first"
            ) from None
        except (OSError, msgspec.DecodeError) as error:
            raise InputError(f"{summary} cannot be read ({_one_line(error)}); run the hunt again") from None
        columns = {name: _columns_of(path / f"{name}.parquet", name) for name in SCHEMAS}
        return cls(path, read, columns)

    def close(self) -> None:
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def file(self, table: str) -> Path:
        """Where a table's Parquet file is, whether or not it exists."""
        return self.path / f"{table}.parquet"

    def rows(
        self,
        table: str,
        *,
        where: Mapping[str, object] | None = None,
        order: str = "",
        limit: int | None = None,
        offset: int = 0,
    ) -> Page:
        """Rows of `table` in the columns of its schema (a column the file lacks is null).

        where: column to value; on a list column, the list contains the value; None matches null.
        order: a column, with `-` in front for descending; nulls last; ties by the table's key.
        """
        selected = self._relation(table, where or {})
        total = _count(selected)
        ordered = selected.sort(*self._order(table, order))
        if limit is not None:
            ordered = ordered.limit(limit, offset)
        return Page(_to_rows(ordered), total)

    def one(self, table: str, key: str) -> Row | None:
        """The row whose first key column is `key`, or None."""
        found = self.rows(table, where={_KEYS[table][0]: key}, limit=1).rows
        return found[0] if found else None

    def tally(
        self, by: Sequence[str], *, where: Mapping[str, object] | None = None, limit: int | None = None
    ) -> list[Row]:
        """Flagged calls counted by columns (also those of CALENDAR), most calls first.

        Each row holds the columns of `by` and: calls, answered, called_numbers (distinct), talk_seconds.
        """
        known = set(FLAGGED_CALLS.names)
        names = [column for column in by if column in known or column in CALENDAR]
        groups = [
            SQLExpression(CALENDAR[name]).alias(name) if name in CALENDAR else ColumnExpression(name)
            for name in names
        ]
        measures = [ColumnExpression(column) for column in ("called", "talk_seconds") if column not in names]
        narrow = self._relation("flagged_calls", where or {}).select(*groups, *measures)
        counted = narrow.aggregate(
            [
                *(ColumnExpression(name) for name in names),
                SQLExpression("count(*)").alias("calls"),
                SQLExpression("count(talk_seconds)").alias("answered"),
                SQLExpression("count(DISTINCT called)").alias("called_numbers"),
                SQLExpression("coalesce(sum(talk_seconds), 0)").alias("talk_seconds"),
            ],
            ", ".join(names),
        )
        ties = [ColumnExpression(name).asc().nulls_last() for name in names]
        ordered = counted.sort(ColumnExpression("calls").desc(), *ties)
        return _to_rows(ordered if limit is None else ordered.limit(limit))

    def tiers(self, **where: object) -> dict[str, int]:
        """How many called numbers are in each tier, for example `tiers(platform="P-1")`."""
        relation = self._relation("victims", where)
        counted = relation.aggregate([ColumnExpression("tier"), SQLExpression("count(*)").alias("n")], "tier")
        return {str(tier): int(n) for tier, n in counted.fetchall()}

    def talk_bands(self, edges: Sequence[float], **where: object) -> list[int]:
        """Answered flagged calls by length: below edges[0], up to edges[1], …, and the last edge or more."""
        talk = ColumnExpression("talk_seconds")
        relation = self._relation("flagged_calls", where).filter(talk.isnotnull())
        reached = [_count(relation.filter(talk >= ConstantExpression(edge))) for edge in edges]
        at_least = [_count(relation), *reached, 0]
        return [a - b for a, b in pairwise(at_least)]

    def batches(
        self, table: str, where: Mapping[str, object] | None = None, size: int = 20_000, order: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """All rows of `table`, streamed for a download; where, order: as in `rows`."""
        ordered = self._relation(table, where or {}).sort(*self._order(table, order))
        yield from ordered.to_arrow_reader(size)

    def _relation(self, table: str, where: Mapping[str, object]) -> duckdb.DuckDBPyRelation:
        schema = SCHEMAS[table]
        present = self._columns[table]
        cursor = self._engine.cursor()
        if present:
            source = cursor.read_parquet(glob.escape(str(self.file(table))))
        else:
            empty = schema.empty_table()
            source = cursor.from_arrow(empty)
            present = frozenset(schema.names)
        columns: list[Expression] = []
        for field in schema:
            if field.name in present:
                columns.append(ColumnExpression(field.name))
            else:
                kind = "VARCHAR[]" if pa.types.is_list(field.type) else "VARCHAR"
                columns.append(ConstantExpression(None).cast(kind).alias(field.name))
        relation = source.select(*columns)
        for name, value in where.items():
            relation = relation.filter(_matches(schema.field(name), value))
        return relation

    def _order(self, table: str, order: str) -> list[Expression]:
        name = order.lstrip("-")
        ties = [ColumnExpression(key).asc().nulls_last() for key in _KEYS[table] if key != name]
        if name not in SCHEMAS[table].names:
            return ties
        column = ColumnExpression(name)
        return [(column.desc() if order.startswith("-") else column.asc()).nulls_last(), *ties]


def _matches(field: pa.Field, value: object) -> Expression:
    column = ColumnExpression(field.name)
    if value is None:
        return column.isnull()
    constant = ConstantExpression(value)
    if pa.types.is_list(field.type):
        return FunctionExpression("list_contains", column, constant)
    return column == constant


def _count(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.aggregate("count(*)").fetchall()[0][0])


def _to_rows(relation: duckdb.DuckDBPyRelation) -> list[Row]:
    rows: list[Row] = relation.to_arrow_table().to_pylist()
    return rows


def _columns_of(file: Path, name: str) -> frozenset[str]:
    """Columns of a findings file that have the expected name; empty when an optional file is absent."""
    if not file.exists():
        if name in REQUIRED_FILES:
            raise InputError(f"{file.parent} holds no finished hunt (no {file.name}); run the hunt again")
        return frozenset()
    try:
        found = pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{file} is not a readable Parquet file ({_one_line(error)}); run the hunt again"
        ) from None
    return frozenset(found.names) & frozenset(SCHEMAS[name].names)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
