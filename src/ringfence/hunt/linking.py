"""From flagged calls to campaigns (one paying customer at work) and platforms (the service behind them).

A tie counts by its rarity. What a service owns ties its calls together: a shape, an entry or an address most
of whose calls are flagged. Common things (a big trunk, a default stack) tie nothing. Calls that came over
such common ground join the platform with which they share victims and identities, weighted by how few others
share them. Inside a platform, weighted communities over identities, victims, accounts and list order are its
campaigns.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

from ringfence.hunt.context import Context
from ringfence.hunt.records import DAY, HOUR, TOKEN_BASE
from ringfence.hunt.scoring import chain


class Linkage(msgspec.Struct, frozen=True):
    """owned_share: an entry, address or shape this much of whose calls are flagged belongs to a service.
    least_calls: a platform with fewer calls is not reported. person, number: the weight of one shared thing
    within so many hours. join_stray, join_anchored: the tie that joins two groups, plus `growth` for each
    pair of their calls, for chance. same_*, next_call: weights of ties between calls when campaigns are
    sought; resolution: of Louvain's modularity."""

    owned_share: float = 0.5
    least_calls: int = 5
    person: float = 1.0
    person_hours: float = 12.0
    number: float = 1.0
    number_hours: float = 1.0
    sitting_hours: float = 3.0
    join_stray: float = 0.4
    join_anchored: float = 0.9
    growth: float = 0.0015
    same_number: float = 2.0
    same_person: float = 2.0
    same_account: float = 2.0
    same_area: float = 2.0
    same_region_and_day: float = 0.5
    next_call: float = 1.5
    resolution: float = 0.6


#: Signals that rest on the same fact. One kind of fact accuses nobody, however often it is seen. That a
#: number is in a call elsewhere too is the same fact as its abuse; weak attestation is too common to count.
FAMILIES = (
    ("protected_identity", "undeclared", "never_originates", "over_capacity"),
    ("owner_switch", "owner_callback", "redial_chain"),
    ("foreign_ingress",),
    ("near_report",),
)
#: Facts about the source itself, of which one at least must speak: a call centre from which an abused number
#: also calls has none of them.
SOURCE_FACTS = (
    ("many_owners", "identity_churn"),
    ("rare_fingerprint",),
    ("long_tail",),
    ("human_pacing",),
    ("sim_farm",),
)

_OWNED = ("entry", "address", "shape", "cell")


def _components(groups: list[Any], pairs: list[tuple[Any, Any]], size: int) -> Any:
    """Connected components of rows that share a value in a group (-1 ties nothing) or stand in a pair."""
    rows, columns, offset = [], [], size
    for group in groups:
        codes, _ = pd.factorize(group)
        keep = np.asarray(group) != -1
        rows.append(np.flatnonzero(keep))
        columns.append(codes[keep] + offset)
        offset += codes.max(initial=-1) + 1
    left = np.concatenate([*rows, *(one for one, _two in pairs)])
    right = np.concatenate([*columns, *(two for _one, two in pairs)])
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(offset, offset))
    return pd.factorize(connected_components(graph, directed=False)[1][:size])[0]


def _owned(calls: pd.DataFrame, sizes: dict[str, pd.Series], linkage: Linkage) -> list[Any]:
    """Per kind: the unit number where the unit belongs to a service, else -1."""
    groups = []
    for kind in (*_OWNED, "device"):
        units = calls[kind].to_numpy(np.int64)
        flagged = pd.Series(units[units >= 0]).value_counts()
        share = flagged / sizes[kind].reindex(flagged.index)
        owned = share.index[(share >= linkage.owned_share).to_numpy()]
        groups.append(np.where(np.isin(units, owned), units, -1))
    return groups


def _meetings(calls: pd.DataFrame, linkage: Linkage) -> pd.DataFrame:
    """Pairs of calls within hours that show the same number or reach the same person: one, two (row
    positions), what (the number, and which of the two it is), day, weight.

    A customer hops between the service's trunks in one sitting. Over days such things prove little: strangers
    buy the same lists and pose as the same bank.
    """
    frame = calls.reset_index(drop=True)
    shown = frame[frame["caller"].notna()]
    parts = []
    for rows, key, hours, weight in (
        (shown, "caller", linkage.number_hours, linkage.number),
        (frame, "called", linkage.person_hours, linkage.person),
    ):
        one, two = chain(rows, [key], round(hours * HOUR))
        what = key + frame[key].astype("Int64").astype(str).to_numpy()[one]
        day = frame["t"].to_numpy()[one] // DAY
        parts.append(pd.DataFrame({"one": one, "two": two, "what": what, "day": day, "weight": weight}))
    return pd.concat(parts, ignore_index=True)


