"""Which calls deserve exact work: those of units that stand out, and those near a protected identity.

The cheap measures here only preselect, generously: what they choose is weighed afterwards (hunt.evidence).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import _

from ringfence.hunt.records import DAY, HOUR, TOKEN_BASE, Records, code_to_text, text_to_code
from ringfence.hunt.units import KINDS, SOURCE_UNITS
from ringfence.model.engine import Engine
from ringfence.numbers.plan import facts

#: UK network numbers that gateways insert and strangers share: they tie nothing.
_SHARED_NETWORK_NUMBERS = "+448979"


class Limits(msgspec.Struct, frozen=True):
    """What makes a unit or number stand out. Generous: these only preselect, with a margin."""

    suspect_calls: int = 30_000  # suspects may always be this many ...
    suspect_share: float = 0.012  # ... or this share of all calls
    least_calls: int = 3  # of a unit
    need: float = 2.0  # sum of the cheap measures from which a unit stands out
    small_unit: int = 100  # calls: a small unit costs little to look at,
    small_need: float = 0.4  # so it needs less
    quiet_callers: int = 60  # different people ring a learned inbound-only number at least
    quiet_ratio: float = 0.02  # and it calls at most this often per call received
    settled_calls: int = 20  # from one entry, that make it a number's home beyond doubt
    neighbour_hours: int = 48
    busy_number: float = 50.0  # calls a day to one number: a switchboard, not a person


def _end_of(calls: ir.Table) -> ir.Value:
    """When the talk ended, µs: rounded, since engines differ in how they cut a float."""
    return calls.t + (calls.talk * 1e6).round().cast("int64")


def _is_national(code: ir.Value, country_code: str) -> ir.Value:
    """Whether a code is a number of this country; a token does not tell."""
    begins = (ibis.literal("+") + code.cast("string")).startswith("+" + country_code)
    return begins & (code < TOKEN_BASE)


def sum_up_sources(
    engine: Engine,
    calls: ir.Table,
    pairs: ir.Table,
    homes: ir.Table,
    named: ir.Table,
    rings: ir.Table,
    units: ir.Table,
    country_code: str,
) -> pd.DataFrame:
    """One row per source, all of them counts.

    n, answered: calls. ids: numbers presented; away_ids: those at home elsewhere; named_ids: those that stand
    for somebody, with named_calls and named_owners. heard: conversations; long: those over five minutes;
    rang: those after which the called person rang for help. foreign: calls from abroad with this country's
    numbers, neither roaming nor diverted."""
    home = homes.select("top", "main", of="caller")
    placed = pairs.left_join(home, pairs.caller == home.of)
    placed = placed.join(units.select("source", "entry"), "source")
    placed = placed.mutate(away=((placed.main != placed.entry) & (placed.top >= 3)).fill_null(False))
    # withheld numbers are no identities, but their calls count
    sums = placed.group_by("source").aggregate(
        n=_.n.sum(), answered=_.answered.sum(), ids=_.caller.count(), away_ids=_.away.cast("int64").sum()
    )
    # a number may have an entry for each period of its protection
    entries = named.select("code", "owner", "use").distinct()
    hits = placed.join(entries, placed.caller == entries.code)
    # the number that an owner does call from says nothing at its own home
    hits = hits.filter((hits.use != "outbound") | (hits.main != hits.entry))
    hits = hits.group_by("source").aggregate(
        named_ids=_.caller.nunique(), named_calls=_.n.sum(), named_owners=_.owner.nunique()
    )
    heard = calls.filter(calls.answered & (calls.talk >= 20)).select(
        "call_id", "source", "called", "t", "talk"
    )
    heard = heard.mutate(end=_end_of(heard))
    soon = heard.join(rings.select("person", rang_at=rings.t), heard.called == rings.person)
    soon = soon.filter((soon.rang_at > soon.end) & (soon.rang_at <= soon.end + 4 * HOUR))
    rang = soon.group_by("source").aggregate(rang=_.call_id.nunique())
    talked = heard.group_by("source").aggregate(heard=_.count(), long=_.count(where=_.talk > 300))
    abroad = calls.join(units.filter(units.international).select("source"), "source")
    abroad = abroad.filter(_.caller.notnull() & _.diverted.isnull() & ~_.roaming.fill_null(False))
    own = abroad.filter(_is_national(abroad.caller, country_code))
    foreign = own.group_by("source").aggregate(foreign=_.count())
    frame = engine.collect(sums).to_pandas()
    for more in (hits, talked, rang, foreign):
        frame = frame.merge(engine.collect(more).to_pandas(), on="source", how="left")
    return frame.fillna(0)


def standing_out(frame: pd.DataFrame, limits: Limits, total: int) -> set[int]:
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
        # many numbers for few calls; a wide unit shows many anyway
        churn = (unit["ids"] / unit["n"] * (unit["ids"] / 8).clip(upper=1)).where(
            unit["n"] <= limits.small_unit, 0.0
        )
        sum_of_all = 6 * named.clip(upper=0.5) + owners + churn + 2 * (away + foreign + rang)
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
    budget = max(limits.suspect_calls, limits.suspect_share * total) * len(SOURCE_UNITS)
    # a unit larger than the whole budget must not hide the ones after it: it is judged by its parts
    ranked = ranked[ranked["n"] <= budget]
    ranked = ranked[ranked["n"].cumsum() <= budget]
    inside = np.zeros(len(frame), bool)
    for kind, group in ranked.groupby("kind"):
        inside |= frame[kind].isin(group["unit"]).to_numpy()
    return {int(source) for source in frame.loc[inside, "source"]}


def one_way_devices(engine: Engine, records: Records, homes: ir.Table, inbound: ir.Table) -> ir.Table | None:
    """imei_tac, radio_cell where several numbers call out and are hardly called, and few others are."""
    if not {"imei_tac", "cell"} <= records.fields:
        return None
    callers = homes.select("caller", "total")
    heard = inbound.select(number="called", n_in="n_in")
    callers = callers.left_join(heard, callers.caller == heard.number)
    silent = callers.filter(callers.n_in.fill_null(0) <= 0.34 * callers.total).select(silent="caller")
    out = records.calls.filter(_.imei_tac.notnull() & _.radio_cell.notnull())
    # one row for each number in each place: a popular telephone in a busy cell has many that are called too
    shown = out.group_by("imei_tac", "radio_cell", "caller").aggregate(n=_.count())
    shown = shown.left_join(silent, shown.caller == silent.silent)
    places = shown.group_by("imei_tac", "radio_cell").aggregate(
        n=_.n.sum(), numbers=_.count(), silent=_.silent.count()
    )
    chosen = places.filter(
        (places.silent >= 4)
        & (places.silent >= 0.4 * places.numbers)
        & (places.n >= 12)
        & (places.n <= 20_000)
    )
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
    """Calls that present a named number (an owner's calling number only away from its home), with the
    number's use, main entry and top."""
    presents = calls.select("call_id", "caller", "called", "t", "source")
    presents = presents.join(named.select("code", "use").distinct(), presents.caller == named.code)
    presents = presents.join(homes.select("caller", "main", "top"), "caller").join(
        units.select("source", "entry"), "source"
    )
    return presents.filter((presents.use != "outbound") | (presents.main != presents.entry))


class Ground(msgspec.Struct, frozen=True):
    """What is known before there are suspects, for looking at calls more closely.

    pairs: `identities.who_shows_what`. named: `identities.named_numbers`. settled:
    `identities.settled_numbers`. homes: `identities.usual_homes`. units: source with its units, trunk_code
    and international. busy: person, of called numbers that are rung so often that they are no one person's.
    country_code: digits. located: whether the records tell device types and cells."""

    pairs: ir.Table
    named: ir.Table
    settled: ir.Table
    homes: ir.Table
    units: ir.Table
    busy: ir.Table
    country_code: str
    located: bool


def switchboards(engine: Engine, records: Records, inbound: ir.Table, limits: Limits) -> ir.Table:
    """person: called numbers that are rung so often that two calls to them have nothing to do with each
    other."""
    days = max((records.last - records.first) / DAY, 1.0)
    busy = inbound.filter(inbound.n_in > limits.busy_number * days).select(person="called")
    return engine.keep(busy, "switchboards")


def gather_suspects(
    engine: Engine,
    records: Records,
    chosen: set[int],
    ground: Ground,
    devices: ir.Table | None,
    limits: Limits,
) -> ir.Table:
    """The calls on which exact work is done, as `look_closely` gives them."""
    calls = records.calls
    picked = engine.upload(pa.table({"source": pa.array(sorted(chosen), pa.int64())}), "chosen_sources")
    if devices is not None:
        by_device = calls.semi_join(devices, ["imei_tac", "radio_cell"]).anti_join(picked, "source")
        by_source = ibis.union(calls.semi_join(picked, "source"), by_device)
        rest = calls.anti_join(picked, "source").anti_join(devices, ["imei_tac", "radio_cell"])
    else:
        by_source = calls.semi_join(picked, "source")
        rest = calls.anti_join(picked, "source")
    placed = _presented(calls, ground.named, ground.homes, ground.units)
    seed_ids = engine.keep(placed.select("call_id").distinct(), "named_calls")
    by_name = rest.semi_join(seed_ids, "call_id")
    # the people whom a protected number reached from a place that is not its home, and who else called them
    strange = placed.filter(placed.use != "outbound")
    strange = strange.filter((_.main != _.entry) | ((_.use != "quiet") & (_.top < limits.settled_calls)))
    people = strange.select(person="called", near="t").anti_join(ground.busy, "person")
    reached = engine.keep(people, "reached_people")
    others = rest.anti_join(seed_ids, "call_id")
    near = others.join(reached, others.called == reached.person)
    near = near.filter((near.t - near.near).abs() <= limits.neighbour_hours * HOUR)
    by_person = others.semi_join(near.select("call_id").distinct(), "call_id")
    every = engine.keep(ibis.union(by_source, by_name, by_person), "suspect_calls")
    return look_closely(engine, every, ground, "suspects")


def look_closely(engine: Engine, every: ir.Table, ground: Ground, name: str) -> ir.Table:
    """The coded columns of `every`, the units, and what is known of the caller, kept as `name`.

    Adds: end (µs), the columns of SOURCE_UNITS, trunk_code and international; device (int64, -1 where
    none), line (int64, -1 where none or shared); owner (int64), use (string); home_total, home_top (calls
    of the presented number, and from its main entry), here (int64: from this entry), lasts (int64, µs from
    its first call to its last), away (bool: it usually comes from elsewhere), at_home (bool); settled
    (bool: somebody's number that calls steadily from this entry), contradicted (bool: from some entry);
    national (bool: a number of the network's own country); mobile (bool: a national mobile number that
    arrives from abroad); switchboard (bool: the called number is rung so often that it is no one person,
    and two calls to it have nothing to do with each other); crew (int64: -1)."""
    radio = every.imei_tac + "/" + every.radio_cell if ground.located else ibis.null("string")
    every = every.mutate(radio=radio)
    places = every.filter(every.radio.notnull()).select(place="radio").distinct()
    places = places.mutate(device=ibis.row_number().over(order_by=places.place).cast("int64"))

    known = every.join(ground.units, "source")
    home = ground.homes.select(
        of="caller",
        home_total="total",
        home_top="top",
        main="main",
        lasts=ground.homes["last"] - ground.homes["first"],
    )
    known = known.left_join(home, known.caller == home.of).drop("of")
    stands = every.select("call_id", "caller", "t")
    valid = stands.join(ground.named, stands.caller == ground.named.code)
    valid = valid.filter(
        (valid.valid_from.isnull() | (valid.t >= valid.valid_from))
        & (valid.valid_until.isnull() | (valid.t < valid.valid_until))
    )
    valid = valid.group_by(of_call="call_id").aggregate(owner=_.owner.min(), use=_.use.min())
    known = known.left_join(valid, known.call_id == valid.of_call).drop("of_call")
    known = known.left_join(places, known.radio == places.place).drop("place", "radio")
    here = ground.settled.mutate(settled_here=ibis.literal(True))
    known = known.left_join(here, [known.caller == here.settled, known.entry == here.settled_entry]).drop(
        "settled", "settled_entry"
    )
    anywhere = ground.settled.select(settled_caller="settled").distinct()
    known = known.left_join(anywhere, known.caller == anywhere.settled_caller)
    known = known.left_join(ground.busy, known.called == ground.busy.person)
    # how often the number calls from here: a firm may be at home on two trunks
    shown = ground.pairs.semi_join(every.select("caller").distinct(), "caller")
    shown = shown.join(ground.units.select("source", "entry"), "source")
    shown = shown.group_by(of_caller="caller", of_entry="entry").aggregate(here=_.n.sum())
    known = known.left_join(shown, [known.caller == shown.of_caller, known.entry == shown.of_entry])
    shared = (ibis.literal("+") + known.network.cast("string")).startswith(_SHARED_NETWORK_NUMBERS)
    known = known.mutate(
        end=_end_of(known),
        device=known.device.fill_null(-1),
        line=ibis.ifelse(shared, -1, known.network).fill_null(-1),
        away=((known.main != known.entry) & (known.home_top >= 3)).fill_null(False),
        at_home=(known.main == known.entry).fill_null(False),
        national=_is_national(known.caller, ground.country_code).fill_null(False),
        settled=known.settled_here.notnull(),
        contradicted=known.settled_caller.notnull(),
        switchboard=known.person.notnull(),
        here=known.here.fill_null(0),
    ).drop("person", "settled_here", "settled_caller", "of_caller", "of_entry")
    known = engine.keep(known, f"{name}_before_kind")
    mobile = _mobile_numbers(engine, known)
    known = known.left_join(mobile, known.caller == mobile.mobile_caller)
    known = (
        known.mutate(mobile=known.mobile_caller.notnull())
        .drop("mobile_caller")
        .mutate(crew=ibis.literal(-1, "int64"))
    )
    return engine.keep(known, name)


def whole_units(
    engine: Engine, suspects: ir.Table, sums: pd.DataFrame, name: str
) -> tuple[ir.Table, dict[str, pd.Series]]:
    """The units all of whose calls are suspects, and the size of every unit among the suspects (of the kinds
    that are a function of the source also that of the calls in none, as unit -1)."""
    sizes: dict[str, pd.Series] = {}
    rows = []
    units = [suspects.select(kind=ibis.literal(kind), unit=suspects[kind].cast("int64")) for kind in KINDS]
    counted = ibis.union(*units).filter(_.unit >= 0).group_by("kind", "unit").aggregate(n=_.count())
    frame = engine.collect(counted).to_pandas().sort_values("unit")
    for kind in KINDS:
        here = frame[frame["kind"] == kind].set_index("unit")["n"]
        if kind in SOURCE_UNITS:
            every = sums.groupby(kind)["n"].sum().astype("int64")
            sizes[kind] = every[every.index.isin([-1, *here.index])]
        else:
            sizes[kind] = (
                here  # a network number's or device's other calls are not all here: judged as they are
            )
        whole = (here >= sizes[kind].reindex(here.index)).to_numpy()
        rows += [(kind, int(unit)) for unit in here.index[whole]]
    table = pa.table(
        {
            "kind": pa.array([k for k, _u in rows], pa.string()),
            "unit": pa.array([u for _k, u in rows], pa.int64()),
        }
    )
    return engine.upload(table, name), sizes
