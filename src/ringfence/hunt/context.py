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

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import _

from ringfence.hunt.records import Records, code_to_text, text_to_code
from ringfence.hunt.units import KINDS, SOURCE_UNITS, number_units
from ringfence.model.engine import Engine
from ringfence.numbers.plan import facts


HOUR = 3_600_000_000  # µs
DAY = 24 * HOUR
_ENTRY_BITS = 1 << 31

#: Short codes a frightened person rings: fraud hotline of the banks, police, emergency, spam reports.
HELP_CODES = ("159", "101", "999", "112", "7726", "17", "110", "911")


class Limits(msgspec.Struct, frozen=True):
    """What makes a unit or number stand out. Generous: these only preselect, with a margin."""

    suspect_calls: int = 30_000  # suspects may always be this many ...
    suspect_share: float = 0.03  # ... or this share of all calls
    least_calls: int = 3  # of a unit
    need: float = 2.0  # sum of the cheap measures from which a unit stands out
    small_unit: int = 100  # calls: a small unit costs little to look at,
    small_need: float = 0.7  # so it needs less
    quiet_callers: int = 60  # different people ring a learned inbound-only number at least
    quiet_ratio: float = 0.02  # and it calls at most this often per call received
    settled_calls: int = 20  # from one entry, that make it a number's home beyond doubt
    neighbour_hours: int = 48


class Context(msgspec.Struct, frozen=True):
    """All that a detector may look at. Tables are ibis expressions kept by the engine.

    calls: the coded table (hunt.records). suspects: see `_suspects`. whole: kind, unit of the units all of whose
    calls are suspects. kinds: the kinds of unit to judge. sizes: kind -> calls per unit in all the records. rings: person, rang, t. inbound: called,
    n_in. sources: one row per source with its units. shapes: calls and trunks per shape. owners: texts behind
    the owner numbers. declared and reports: number, called, t. fields: the record's columns with values, and which
    of the files register, declared, reports are there. long_share: answered calls over five minutes. heard_base: share of conversations after which the called person rang for help.
    """

    engine: Engine
    records: Records
    calls: ir.Table
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


def _pairs(engine: Engine, calls: ir.Table) -> ir.Table:
    grouped = calls.filter(calls.caller.notnull()).group_by("caller", "source")
    return engine.keep(
        grouped.aggregate(
            n=_.count(), answered=_.answered.cast("int64").sum(), first=_.t.min(), last=_.t.max()
        ),
        "pairs",
    )


def _homes(engine: Engine, pairs: ir.Table, units: ir.Table) -> ir.Table:
    """caller, total, top (calls from its main entry), main (that entry), entries, first, last."""
    placed = pairs.join(units.select("source", "entry"), "source")
    by_entry = placed.group_by("caller", "entry").aggregate(
        n=_.n.sum(), first=_["first"].min(), last=_["last"].max()
    )
    # the larger count wins, then the lower entry: one integer orders both
    ranked = by_entry.mutate(rank=by_entry.n * _ENTRY_BITS + (_ENTRY_BITS - 2 - by_entry.entry))
    top = ranked.group_by("caller").aggregate(
        total=_.n.sum(), rank=_["rank"].max(), entries=_.count(), first=_["first"].min(), last=_["last"].max()
    )
    exact = (top["rank"] - top["rank"] % _ENTRY_BITS) // _ENTRY_BITS
    return engine.keep(
        top.select(
            "caller",
            "total",
            "entries",
            "first",
            "last",
            top=exact.cast("int64"),
            main=(_ENTRY_BITS - 2 - top["rank"] % _ENTRY_BITS).cast("int64"),
        ),
        "homes",
    )


