"""The second look: calls that nothing in themselves betrays, beside those that the first look found.

A service's calls over a large mixed trunk, with a made-up number and a common shape, stand out by nothing
but their company. So the hunt looks again around the calls that it found: who else called these people,
which other calls show these numbers away from their home, which calls of the same way in carry on with the
same list of numbers, and what else has the same rare shape. What it finds becomes suspect and is weighed
like the rest."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
import pandas as pd
import pyarrow as pa
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.records import HOUR, TOKEN_BASE
from ringfence.hunt.suspects import look_closely, whole_units


class Around(msgspec.Struct, frozen=True):
    """How far to look around a call that was found. person_hours: other calls to the person. list_hours and
    list_step: calls of the same entry whose called number lies so close. shape_share: a shape of no more than
    this share of all calls (or 50 calls), `shape_found` of whose calls were found, is looked at whole;
    least_found: by how many calls at least. number_calls: a number in more calls away from its home is a
    firm's. most: calls that a second look adds, as a share of the suspects, or 1,000 calls."""

    person_hours: int = 48
    list_hours: int = 2
    list_step: int = 20_000
    shape_share: float = 0.001
    shape_found: float = 0.01
    least_found: int = 3
    number_calls: int = 300
    most: float = 0.5


def _found_shapes(context: Context, found: pd.DataFrame, around: Around) -> list[int]:
    """Sources of the rare shapes of which enough calls were found."""
    counts = found.loc[found["shape"] >= 0, "shape"].value_counts()
    sizes = context.shapes["calls"].reindex(counts.index)
    rare = (sizes <= max(around.shape_share * context.records.accepted, 50)) & (counts >= around.least_found)
    shapes = counts.index[(rare & (counts >= around.shape_found * sizes)).to_numpy()]
    return sorted(int(s) for s in context.sources.loc[context.sources["shape"].isin(shapes), "source"])


def look_again(context: Context, found: pd.DataFrame, around: Around | None = None) -> Context:
    """The context with more suspects: those near the `found` calls (rows of the evidence's calls).

    The context itself where there are none, or more than a second look is worth."""
    around = around or Around()
    if found.empty:
        return context
    engine, calls, ground = context.engine, context.calls, context.ground
    seeds = engine.upload(
        pa.table(
            {
                "seed_t": pa.array(found["t"], pa.int64()),
                "seed_caller": pa.array(
                    [None if pd.isna(c) else int(c) for c in found["caller"]], pa.int64()
                ),
                "seed_called": pa.array(found["called"], pa.int64()),
                "seed_entry": pa.array(found["entry"], pa.int64()),
            }
        ),
        "found_calls",
    )
    rest = calls.select("call_id", "t", "caller", "called", "source").join(
        ground.units.select("source", "entry"), "source"
    )

    people = seeds.select("seed_called", "seed_t").anti_join(
        ground.busy, seeds.seed_called == ground.busy.person
    )
    met = rest.join(people, rest.called == people.seed_called)
    met = met.filter((met.t - met.seed_t).abs() <= around.person_hours * HOUR)

    numbers = seeds.filter(_.seed_caller.notnull()).select("seed_caller").distinct()
    shown = rest.join(numbers, rest.caller == numbers.seed_caller)
    home = ground.homes.filter(_.total - _.top <= around.number_calls).select(of="caller", main="main")
    shown = shown.join(home, shown.caller == home.of)
    shown = shown.filter(shown.main != shown.entry)

    # tokens and short codes lie on no list
    lists = seeds.filter((_.seed_entry >= 0) & _.seed_called.between(1, TOKEN_BASE - 1))
    block = (lists.seed_called // around.list_step).cast("int64")
    spell = (lists.seed_t // (around.list_hours * HOUR)).cast("int64")
    blocks = [
        lists.mutate(block=block + step, spell=spell + turn) for step in (-1, 0, 1) for turn in (-1, 0, 1)
    ]
    near = rest.mutate(
        block=(rest.called // around.list_step).cast("int64"),
        spell=(rest.t // (around.list_hours * HOUR)).cast("int64"),
    )
    listed = ibis.union(*blocks)
    near = near.join(
        listed, [near.entry == listed.seed_entry, near.block == listed.block, near.spell == listed.spell]
    )
    near = near.filter(
        ((near.t - near.seed_t).abs() <= around.list_hours * HOUR)
        & ((near.called - near.seed_called).abs() <= around.list_step)
    )

    sources = pa.table({"source": pa.array(_found_shapes(context, found, around), pa.int64())})
    alike = rest.semi_join(engine.upload(sources, "found_shapes"), "source")
    suspects = engine.collect(context.suspects.count().as_table())[0][0].as_py()
    # people and numbers are the surer company: they are looked at also where the rest would be too much
    for name, chosen in (("all", (met, shown, near, alike)), ("sure", (met, shown))):
        parts: list[ir.Table] = [t.select("call_id") for t in chosen]
        ids = ibis.union(*parts).distinct().anti_join(context.suspects, "call_id")
        more = engine.keep(ids, f"second_look_{name}")
        count = engine.collect(more.count().as_table())[0][0].as_py()
        if count <= around.most * suspects + 1000:
            break
    else:
        return context
    if not count:
        return context
    every = ibis.union(
        context.suspects.select(*calls.columns), calls.semi_join(more, "call_id").select(*calls.columns)
    )
    every = engine.keep(every, "suspect_calls_again")
    again = look_closely(engine, every, ground, "suspects_again")
    whole, sizes = whole_units(engine, again, context.sums, "whole_units_again")
    return msgspec.structs.replace(context, suspects=again, whole=whole, sizes=sizes)
