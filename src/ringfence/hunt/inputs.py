"""From files to the context: records, register, declared calls and reports."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError
from ringfence.hunt.context import Context, build_context
from ringfence.hunt.records import Records, code_records, text_to_code
from ringfence.hunt.suspects import Limits
from ringfence.model.engine import Engine
from ringfence.model.record import NUMBER_COLUMNS, REQUIRED_COLUMNS, TIME_COLUMNS
from ringfence.numbers.normalise import normalise, normalise_column
from ringfence.numbers.register import REGISTER, load_register


def country_code(region: str) -> str:
    """The digits behind + of a region's numbers."""
    return str(phonenumbers.country_code_for_region(region))


def readable_as_they_are(inputs: Sequence[Path]) -> list[Path] | None:
    """The Parquet files below the inputs if all are call records in our own columns, which an engine reads
    directly; None where anything has to go through ingest first."""
    files: list[Path] = []
    for path in inputs:
        files += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    if not files:
        return None
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (OSError, pa.ArrowException):
            return None
        for column in REQUIRED_COLUMNS:
            if column not in schema.names:
                return None
        times = [schema.field(c).type for c in TIME_COLUMNS if c in schema.names]
        texts = [schema.field(c).type for c in (*NUMBER_COLUMNS, "call_id") if c in schema.names]
        if not all(pa.types.is_timestamp(t) for t in times):
            return None
        if not all(
            pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_dictionary(t) for t in texts
        ):
            return None
    return files


def load_records(engine: Engine, files: Sequence[Path], region: str) -> Records:
    """Code canonical Parquet files."""
    raw = engine.read_records(files)
    return code_records(
        engine, raw, lambda values: normalise_column(values, region), lambda column: column.startswith("t1:")
    )


def load_register_table(path: Path | None, region: str) -> pa.Table:
    """The register as a table; empty without a file."""
    return REGISTER.empty_table() if path is None else load_register(path, region).table()


def load_told(path: Path | None, region: str) -> pa.Table | None:
    """Declared calls or reports (CSV: number, called, time) as number, called (codes) and t (µs).

    `called` may be empty. A row whose number or time cannot be read is left out.
    """
    if path is None:
        return None
    numbers: list[int] = []
    people: list[int | None] = []
    times: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                number = normalise(row.get("number") or "", region).number
                person = normalise(row.get("called") or "", region).number
                try:
                    time = dt.datetime.fromisoformat(row.get("time") or "")
                except ValueError:
                    continue
                if number is None:
                    continue
                time = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
                numbers.append(text_to_code(number))
                people.append(None if person is None else text_to_code(person))
                times.append(round(time.timestamp() * 1e6))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return pa.table(
        {
            "number": pa.array(numbers, pa.int64()),
            "called": pa.array(people, pa.int64()),
            "t": pa.array(times, pa.int64()),
        }
    )


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
    """Read canonical Parquet files and what goes with them, and choose the suspects."""
    return build_context(
        engine,
        load_records(engine, readable_as_they_are(inputs) or list(inputs), region),
        load_register_table(numbers, region),
        country_code(region),
        declared=load_told(declared, region),
        reports=load_told(reports, region),
        limits=limits,
    )