def _protected(engine: Engine, register: pa.Table, homes: ir.Table) -> tuple[ir.Table | None, list[str]]:
    """code, owner (int), use, valid_from, valid_until (µs, exclusive), for the numbers that were presented.

    `register` is `ringfence.numbers.register.Register.table()`. A prefix covers the presented numbers below
    it, unless an entry of its own or a longer prefix names them.
    """
    if not register.num_rows:
        return None, []
    frame = register.to_pandas()
    owners = sorted(frame["owner"].fillna("").unique())
    frame["owner_code"] = frame["owner"].fillna("").map({o: i for i, o in enumerate(owners)}).astype("int64")
    for column in ("valid_from", "valid_until"):
        times = pd.to_datetime(frame[column], utc=True)
        micros = times.dt.tz_localize(None).astype("datetime64[us]").astype("int64")
        frame[column] = micros.where(times.notna(), None).astype("Int64")
    exact = frame[~frame["prefix"]].copy()
    exact["code"] = [text_to_code(n) for n in exact["number"]]
    columns = ["code", "owner_code", "use", "sector", "valid_from", "valid_until", "length"]
    exact["length"] = 99
    parts = [engine.upload(pa.Table.from_pandas(exact[columns], preserve_index=False), "register_numbers")]
    prefixes = frame[frame["prefix"]].copy()
    prefixes["length"] = prefixes["number"].str.len()
    for length, group in prefixes.groupby("length"):
        known = engine.upload(
            pa.Table.from_pandas(group[["number", *columns[1:]]], preserve_index=False),
            f"register_prefixes_{length}",
        )
        text = ibis.literal("+") + homes.caller.cast("string")
        named = homes.filter(homes.caller > 0).select(code=homes.caller, head=text.substr(0, int(length)))
        parts.append(named.join(known, named.head == known.number).select(*columns))
    both = ibis.union(*parts) if len(parts) > 1 else parts[0]
    # the most specific entry speaks for a number
    both = both.mutate(best=both.length.max().over(group_by=both.code))
    return engine.keep(both.filter(both.length == both.best).drop("length", "best"), "protected"), owners


def _quiet(engine: Engine, calls: ir.Table, inbound: ir.Table, homes: ir.Table, limits: Limits) -> ir.Table:
    """code, n_in, callers_in, total: numbers that many ring and that hardly call."""
    often = inbound.filter(inbound.n_in >= limits.quiet_callers)
    both = often.join(homes.select("caller", "total"), often.called == homes.caller)
    rare = engine.keep(
        both.filter(both.total <= both.n_in * limits.quiet_ratio).select("called", "n_in", "total"),
        "rarely_calling",
    )
    reached = calls.select("called", "caller").join(rare, "called")
    counted = reached.group_by("called", "n_in", "total").aggregate(callers_in=_.caller.nunique())
    return engine.keep(
        counted.filter(counted.callers_in >= limits.quiet_callers).rename(code="called"), "quiet_numbers"
    )


def _rings(engine: Engine, calls: ir.Table, protected: ir.Table | None) -> ir.Table:
    """person, rang (code), t: people who rang a protected owner or a code for help."""
    codes = pa.table({"rang": pa.array(sorted(text_to_code(c) for c in HELP_CODES), pa.int64())})
    wanted = engine.upload(codes, "help_codes").mutate(sector=ibis.literal("help"))
    if protected is not None:
        known = protected.filter((protected.use != "unallocated")).select(
            rang=protected.code, sector=protected.sector
        )
        wanted = ibis.union(wanted, known).distinct()
    wanted = wanted.select("rang").distinct()
    rang = calls.filter(calls.caller.notnull()).join(wanted, calls.called == wanted.rang)
    return engine.keep(rang.select(person=rang.caller, rang=rang.called, t=rang.t), "rings")


def _named(engine: Engine, protected: ir.Table | None, quiet: ir.Table) -> ir.Table:
    """code, owner, use, valid_from, valid_until: numbers that stand for somebody, by the register or learned.

    A learned number is its own owner: minus its code, so that it never meets an owner of the register.
    """
    learned = quiet.select(
        "code",
        owner=(-quiet.code).cast("int64"),
        use=ibis.literal("quiet"),
        valid_from=ibis.null("int64"),
        valid_until=ibis.null("int64"),
    )
    if protected is None:
        return engine.keep(learned, "named")
    known = protected.select(
        "code",
        owner=protected.owner_code.cast("int64"),
        use=protected.use,
        valid_from=protected.valid_from.cast("int64"),
        valid_until=protected.valid_until.cast("int64"),
    )
    return engine.keep(ibis.union(known, learned.anti_join(known, "code")), "named")


