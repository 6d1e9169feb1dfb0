"""From evidence to scores: units first, then crews, then calls, then calls again beside their neighbours.

1. Every whole unit gets the log-odds that it is a spoofing source, from the strengths of all signals.
2. Calls with evidence of their own that sit in a large mixed unit are gathered into *crews*: the same
   identity on the same entry, or the same person within two days. A crew is judged like a unit.
3. A call's score comes from the best of its units, from its crew and from its own signals.
4. Once more with its neighbours: how likely are the other calls to this person, and the other calls that
   present this number, to be fraud?
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ringfence.hunt.context import Context
from ringfence.hunt.evidence import Evidence, gather, surprise, unit_strengths
from ringfence.hunt.records import HOUR, TOKEN_BASE
from ringfence.hunt.signal import LEVEL_BOUNDS
from ringfence.hunt.units import KINDS, SOURCE_UNITS
from ringfence.hunt.weights import Floats, Weights, probability

#: A call whose own signals reach this sum of strengths can begin a crew.
SEED_STRENGTH = 0.65
_SEED_SIGNALS = ("protected_identity", "undeclared", "owner_switch", "never_originates")


class Scores(msgspec.Struct, frozen=True):
    """evidence: with a `crew` column in its calls. unit_tables: kind -> strengths per unit, plus `log_odds`.
    log_odds and score: per suspect call."""

    evidence: Evidence
    unit_tables: dict[str, pd.DataFrame]
    log_odds: Floats
    score: Floats


def component_ids(size: int, one: list[Any], two: list[Any]) -> Any:
    """The connected component of each of `size` things, where `one` and `two` are arrays of tied pairs."""
    left = np.concatenate(one) if one else np.array([], np.int64)
    right = np.concatenate(two) if two else np.array([], np.int64)
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(size, size))
    return connected_components(graph, directed=False)[1]


def chain(frame: pd.DataFrame, keys: list[str], within: int | None) -> tuple[Any, Any]:
    """Pairs of row positions that follow each other in time among rows with equal keys (and within µs)."""
    ordered = frame.sort_values([*keys, "t", "call_id"])
    place = ordered.index.to_numpy()
    same = np.ones(max(len(place) - 1, 0), bool)
    for key in keys:
        values = ordered[key].to_numpy()
        same &= values[1:] == values[:-1]
    if within is not None:
        same &= np.diff(ordered["t"].to_numpy()) <= within
    return place[:-1][same], place[1:][same]


def find_crews(evidence: Evidence) -> Any:
    """The crew of each suspect call (int64, -1: none).

    Seeds are calls with strong signals of their own. A call joins through the identity of a seed on the same
    entry within a day, or through the person a seed reached on the same entry or cell within two days. Seeds
    join where two follow each other on one entry or cell within two hours, or show one protected number
    within six.
    """
    calls = evidence.calls
    own = _seeds(evidence)
    seed = own >= SEED_STRENGTH
    if not seed.any():
        return np.full(len(calls), -1, np.int64)
    columns = calls[["call_id", "t", "caller", "called", "entry", "cell"]]
    of_seed = columns[seed]
    identity = columns.merge(
        of_seed[["caller", "entry"]].drop_duplicates(), on=["caller", "entry"], how="left", indicator=True
    )
    person = columns.merge(
        of_seed[["called", "entry"]].drop_duplicates(), on=["called", "entry"], how="left", indicator=True
    )
    near = (identity["_merge"] == "both").to_numpy() | (person["_merge"] == "both").to_numpy()
    inside = columns[near | seed]
    named = inside[inside["caller"].notna() & (inside["entry"] >= 0)]
    links = [chain(named, ["caller", "entry"], 24 * HOUR)]
    links.append(chain(inside[inside["entry"] >= 0], ["called", "entry"], 48 * HOUR))
    links.append(chain(inside[inside["cell"] >= 0], ["called", "cell"], 48 * HOUR))
    # two strangers' protected numbers from one way in within two hours: the same hand
    strong = columns[seed]
    links += [chain(strong[strong[kind] >= 0], [kind], 2 * HOUR) for kind in ("entry", "cell")]
    # one number that never calls, within hours on several trunks: the same hand
    links.append(
        chain(columns[seed & (evidence.on_calls.get("protected_identity", own) >= 1.0)], ["caller"], 6 * HOUR)
    )
    component = component_ids(len(calls), [a for a, _b in links], [b for _a, b in links])
    seeds_in = np.bincount(component, weights=seed, minlength=component.max() + 1)
    kept = (seeds_in[component] >= 2) & (near | seed)
    return np.where(kept, component, -1).astype(np.int64)


def with_crews(context: Context, evidence: Evidence) -> tuple[Evidence, Evidence]:
    """The evidence with a `crew` column, and the unit signals judged once more for crews alone."""
    crews = find_crews(evidence)
    calls = evidence.calls.assign(crew=crews)
    evidence = msgspec.structs.replace(evidence, calls=calls)
    members = calls[calls["crew"] >= 0]
    if members.empty:
        return evidence, msgspec.structs.replace(evidence, on_units={})
    engine = context.engine
    table = engine.upload(
        pa.Table.from_pandas(members[["call_id", "crew"]], preserve_index=False), "crew_members"
    )
    suspects = engine.keep(context.suspects.drop("crew").join(table, "call_id"), "crew_suspects")
    numbers = np.unique(members["crew"])
    whole = pa.table(
        {"kind": pa.array(["crew"] * len(numbers), pa.string()), "unit": pa.array(numbers, pa.int64())}
    )
    crew_context = msgspec.structs.replace(
        context, suspects=suspects, whole=engine.upload(whole, "whole_crews"), kinds=("crew",)
    )
    return evidence, gather(crew_context, level="unit")


def _several_numbers(evidence: Evidence, units: Any) -> Any:
    """Whether each call's unit may be judged: one that always shows the same number, which is nobody's
    else, is somebody with a telephone, however it is used."""
    frame = pd.DataFrame({"unit": units, "caller": evidence.calls["caller"], "seed": _seeds(evidence)})
    groups = frame.groupby("unit")
    return (
        (groups["caller"].transform("nunique") != 1) | (groups["seed"].transform("max") >= 1.0)
    ).to_numpy()


def judge_units(context: Context, evidence: Evidence, crew_evidence: Evidence) -> dict[str, pd.DataFrame]:
    """kind -> strengths of every whole unit (index: unit number), with `n` calls."""
    tables: dict[str, pd.DataFrame] = {}
    calls = evidence.calls
    whole = context.engine.collect(context.whole).to_pandas()
    for kind in KINDS:
        units = calls[kind].to_numpy(np.int64)
        keep = np.isin(units, whole.loc[whole["kind"] == kind, "unit"].to_numpy())
        units = np.where(keep & _several_numbers(evidence, units), units, -1)
        table = unit_strengths(evidence, kind, units, context.sizes[kind], context.heard_base)
        table["n"] = context.sizes[kind].reindex(table.index)
        tables[kind] = table
    crews = calls["crew"].to_numpy(np.int64)
    sizes = pd.Series(crews[crews >= 0]).value_counts()
    both = msgspec.structs.replace(evidence, on_units=crew_evidence.on_units)
    tables["crew"] = unit_strengths(both, "crew", crews, sizes, context.heard_base)
    tables["crew"]["n"] = sizes.reindex(tables["crew"].index)
    return tables


def _scaled(log_odds: Floats) -> Floats:
    """Log-odds of a unit as a strength whose levels begin at -3, -0.5, 2 and 5."""
    return np.interp(log_odds, (-3.0, -0.5, 2.0, 5.0, 8.0), (*LEVEL_BOUNDS[:-1], 1.0))


#: Kinds of unit that strangers may share, and the narrow ways in by which such strangers are told apart.
_WIDE = ("shape", "address")
_NARROW = ("entry", "cell")
_NARROW_CALLS = (8, 300)  # a smaller one says nothing yet, a larger one is somebody's common trunk
#: Log-odds by which a wide unit may exceed the cleanest narrow one.
_BENEFIT_OF_DOUBT = 5.0
#: What other people's calls on a shared unit can say of one that shows a number of its own: nothing. So many
#: calls from one entry make it the home of the number.
_SHARED = ("shape", "address", "cell")
_OWN_NUMBER = -3.0
_HOME_CALLS = 3


def _shows_its_own(calls: pd.DataFrame) -> Any:
    """Whether each call shows a number that is at home where it comes in, and that nobody else is known
    by."""
    return (
        calls["at_home"].to_numpy(bool)
        & (calls["home_top"] >= _HOME_CALLS).to_numpy(bool)
        & calls["owner"].isna().to_numpy()
    )


def _unit_log_odds(calls: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> dict[str, Floats]:
    """Log-odds of each call's unit of every kind (-9: none).

    What a wide unit says holds for a call only as far as its own narrow way in agrees, and not for one that
    shows a number at home there: the innocents who use the same web phone come in by entries of their own,
    and show numbers of their own."""
    odds: dict[str, Floats] = {}
    ceiling = np.full(len(calls), np.inf)
    for kind, table in tables.items():
        units = calls[kind].to_numpy()
        found = table["log_odds"].reindex(units).to_numpy(np.float64)
        odds[kind] = np.where(np.isnan(found), -9.0, found)
        if kind in _NARROW:
            size = table["n"].reindex(units).to_numpy(np.float64)
            telling = (size >= _NARROW_CALLS[0]) & (size <= _NARROW_CALLS[1])
            ceiling = np.minimum(ceiling, np.where(telling, odds[kind] + _BENEFIT_OF_DOUBT, np.inf))
    odds |= {kind: np.minimum(odds[kind], ceiling) for kind in _WIDE}
    own = _shows_its_own(calls)
    return odds | {kind: np.where(own, np.minimum(odds[kind], _OWN_NUMBER), odds[kind]) for kind in _SHARED}


def _seeds(evidence: Evidence) -> Floats:
    """Strength of the strongest of the signals that can begin a crew, per suspect call."""
    own = np.zeros(len(evidence.calls))
    for name in _SEED_SIGNALS:
        if name in evidence.on_calls:
            own = np.maximum(own, evidence.on_calls[name])
    return own


#: Units in which strangers' numbers keep company, also where most of the traffic is honest.
_COMPANY = ("entry", "address", "cell")


def company(evidence: Evidence, sizes: dict[str, pd.Series]) -> Floats:
    """Per suspect call that is somebody's by name: how surprising it is that so many calls in the names of
    others come in the same way, where their share among the suspects' ways in is usual: 0, up to 1 at one in
    a million. One abused number comes over a large trunk by chance; ten owners' numbers do not."""
    calls = evidence.calls
    seed = (_seeds(evidence) >= 1.0) & calls["owner"].notna().to_numpy()
    best = np.zeros(len(calls))
    if not seed.any():
        return best
    owner = calls["owner"].fillna(0).to_numpy(np.int64)
    base = seed.sum() / max(float(sizes["entry"].sum()), 1.0)
    for kind in _COMPANY:
        units = calls[kind].to_numpy(np.int64)
        inside = seed & (units >= 0)
        frame = pd.DataFrame({"unit": units[inside], "owner": owner[inside]})
        everyone = frame.groupby("unit")["owner"].transform("size")
        others = (everyone - frame.groupby(["unit", "owner"])["owner"].transform("size")).to_numpy(np.float64)
        expected = base * sizes[kind].reindex(frame["unit"]).to_numpy(np.float64)
        best[inside] = np.maximum(best[inside], surprise(others, expected))
    return best


