"""From files to the context: records, register, declared calls and reports."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import ibis.expr.types as ir
import msgspec
import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.hunt.context import Context, build_context
from ringfence.hunt.records import Records, code_records, text_to_code
from ringfence.hunt.suspects import Limits
from ringfence.ingest.source import find
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD, REQUIRED_COLUMNS
from ringfence.numbers.csvrows import BadRow, header_of, read_rows, read_text
from ringfence.numbers.normalise import normalise_column, normalise_rows
from ringfence.numbers.register import Register, load_register
from ringfence.numbers.tokens import is_token, key_id_of


def country_code(region: str) -> str:
    """The digits behind + of a region's numbers."""
    return str(phonenumbers.country_code_for_region(region))


def split_inputs(inputs: Sequence[Path], zone: str = "UTC") -> tuple[list[Path], list[Path]]:
    """The files below the inputs: Parquet of call records in our own columns and types, which an engine reads
    directly, and those that have to go through ingest first.

    zone: of times that name none; an engine takes them as UTC. Reads footers only. Raises InputError for an
    input that does not exist or a folder without files."""
    plain: list[Path] = []
    others: list[Path] = []
    for source in find(inputs):
        (plain if _is_plain(source.path, zone) else others).append(source.path)
    return plain, others


def _is_plain(file: Path, zone: str) -> bool:
    if not file.is_file():  # to open a named pipe would wait for somebody who writes
        return False
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowException):
        return False
    found = {field.name: field.type for field in schema}
    return all(name in found for name in REQUIRED_COLUMNS) and all(
        _is_same(found[field.name], field.type, zone) for field in CALL_RECORD if field.name in found
    )


def _is_same(found: pa.DataType, wanted: pa.DataType, zone: str) -> bool:
    """Whether a column can be taken as the wanted type without a value failing or meaning another moment."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_timestamp(wanted):
        return bool(pa.types.is_timestamp(found)) and (found.tz is not None or zone == "UTC")
    if pa.types.is_string(wanted):
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
    return bool(found == wanted)


def load_records(engine: Engine, files: Sequence[Path], region: str) -> Records:
    """Code canonical Parquet files."""
    return code_raw(engine, engine.read_records(files), region)


def code_raw(engine: Engine, raw: ir.Table, region: str) -> Records:
    """Code what `Engine.read_records` read."""
    return code_records(
        engine, raw, lambda values: normalise_column(values, region), lambda column: column.startswith("t1:")
    )


def load_numbers(path: Path | None, region: str) -> Register:
    """The register of protected numbers; empty without a file."""
    return Register(()) if path is None else load_register(path, region)


class Told(msgspec.Struct, frozen=True):
    """What owners declared or people reported.

    table: number, called (int64 codes, called may be null), t (µs). read: rows of the file. rejected: reason
    -> rows that could not be used. zoneless: used rows whose time names no zone and was taken as UTC. hidden:
    rows with tokens, whose codes the records tell (`with_hidden`).
    """

    table: pa.Table
    read: int
    rejected: dict[str, int]
    zoneless: int
    hidden: list[_Hidden] = []


class _Hidden(msgspec.Struct, frozen=True):
    """number and called as text, at least one of them a token; t: µs."""

    number: str
    called: str | None
    t: int
    zoneless: bool


class _Form(msgspec.Struct, frozen=True):
    """How a file of calls told is laid out: columns (lower case), and the region of its numbers."""

    number: str
    called: str | None
    times: tuple[str, ...]  # the first that can be read counts
    region: str | None = None  # None: that of the hunt


_OWN_FORM = _Form("number", "called", ("time",))
#: Do Not Call complaints as the US Federal Trade Commission publishes them, a file a day.
_FTC_FORM = _Form("company_phone_number", None, ("violation_date", "created_date"), "US")


def load_told(path: Path, region: str) -> Told:
    """Declared calls or reports: CSV with number, called and time, or the FTC's Do Not Call complaints.

    `called` may be empty. A row whose number or time cannot be read is counted by reason. Raises InputError
    where the file cannot be read or has neither form.
    """
    text = read_text(path)
    header, _separator = header_of(text)
    form = next((f for f in (_OWN_FORM, _FTC_FORM) if {f.number, f.times[0]} <= set(header)), None)
    if form is None:
        raise InputError(
            f"{path}: neither columns number and time nor the FTC's Company_Phone_Number and "
            "Violation_Date; name its columns number, called and time (docs/how-to/reports.md)"
        )
    rejected: Counter[str] = Counter()
    rows: list[tuple[str, str | None, dt.datetime]] = []
    for row in read_rows(text):
        if isinstance(row, BadRow):
            rejected[row.reason] += 1
        elif time := next(filter(None, (_moment(row.values.get(c, "")) for c in form.times)), None):
            called = row.values.get(form.called) if form.called else None
            rows.append((row.values.get(form.number, ""), called or None, time))
        else:
            rejected["bad_time"] += 1
    where = form.region or region
    numbers = normalise_rows(pa.array([n for n, _c, _t in rows], pa.string()), where).to_pylist()
    people = normalise_rows(pa.array([c for _n, c, _t in rows], pa.string()), where)["number"].to_pylist()
    used: list[tuple[int, int | None, int]] = []
    hidden: list[_Hidden] = []
    zoneless = 0
    for read, person, (_n, _c, time) in zip(numbers, people, rows, strict=True):
        number = read["number"]
        if number is None:
            rejected[f"number_{read['reason']}"] += 1
            continue
        moment = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
        t = round(moment.timestamp() * 1e6)
        if is_token(number) or (person and is_token(person)):
            hidden.append(_Hidden(number, person, t, time.tzinfo is None))
        else:
            zoneless += time.tzinfo is None
            used.append((text_to_code(number), text_to_code(person) if person else None, t))
    total = len(used) + len(hidden) + rejected.total()
    return Told(_told_table(used), total, dict(rejected), zoneless, hidden)


def _told_table(rows: Sequence[tuple[int, int | None, int]]) -> pa.Table:
    columns = ("number", "called", "t")
    return pa.table({name: pa.array([row[i] for row in rows], pa.int64()) for i, name in enumerate(columns)})


def token_keys(engine: Engine, tokens: ir.Table) -> set[str]:
    """The ids of the keys under which the records' numbers were hidden. tokens: Records.tokens."""
    ids = engine.collect(tokens.select(key=tokens.raw.substr(len("t1:"), 8)).distinct())
    return set(ids["key"].to_pylist())