def _source_sums(
    engine: Engine,
    calls: ir.Table,
    pairs: ir.Table,
    homes: ir.Table,
    named: ir.Table,
    rings: ir.Table,
    units: ir.Table,
    country_code: str,
) -> pd.DataFrame:
    """Per source: n, answered, ids, away_ids, named_ids, named_calls, named_owners, heard, long, rang, foreign."""
    placed = pairs.join(homes.select("caller", "total", "top", "main"), "caller")
    placed = placed.join(units.select("source", "entry"), "source")
    placed = placed.mutate(away=(placed.main != placed.entry) & (placed.top >= 3))
    sums = placed.group_by("source").aggregate(
        n=_.n.sum(), answered=_.answered.sum(), ids=_.count(), away_ids=_.away.cast("int64").sum()
    )
    hits = placed.join(named, placed.caller == named.code)
    # the number that an owner does call from says nothing at its own home
    hits = hits.filter((hits.use != "outbound") | (hits.main != hits.entry))
    hits = hits.group_by("source").aggregate(
        named_ids=_.caller.nunique(), named_calls=_.n.sum(), named_owners=_.owner.nunique()
    )
    heard = calls.filter(calls.answered & (calls.talk >= 20)).select(
        "call_id", "source", "called", "t", "talk"
    )
    end = heard.t + (heard.talk * 1e6).cast("int64")
    heard = heard.mutate(end=end)
    soon = heard.join(rings.select("person", rang_at=rings.t), heard.called == rings.person)
    soon = soon.filter((soon.rang_at > soon.end) & (soon.rang_at <= soon.end + 4 * HOUR))
    rang = soon.group_by("source").aggregate(rang=_.call_id.nunique())
    talked = heard.group_by("source").aggregate(heard=_.count(), long=_.count(where=_.talk > 300))
    abroad = calls.join(units.filter(units.international).select("source"), "source")
    abroad = abroad.filter(_.caller.notnull() & _.diverted.isnull() & ~_.roaming.fill_null(False))
    own = (ibis.literal("+") + abroad.caller.cast("string")).startswith("+" + country_code)
    foreign = abroad.filter(own).group_by("source").aggregate(foreign=_.count())
    frame = engine.collect(sums).to_pandas()
    for more in (hits, talked, rang, foreign):
        frame = frame.merge(engine.collect(more).to_pandas(), on="source", how="left")
    return frame.fillna(0)


def _standing_out(frame: pd.DataFrame, limits: Limits, total: int) -> set[int]:
    """Sources whose units stand out by a rough sum of the cheap measures; a small unit needs less.

    Units are taken from the most striking down until they hold `suspect_share` of all calls.
    """
    base = (frame["rang"].sum() + 1) / (frame["heard"].sum() + 1000)
    counts = ["n", "ids", "away_ids", "named_calls", "named_owners", "heard", "rang", "foreign"]
    striking = []
    for kind in SOURCE_UNITS:
        unit = frame[frame[kind] >= 0].groupby(kind)[counts].sum()
        unit = unit[unit["n"] >= limits.least_calls]
        named = unit["named_calls"] / (unit["n"] + 3)
        owners = (unit["named_owners"] - 1).clip(0, 3) * (10 * named).clip(upper=1)
        away = unit["away_ids"] / unit["ids"].clip(1) * (unit["away_ids"] / 6).clip(upper=1)
        foreign = unit["foreign"] / (unit["n"] + 3)
        rang = ((unit["rang"] - 1).clip(0) / (unit["heard"] * base + 0.5) / 8).clip(upper=1)
        sum_of_all = 6 * named.clip(upper=0.5) + owners + 2 * (away + foreign + rang)
        need = np.where(unit["n"] <= limits.small_unit, limits.small_need, limits.need)
        chosen = unit.index[sum_of_all >= need]
        striking.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "unit": chosen,
                    "n": unit["n"][chosen],
                    "sum": sum_of_all[chosen] / need[sum_of_all >= need],
                }
            )
        )
    ranked = pd.concat(striking).sort_values(["sum", "kind", "unit"], ascending=[False, True, True])
    ranked = ranked[
        ranked["n"].cumsum() <= max(limits.suspect_calls, limits.suspect_share * total) * len(SOURCE_UNITS)
    ]
    inside = np.zeros(len(frame), bool)
    for kind, group in ranked.groupby("kind"):
        inside |= frame[kind].isin(group["unit"]).to_numpy()
    return {int(source) for source in frame.loc[inside, "source"]}


