"""Reads what a hunt found and what was true, to be compared in `ringfence.hunt.evaluate`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ringfence.errors import InputError


class Findings(msgspec.Struct, frozen=True):
    """Tables of a hunt: `ringfence.model.findings.FLAGGED_CALLS` and `VICTIMS`."""

    flagged: pa.Table
    victims: pa.Table


class Truth(msgspec.Struct, frozen=True):
    """What a simulation, or people, know to be true.

    calls: the fraudulent calls: call_id, platform, customer; where the records were given, only those in them
    and also start_time, talk_seconds (null: not answered), called, trunk, account.
    absent: fraudulent calls that the records do not hold, such as those over trunks that nobody sees.
    losses: called, loss; None where unknown. kinds: call_id, kind of the flagged calls; None where unknown.
    calls_by_kind: of all the network. network_calls, first_start, last_start: None where unknown.
    """

    calls: pa.Table
    absent: int
    losses: pa.Table | None
    kinds: pa.Table | None
    calls_by_kind: dict[str, int]
    network_calls: int | None
    first_start: dt.datetime | None
    last_start: dt.datetime | None


def read_findings(run: Path) -> Findings:
    """The folder that `ringfence hunt --out` wrote. Raises InputError where it is none."""
    if not run.is_dir():
        raise InputError(f"{run}: no such folder; give the one that 'ringfence hunt --out' wrote")
    return Findings(
        flagged=_table(run / "flagged_calls.parquet", ("call_id", "score", "platform", "campaign")),
        victims=_table(run / "victims.parquet", ("called", "tier")),
    )


def read_truth(
    truth: Path, flagged: pa.Table, *, victims: Path | None, labels: Path | None, calls: Path | None
) -> Truth:
    """`truth` holds call_id, platform and customer. The other files may be None, and less is then known.

    Labels and records are streamed: of each only what belongs to a fraudulent or flagged call is kept.
    Raises InputError for a file that is missing, cut or without a column it needs.
    """
    known = _table(truth, ("call_id", "platform", "customer")).select(["call_id", "platform", "customer"])
    ids = flagged["call_id"].combine_chunks()
    kinds, by_kind, network = None, {}, None
    if labels is not None:
        labelled = _dataset(labels, ("call_id", "kind"))
        network = labelled.count_rows()
        counter: Counter[str] = Counter()
        for batch in labelled.to_batches(columns=["kind"]):
            for pair in batch.column(0).value_counts().to_pylist():
                counter[str(pair["values"])] += pair["counts"]
        by_kind = dict(sorted(counter.items()))
        kinds = _own_types(labelled.to_table(columns=["call_id", "kind"], filter=_of(ids)))
    absent, first, last = 0, None, None
    if calls is not None:
        records = _dataset(calls, ("call_id", "start_time", "called"))
        network = records.count_rows()
        first, last = _span(records)
        seen = _seen(records, known["call_id"].combine_chunks())
        absent = known.num_rows - seen.num_rows
        known = known.join(seen, "call_id", join_type="inner")
    losses = None if victims is None else _table(victims, ("called", "loss")).select(["called", "loss"])
    return Truth(known, absent, losses, kinds, by_kind, network, first, last)


def _seen(records: ds.Dataset, ids: pa.Array) -> pa.Table:
    """The records of these calls, with their talk in seconds."""
    names = ["call_id", "start_time", "called", "answer_time", "end_time", "trunk", "account"]
    present = [name for name in names if name in records.schema.names]
    found = _own_types(records.to_table(columns=present, filter=_of(ids)))
    for name in ("trunk", "account"):
        if name not in present:
            found = found.append_column(name, pa.nulls(found.num_rows, pa.string()))
    if {"answer_time", "end_time"} <= set(present):
        micros = pc.subtract(*(found[name].cast(pa.int64()) for name in ("end_time", "answer_time")))
        talk = pc.divide(micros.cast(pa.float64()), 1e6)
    else:
        talk = pa.nulls(found.num_rows, pa.float64())
    kept = found.select(["call_id", "start_time", "called", "trunk", "account"])
    return kept.append_column("talk_seconds", talk)


def _span(records: ds.Dataset) -> tuple[dt.datetime | None, dt.datetime | None]:
    low: dt.datetime | None = None
    high: dt.datetime | None = None
    for batch in records.to_batches(columns=["start_time"]):
        ends = pc.min_max(batch.column(0)).as_py()
        if ends["min"] is not None:
            low = ends["min"] if low is None else min(low, ends["min"])
            high = ends["max"] if high is None else max(high, ends["max"])
    return low, high


def _of(ids: pa.Array) -> ds.Expression:
    return ds.field("call_id").cast(pa.string()).isin(ids)


def _own_types(table: pa.Table) -> pa.Table:
    """The table with texts and times in our own types: other writers use wider, coded or finer ones."""
    for place, field in enumerate(table.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", tz="UTC")
        elif pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        if kind != field.type:
            table = table.set_column(place, field.name, table[field.name].cast(kind, safe=False))
    return table


def _table(file: Path, columns: tuple[str, ...]) -> pa.Table:
    table: pa.Table = _checked(file, columns, lambda: pq.read_table(file))
    return _own_types(table)


def _dataset(path: Path, columns: tuple[str, ...]) -> ds.Dataset:
    return _checked(path, columns, lambda: ds.dataset(path, format="parquet"))


def _checked(path: Path, columns: tuple[str, ...], opened: Callable[[], Any]) -> Any:
    try:
        table = opened()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path") from error
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable as Parquet ({str(error).splitlines()[0]})") from error
    if missing := [name for name in columns if name not in table.schema.names]:
        raise InputError(f"{path}: no column {', '.join(missing)}")
    return table
