"""From all records to the suspects: cheap aggregates over everything, then exact work on what stands out.

The steps, each one pass over the coded table or over something smaller:

 1. pairs       who presents which number from which source
 2. homes       where a number usually comes from
 3. protected   which of the presented numbers the register protects, at the time of the call
 4. quiet       numbers that many people ring and that hardly ever call: learned inbound-only numbers
 5. rings       calls to the protected owners and to the short codes for reporting fraud
 6. units       what each unit adds up to; those that stand out are suspect
 7. suspects    the suspect units' calls, calls that present a protected number away from its home, and the
                other calls to the people whom these reached
"""

from __future__ import annotations

import ibis.expr.types as ir
import msgspec
import pandas as pd
import pyarrow as pa
from ibis import _

from ringfence.hunt.identities import (
    Habit,
    calls_for_help,
    named_numbers,
    protected_numbers,
    quiet_numbers,
    settled_numbers,
    usual_homes,
    who_shows_what,
)
from ringfence.hunt.records import DAY, Records
from ringfence.hunt.suspects import (
    Ground,
    Limits,
    gather_suspects,
    one_way_devices,
    standing_out,
    sum_up_sources,
    switchboards,
    whole_units,
)
from ringfence.hunt.units import KINDS, SOURCE_UNITS, number_units
from ringfence.model.engine import Engine

#: Records that span fewer days show no habits.
FEW_DAYS = 10.0


class Context(msgspec.Struct, frozen=True):
    """All that a detector may look at. Tables are ibis expressions kept by the engine.

    calls: the coded table (hunt.records). ground: what a closer look at calls needs. sums: one row per
    source, `hunt.suspects.sum_up_sources`. suspects: see `hunt.suspects.look_closely`. whole: kind, unit of
    the units all of whose calls are suspects. kinds: the kinds of unit to judge. sizes: kind -> calls per
    unit in all the records. rings: person, rang, t. inbound: called, n_in. sources: one row per source with
    its units. shapes: calls and trunks per shape. owners: texts behind the owner numbers. declared and
    reports: number, called, t. fields: the record's columns with values, and which of the files register,
    declared, reports are there. long_share: share of the answered calls over five minutes. heard_base:
    share of the conversations after which the called person rang for help. days: that the records span, at
    least 1."""

    engine: Engine
    records: Records
    calls: ir.Table
    ground: Ground
    sums: pd.DataFrame
    suspects: ir.Table
    whole: ir.Table
    kinds: tuple[str, ...]
    sizes: dict[str, pd.Series]
    rings: ir.Table
    inbound: ir.Table
    sources: pd.DataFrame
    shapes: pd.DataFrame
    owners: list[str]
    declared: ir.Table
    reports: ir.Table
    fields: frozenset[str]
    long_share: float
    heard_base: float
    days: float


def build_context(
    engine: Engine,
    records: Records,
    register: pa.Table,
    country_code: str,
    *,
    declared: pa.Table | None = None,
    reports: pa.Table | None = None,
    limits: Limits | None = None,
) -> Context:
    """Run the steps of this module. `register`: Register.table(); `country_code`: digits, such as 44.

    declared and reports: number (int64 code), called (int64 code or null), t (µs).
    """
    limits = limits or Limits()
    calls = records.calls
    sources = number_units(records.sources)
    unit_columns = ["source", *SOURCE_UNITS, "trunk_code", "international"]
    units = engine.upload(pa.Table.from_pandas(sources[unit_columns], preserve_index=False), "source_units")
    pairs = who_shows_what(engine, calls)
    homes = usual_homes(engine, pairs, units)
    inbound = engine.keep(calls.group_by("called").aggregate(n_in=_.count()), "inbound")
    protected, owners = protected_numbers(engine, register, homes, records.tokens)
    quiet = quiet_numbers(
        engine,
        calls,
        inbound,
        homes,
        least_callers=limits.quiet_callers,
        most_calls=limits.quiet_ratio,
    )
    named = named_numbers(engine, protected, quiet)
    rings = calls_for_help(engine, calls, protected)
    sums = sum_up_sources(engine, calls, pairs, homes, named, rings, units, country_code)
    sums = sums.merge(sources[unit_columns], on="source")
    chosen = standing_out(sums, limits, records.accepted)
    devices = one_way_devices(engine, records, homes, inbound)
    days = max((records.last - records.first) / DAY, 1.0)
    ground = Ground(
        pairs=pairs,
        named=named,
        settled=settled_numbers(engine, calls, named, units, days, Habit()),
        homes=homes,
        units=units,
        busy=switchboards(engine, records, inbound, limits),
        country_code=country_code,
        located={"imei_tac", "cell"} <= records.fields,
    )
    suspects = gather_suspects(engine, records, chosen, ground, devices, limits)
    whole, sizes = whole_units(engine, suspects, sums, "whole_units")
    extra = {
        name
        for name, table in (("declared", declared), ("reports", reports))
        if table is not None and table.num_rows
    }
    if register.num_rows:
        extra.add("register")
    empty = pa.table({c: pa.array([], pa.int64()) for c in ("number", "called", "t")})
    shapes = (
        sums[sums["shape"] >= 0].groupby("shape").agg(calls=("n", "sum"), trunks=("trunk_code", "nunique"))
    )
    return Context(
        engine=engine,
        records=records,
        calls=calls,
        ground=ground,
        sums=sums,
        suspects=suspects,
        whole=whole,
        kinds=KINDS,
        sizes=sizes,
        rings=rings,
        inbound=inbound,
        sources=sources,
        shapes=shapes,
        owners=owners,
        declared=engine.upload(empty if declared is None else declared, "declared_calls"),
        reports=engine.upload(empty if reports is None else reports, "reports"),
        fields=records.fields | extra,
        long_share=float((sums["long"].sum() + 1) / (sums["answered"].sum() + 100)),
        heard_base=float((sums["rang"].sum() + 1) / (sums["heard"].sum() + 1000)),
        days=days,
    )