def _one_way_devices(engine: Engine, records: Records, homes: ir.Table, inbound: ir.Table) -> ir.Table | None:
    """imei_tac, radio_cell where several numbers call out and are hardly called."""
    if not {"imei_tac", "cell"} <= records.fields:
        return None
    callers = homes.filter(homes.total >= 5).select("caller", "total")
    heard = inbound.select(number="called", n_in="n_in")
    callers = callers.left_join(heard, callers.caller == heard.number)
    silent = callers.filter(callers.n_in.fill_null(0) <= 0.2 * callers.total).select("caller")
    out = records.calls.filter(_.imei_tac.notnull() & _.radio_cell.notnull()).semi_join(silent, "caller")
    places = out.group_by("imei_tac", "radio_cell").aggregate(n=_.count(), numbers=_.caller.nunique())
    chosen = places.filter((places.numbers >= 3) & (places.n >= 15) & (places.n <= 20_000))
    return engine.keep(chosen.select("imei_tac", "radio_cell"), "one_way_devices")


def _mobile_numbers(engine: Engine, suspects: ir.Table) -> ir.Table:
    """caller: the national mobile numbers among those that arrive from abroad."""
    seen = engine.collect(suspects.filter(_.international & _.national).select("caller").distinct())
    texts = pa.array([code_to_text(c) for c in seen["caller"].to_pylist()], pa.string())
    kinds = facts(texts, None)
    mobile = {
        n
        for n, k in zip(kinds["number"].to_pylist(), kinds["kind"].to_pylist(), strict=True)
        if k == "mobile"
    }
    codes = sorted(text_to_code(n) for n in mobile)
    return engine.upload(pa.table({"mobile_caller": pa.array(codes, pa.int64())}), "mobile_callers")


def _presented(calls: ir.Table, named: ir.Table, homes: ir.Table, units: ir.Table) -> ir.Table:
    """Calls that present a named number (an owner's calling number only away from its home), with the number's
    use, main entry and top."""
    presents = calls.select("call_id", "caller", "called", "t", "source")
    presents = presents.join(named.select("code", "use").distinct(), presents.caller == named.code)
    presents = presents.join(homes.select("caller", "main", "top"), "caller").join(
        units.select("source", "entry"), "source"
    )
    return presents.filter((presents.use != "outbound") | (presents.main != presents.entry))