def call_strengths(
    evidence: Evidence, tables: dict[str, pd.DataFrame], sizes: dict[str, pd.Series]
) -> pd.DataFrame:
    """What is known of each suspect call before its neighbours: its units, its crew, its company, its own
    signals. sizes: kind -> calls per unit in all the records."""
    odds = _unit_log_odds(evidence.calls, tables)
    # nested units repeat one another's evidence: the strongest speaks for all of them
    units = np.max([_scaled(odds[kind]) for kind in KINDS], axis=0)
    table = pd.DataFrame(
        {
            "unit:best": units,
            "unit:crew": _scaled(odds["crew"]),
            "company": company(evidence, sizes),
        }
    )
    for name, strength in evidence.on_calls.items():
        table[name] = strength
    return table


def _best_beside(frame: pd.DataFrame, key: str, line: str, far: int, other: str, apart: int) -> Floats:
    """The best score among the calls beside each one: equal in `key`, `line` at most `far` away and `other`
    at most `apart`; the next three along the line on either side are enough to meet a burst. Rows whose key
    is negative have no company."""
    best = np.zeros(len(frame))
    ordered = frame[frame[key] >= 0].sort_values([key, line, "call_id"])
    place = ordered.index.to_numpy()
    same_key, along, across, value = (ordered[c].to_numpy() for c in (key, line, other, "score"))
    for step in (1, 2, 3):
        if len(place) <= step:
            break
        beside = (same_key[step:] == same_key[:-step]) & (along[step:] - along[:-step] <= far)
        beside &= np.abs(across[step:] - across[:-step]) <= apart
        np.maximum.at(best, place[:-step][beside], value[step:][beside])
        np.maximum.at(best, place[step:][beside], value[:-step][beside])
    return best