def with_hidden(engine: Engine, told: Told, tokens: ir.Table | None) -> Told:
    """The same with its rows of tokens, now that the records are read. tokens: Records.tokens.

    Rejects `number_token` where the records hide nothing, and `number_of_another_key`. A token that the
    records do not hold has a code that no call has.
    """
    if not told.hidden:
        return told
    keys = set() if tokens is None else token_keys(engine, tokens)
    texts = {text for row in told.hidden for text in (row.number, row.called) if text and is_token(text)}
    codes: dict[str, int] = {}
    if tokens is not None:
        wanted = engine.upload(pa.table({"wanted": sorted(texts)}), "told_tokens")
        found = engine.collect(tokens.join(wanted, tokens.raw == wanted.wanted).select("raw", "code"))
        codes = dict(zip(found["raw"].to_pylist(), found["code"].to_pylist(), strict=True))
        last = engine.collect(tokens.aggregate(last=tokens.code.max()))["last"][0].as_py()
        codes |= {text: last + 1 + i for i, text in enumerate(sorted(texts - set(codes)))}
    rejected = Counter(told.rejected)
    rows: list[tuple[int, int | None, int]] = []
    zoneless = told.zoneless
    for row in told.hidden:
        key = key_id_of(row.number)
        if key is not None and key not in keys:
            rejected["number_of_another_key" if keys else "number_token"] += 1
            continue
        called = row.called and (codes.get(row.called) if is_token(row.called) else text_to_code(row.called))
        rows.append((codes[row.number] if key else text_to_code(row.number), called or None, row.t))
        zoneless += row.zoneless
    table = pa.concat_tables([told.table, _told_table(rows)])
    return Told(table, told.read, dict(rejected), zoneless)


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def load_context(
    engine: Engine,
    inputs: Sequence[Path],
    *,
    region: str,
    numbers: Path | None = None,
    declared: Path | None = None,
    reports: Path | None = None,
    limits: Limits | None = None,
) -> Context:
    """Read Parquet files of call records and what goes with them, and choose the suspects.

    Raises InputError where a file holds anything else."""
    files, others = split_inputs(inputs)
    if others:
        raise InputError(f"{others[0]}: not Parquet in our own columns; run ringfence ingest on it first")
    records = load_records(engine, files, region)
    given = {"declared": declared, "reports": reports}
    told = {name: load_told(path, region) for name, path in given.items() if path}
    return build_context(
        engine,
        records,
        load_numbers(numbers, region).table(),
        country_code(region),
        **{name: with_hidden(engine, of, records.tokens).table for name, of in told.items()},
        limits=limits,
    )