def _ties(meetings: pd.DataFrame, groups: Any) -> dict[tuple[int, int], float]:
    """How strongly each two groups of calls are tied: a number or person counts once a day."""
    a, b = groups[meetings["one"].to_numpy()], groups[meetings["two"].to_numpy()]
    met = meetings.assign(a=np.minimum(a, b), b=np.maximum(a, b))[a != b]
    sums = met.drop_duplicates(["a", "b", "what", "day"]).groupby(["a", "b"])["weight"].sum()
    return {(int(one), int(two)): float(tie) for (one, two), tie in sums.items()}


def _merge(calls: pd.DataFrame, groups: Any, anchored: Any, linkage: Linkage) -> Any:
    """Join groups, the best-tied pair first, until no tie is stronger than chance would have it between
    groups of their sizes.

    Two groups with infrastructure of their own need a stronger tie than stray calls over common ground.
    """
    groups = groups.copy()
    meetings = _meetings(calls, linkage)
    while True:
        sizes = Counter(groups.tolist())
        own = set(groups[anchored].tolist())
        best, best_tie = None, 0.0
        for (a, b), tie in _ties(meetings, groups).items():
            need = linkage.join_anchored if a in own and b in own else linkage.join_stray
            need += linkage.growth * sizes[a] * sizes[b]
            if tie / need > best_tie:  # pairs come in order, so the lowest wins a draw
                best, best_tie = (a, b), tie / need
        if best is None or best_tie < 1.0:
            return groups
        groups[groups == best[1]] = best[0]


def _corroborated(signals: pd.Series) -> bool:
    """Whether two kinds of fact speak in these calls, one of them about the source: each in at least two
    calls and a fifth of them."""
    need = max(2.0, 0.2 * len(signals))

    def speaking(families: tuple[tuple[str, ...], ...]) -> int:
        return sum(sum(bool(set(names) & set(family)) for names in signals) >= need for family in families)

    about_source = speaking(SOURCE_FACTS)
    return about_source >= 1 and about_source + speaking(FAMILIES) >= 2


def _name(prefix: str, texts: list[str]) -> str:
    digest = hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()
    return f"{prefix}{digest[:8]}"


#: Up to so many calls with one code each is tied to every other; of more, to twice _DRAWN, evenly drawn.
_EVERY_PAIR = 500
_DRAWN = 100


def _alike(codes: Any, weight: float, size: int) -> csr_matrix:
    """Calls tied by an equal code (-1: none); a thing that many calls share ties each two of them less.

    Where very many share it, a call is tied to some of the others, each tie the stronger for it: all pairs
    of 20,000 calls over one account would fill the memory."""
    codes = np.asarray(codes)
    rows = np.flatnonzero(codes != -1)
    compact, uniques = pd.factorize(codes[rows])
    count = np.bincount(compact, minlength=len(uniques))
    rarity = np.log((size + 1) / count) / np.log(size + 1) / np.sqrt(np.maximum(count - 1, 1))
    few = count[compact] <= _EVERY_PAIR
    half = csr_matrix(
        (np.sqrt(weight * rarity)[compact[few]], (rows[few], compact[few])),
        shape=(size, max(len(uniques), 1)),
    )
    ties = half @ half.T
    for code in np.flatnonzero(count > _EVERY_PAIR):
        members = rows[compact == code]
        steps = np.random.default_rng(0).choice(np.arange(1, len(members)), _DRAWN, replace=False)
        others = np.concatenate([np.roll(members, step) for step in steps])
        each = weight * rarity[code] * (len(members) - 1) / (2 * _DRAWN)
        drawn = csr_matrix(
            (np.full(len(others), each), (np.tile(members, _DRAWN), others)), shape=(size, size)
        )
        ties = ties + drawn + drawn.T
    return ties