def _suspects(
    engine: Engine,
    records: Records,
    chosen: set[int],
    named: ir.Table,
    homes: ir.Table,
    units: ir.Table,
    country_code: str,
    devices: ir.Table | None,
    limits: Limits,
) -> ir.Table:
    """The calls on which exact work is done: the coded columns, the units, and what is known of the caller.

    Adds: end (µs), the columns of SOURCE_UNITS, trunk_code and international; device (int64, -1 where none),
    line (int64, -1 where none); owner (int64), use (string); home_total, home_top (calls of the presented
    number, and from its main entry), away (bool: it usually comes from elsewhere), at_home (bool);
    national (bool: a number of the network's own country).
    """
    calls = records.calls
    picked = engine.upload(pa.table({"source": pa.array(sorted(chosen), pa.int64())}), "chosen_sources")
    if devices is not None:
        by_device = calls.semi_join(devices, ["imei_tac", "radio_cell"]).anti_join(picked, "source")
        by_source = ibis.union(calls.semi_join(picked, "source"), by_device)
        rest = calls.anti_join(picked, "source").anti_join(devices, ["imei_tac", "radio_cell"])
    else:
        by_source = calls.semi_join(picked, "source")
        rest = calls.anti_join(picked, "source")
    placed = _presented(calls, named, homes, units)
    seed_ids = engine.keep(placed.select("call_id").distinct(), "named_calls")
    by_name = rest.semi_join(seed_ids, "call_id")
    # the people whom a protected number reached from a place that is not its home, and who else called them
    strange = placed.filter(placed.use != "outbound")
    strange = strange.filter((_.main != _.entry) | ((_.use != "quiet") & (_.top < limits.settled_calls)))
    reached = engine.keep(strange.select(person="called", near="t"), "reached_people")
    others = rest.anti_join(seed_ids, "call_id")
    near = others.join(reached, others.called == reached.person)
    near = near.filter((near.t - near.near).abs() <= limits.neighbour_hours * HOUR)
    by_person = others.semi_join(near.select("call_id").distinct(), "call_id")
    every = ibis.union(by_source, by_name, by_person)

    known = every.join(units, "source")
    home = homes.select(of="caller", home_total="total", home_top="top", main="main")
    known = known.left_join(home, known.caller == home.of).drop("of")
    stands = known.select("call_id", "caller", "t")
    valid = stands.join(named, stands.caller == named.code)
    valid = valid.filter(
        (valid.valid_from.isnull() | (valid.t >= valid.valid_from))
        & (valid.valid_until.isnull() | (valid.t < valid.valid_until))
    )
    valid = valid.group_by(of_call="call_id").aggregate(owner=_.owner.min(), use=_.use.min())
    known = known.left_join(valid, known.call_id == valid.of_call).drop("of_call")
    radio = (
        known.imei_tac + "/" + known.radio_cell
        if "imei_tac" in records.fields and "cell" in records.fields
        else ibis.null("string")
    )
    known = known.mutate(
        end=known.t + (known.talk * 1e6).cast("int64"),
        radio=radio,
        line=known.network.fill_null(-1),
        away=((known.main != known.entry) & (known.home_top >= 3)).fill_null(False),
        at_home=(known.main == known.entry).fill_null(False),
        national=(ibis.literal("+") + known.caller.cast("string"))
        .startswith("+" + country_code)
        .fill_null(False),
    )
    device = ibis.dense_rank().over(order_by=known.radio)
    known = known.mutate(device=ibis.ifelse(known.radio.isnull(), -1, device))
    known = engine.keep(known, "suspects_before_kind")
    mobile = _mobile_numbers(engine, known)
    known = known.left_join(mobile, known.caller == mobile.mobile_caller)
    known = (
        known.mutate(mobile=known.mobile_caller.notnull())
        .drop("mobile_caller", "radio")
        .mutate(crew=ibis.literal(-1, "int64"))
    )
    return engine.keep(known, "suspects")


def _whole_units(
    engine: Engine, suspects: ir.Table, sums: pd.DataFrame
) -> tuple[ir.Table, dict[str, pd.Series]]:
    """The units all of whose calls are suspects, and the size of every unit among the suspects."""
    sizes: dict[str, pd.Series] = {}
    rows = []
    for kind in KINDS:
        here = (
            engine.collect(
                suspects.filter(suspects[kind] >= 0)
                .group_by(unit=kind)
                .aggregate(n=_.count())
                .order_by("unit")
            )
            .to_pandas()
            .set_index("unit")["n"]
        )
        if kind in SOURCE_UNITS:
            sizes[kind] = sums[sums[kind] >= 0].groupby(kind)["n"].sum().reindex(here.index).astype("int64")
        else:
            sizes[kind] = (
                here  # a network number's or device's other calls are not all here: judged as they are
            )
        rows += [(kind, int(unit)) for unit in here.index[(here >= sizes[kind]).to_numpy()]]
    table = pa.table(
        {
            "kind": pa.array([k for k, _u in rows], pa.string()),
            "unit": pa.array([u for _k, u in rows], pa.int64()),
        }
    )
    return engine.upload(table, "whole_units"), sizes


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
    pairs = _pairs(engine, calls)
    homes = _homes(engine, pairs, units)
    inbound = engine.keep(calls.group_by("called").aggregate(n_in=_.count()), "inbound")
    protected, owners = _protected(engine, register, homes)
    quiet = _quiet(engine, calls, inbound, homes, limits)
    named = _named(engine, protected, quiet)
    rings = _rings(engine, calls, protected)
    sums = _source_sums(engine, calls, pairs, homes, named, rings, units, country_code)
    sums = sums.merge(sources[unit_columns], on="source")
    chosen = _standing_out(sums, limits, records.accepted)
    devices = _one_way_devices(engine, records, homes, inbound)
    suspects = _suspects(engine, records, chosen, named, homes, units, country_code, devices, limits)
    whole, sizes = _whole_units(engine, suspects, sums)
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
        days=max((records.last - records.first) / DAY, 1.0),
    )