#: Called numbers so close together, within so long on one entry, are on one list.
_LIST_STEP = 20_000
_LIST_TIME = 2 * HOUR


def neighbour_strengths(calls: pd.DataFrame, score: Floats, sizes: dict[str, pd.Series]) -> pd.DataFrame:
    """How likely the other calls are that share a call's person, its list, or its identity.

    near:person: the best score among other calls to the same person within 48 hours.
    near:list: the best score among other calls of the entry within two hours to numbers close by.
    near:identity: mean score of the other calls with this number on the same entry (as if one more were
    clean).
    near:anywhere: the same on any entry, but for the number's home: calls that are no suspects count as
    clean.
    near:<kind>: mean score of all other calls of the call's unit, those that are no suspects counting 0:
    how much of the unit is fraud; for a call that shows its own number not where strangers share the unit.
    sizes: kind -> calls per unit in all the records."""
    frame = pd.DataFrame(
        {
            "call_id": calls["call_id"],
            "t": calls["t"],
            "called": calls["called"],
            "person": calls["called"].where(~calls["switchboard"].astype(bool), -1),
            "caller": calls["caller"],
            "entry": calls["entry"],
            "home": calls["at_home"].astype(bool),
            "score": score,
        }
    )
    # a token lies beside no other number
    frame["place"] = frame["entry"].where((frame["called"] > 0) & (frame["called"] < TOKEN_BASE), -1)

    def others(keys: list[str], total: pd.Series | None = None) -> Floats:
        groups = frame[frame["caller"].notna()].groupby(keys)["score"]
        count = groups.transform("count")
        if total is not None:
            count = np.fmax(count, total.reindex(count.index))
        rest = (groups.transform("sum") - frame["score"]) / count
        return np.asarray(rest.reindex(frame.index).fillna(0.0), np.float64)

    own = _shows_its_own(calls)
    abroad = (calls["home_total"] - calls["home_top"]).where(~frame["home"], calls["home_total"])

    def share(kind: str) -> Floats:
        units = calls[kind].to_numpy(np.int64)
        total = sizes[kind].reindex(units).to_numpy(np.float64)
        inside = pd.Series(score).groupby(units).transform("sum").to_numpy(np.float64)
        counts = (units >= 0) & ~(own & (kind in _SHARED))
        return np.where(counts, (inside - score) / np.fmax(total, 1.0), 0.0)

    table = pd.DataFrame(
        {
            "near:person": _best_beside(frame, "person", "t", 48 * HOUR, "t", 48 * HOUR),
            "near:list": _best_beside(frame, "place", "called", _LIST_STEP, "t", _LIST_TIME),
            "near:identity": others(["caller", "entry"]),
            "near:anywhere": others(["caller", "home"], abroad),
        }
    )
    for kind in SOURCE_UNITS:
        table[f"near:{kind}"] = share(kind)
    return table


def score(context: Context, weights: Weights) -> Scores:
    """Score every suspect."""
    evidence, crew_evidence = with_crews(context, gather(context))
    tables = judge_units(context, evidence, crew_evidence)
    for table in tables.values():
        table["log_odds"] = weights.unit.log_odds(table)
    strengths = call_strengths(evidence, tables, context.sizes)
    first = probability(weights.call.log_odds(strengths))
    linked = pd.concat([strengths, neighbour_strengths(evidence.calls, first, context.sizes)], axis=1)
    log_odds = weights.linked.log_odds(linked)
    return Scores(evidence=evidence, unit_tables=tables, log_odds=log_odds, score=probability(log_odds))