def _one_after_the_other(calls: pd.DataFrame, weight: float) -> csr_matrix:
    """Ties from each call to those that begin in the 40 minutes after it ends, shared among them: a customer
    makes one call at a time."""
    start, end = calls["t"].to_numpy(), calls["end"].to_numpy()
    rows, columns, values = [], [], []
    order = np.lexsort((calls["call_id"].to_numpy(), start))
    for place, one in enumerate(order):
        following = [two for two in order[place + 1 : place + 12] if start[two] <= end[one] + 40 * HOUR // 60]
        for two in following:
            if start[two] >= end[one] - 2_000_000:
                rows.append(one)
                columns.append(two)
                values.append(weight / len(following))
    ties = csr_matrix((values, (rows, columns)), shape=(len(calls), len(calls)))
    return ties + ties.T


def _communities(calls: pd.DataFrame, linkage: Linkage) -> Any:
    """Campaigns among the calls of one platform: Louvain communities over what one customer's calls share."""
    size = len(calls)
    if size < 4:
        return np.zeros(size, np.int64)
    frame = calls.reset_index(drop=True)
    caller = frame["caller"].fillna(-1).astype("int64").to_numpy()
    plain = (frame["called"] < TOKEN_BASE).to_numpy()  # tokens lie in no area
    area = np.where(plain, frame["called"] // 10_000, -1)
    region = pd.factorize(pd.Series(list(zip(frame["called"] // 1_000_000, frame["t"] // DAY, strict=True))))[
        0
    ]
    region = np.where(plain, region, -1)
    ties = (
        _alike(caller, linkage.same_number, size)
        + _alike(frame["called"], linkage.same_person, size)
        + _alike(np.where(frame["has_account"], frame["entry"], -1), linkage.same_account, size)
        + _alike(frame["device"], linkage.same_account, size)
        + _alike(area, linkage.same_area, size)
        + _alike(region, linkage.same_region_and_day, size)
        + _one_after_the_other(frame, linkage.next_call)
    )
    # a call that shares nothing is a campaign of its own
    ties = ties - diags(ties.diagonal()) + 1e-6 * identity(size, format="csr")
    model = Louvain(resolution=linkage.resolution, shuffle_nodes=False, random_state=0)
    return model.fit_predict(csr_matrix(ties))


def link(context: Context, flagged: pd.DataFrame, linkage: Linkage | None = None) -> pd.DataFrame:
    """`flagged` (suspect calls with `score`, ordered by call_id) with `platform` and `campaign`.

    Calls of what is too small to report are dropped. Names depend on the evidence alone.
    """
    linkage = linkage or Linkage()
    calls = flagged.reset_index(drop=True)
    if calls.empty:
        return calls.assign(platform=pd.Series(dtype=str), campaign=pd.Series(dtype=str))
    owned = _owned(calls, context.sizes, linkage)
    # one number shown on one entry without a pause of hours is one sitting
    sitting = chain(calls[calls["caller"].notna()], ["caller", "entry"], round(linkage.sitting_hours * HOUR))
    groups = _components(owned, [sitting], len(calls))
    anchored = np.any([g >= 0 for g in owned], axis=0)
    groups = _merge(calls, groups, anchored, linkage)
    texts = context.sources.set_index("source")
    calls["has_account"] = texts["account"].reindex(calls["source"]).to_numpy() != ""
    platform = np.full(len(calls), "", object)
    campaign = np.full(len(calls), "", object)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) < linkage.least_calls or calls.loc[rows, "score"].sum() < linkage.least_calls * 0.6:
            continue
        if "signals" in calls and not _corroborated(calls.loc[rows, "signals"]):
            continue
        shapes = texts["fingerprint"].reindex(calls.loc[rows, "source"][owned[2][rows] >= 0]).unique()
        evidence = [s for s in shapes if s] or [
            "/".join(v)
            for v in texts.loc[
                calls.loc[rows, "source"].unique(), ["trunk", "account", "source_ip"]
            ].to_numpy()
        ]
        name = _name("P-", list(evidence))
        if (platform == name).any():  # another service over the same common ground
            shown = calls.loc[rows, "caller"].dropna().unique()
            name = _name("P-", [*evidence, *(str(int(c)) for c in shown)])
        platform[rows] = name
        found = _communities(calls.loc[rows], linkage)
        order = calls.loc[rows].assign(found=found).groupby("found")["t"].min().sort_values().index
        number = {int(c): i + 1 for i, c in enumerate(order)}
        campaign[rows] = [f"{name}/{number[int(c)]:02d}" for c in found]
    calls["platform"], calls["campaign"] = platform, campaign
    return calls[calls["platform"] != ""].reset_index(drop=True)
