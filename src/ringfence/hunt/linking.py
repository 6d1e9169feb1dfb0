"""From flagged calls to campaigns (one paying customer at work) and platforms (the service behind them).

A tie counts by its rarity. What a service owns ties its calls together: a shape, an entry or an address most of
whose calls are flagged. Common things (a big trunk, a default stack) tie nothing. Calls that came over
such common ground join the platform with which they share victims and identities, weighted by how few others
share them. Inside a platform, weighted communities over identities, victims, accounts and list order are its
campaigns.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

from ringfence.hunt.context import DAY, HOUR, Context


class Linkage(msgspec.Struct, frozen=True):
    """owned_share: an entry, address or shape this much of whose calls are flagged belongs to a service.
    least_calls: a platform with fewer calls is not reported. join: ties that a stray call needs."""

    owned_share: float = 0.5
    least_calls: int = 5
    join: float = 0.5


_OWNED = ("entry", "address", "shape", "cell")


def _components(groups: list[Any], size: int) -> Any:
    """Connected components of rows that share a value in any of the groups (-1 ties nothing)."""
    rows, columns, offset = [], [], size
    for group in groups:
        codes, _ = pd.factorize(group)
        keep = np.asarray(group) != -1
        rows.append(np.flatnonzero(keep))
        columns.append(codes[keep] + offset)
        offset += codes.max(initial=-1) + 1
    left, right = np.concatenate(rows), np.concatenate(columns)
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


def _shared_things(calls: pd.DataFrame) -> list[tuple[Any, float]]:
    """Identities, victims and crews of each call as codes (-1: none), with the weight of such a tie."""
    identity = pd.factorize(calls["caller"].where(calls["caller"].notna(), -1))[0]
    identity = np.where(calls["caller"].isna(), -1, identity)
    victim = pd.factorize(calls["called"])[0]
    return [(identity, 1.0), (victim, 2.0), (calls["crew"].to_numpy(np.int64), 1.0)]


def _attach(groups: Any, owned: Any, things: list[tuple[Any, float]], linkage: Linkage) -> Any:
    """Join each group without infrastructure of its own to the one with which it shares the rarest things."""
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[int(group)].append(row)
    target = {g: g for g in members}
    anchored = {g for g, rows in members.items() if owned[rows].any()}
    for group in sorted(members, key=lambda g: (-len(members[g]), g)):
        if group in anchored:
            continue
        ties: Counter[int] = Counter()
        for codes, weight in things:
            for value in {int(v) for v in codes[members[group]] if v >= 0}:
                others = {int(groups[r]) for r in np.flatnonzero(codes == value)} - {group}
                for other in others:
                    ties[target[other]] += weight / len(others)
        ties.pop(group, None)
        best = max(ties, key=lambda g: (ties[g], len(members[g]), -g), default=None)
        if best is not None and ties[best] >= linkage.join:
            target = {g: best if t == group else t for g, t in target.items()}
    return np.array([target[int(g)] for g in groups])


def _name(prefix: str, texts: list[str]) -> str:
    digest = hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest()
    return f"{prefix}{digest[:8]}"


def _communities(calls: pd.DataFrame) -> Any:
    """Campaigns among the calls of one platform: Louvain communities of calls over what they share."""
    if len(calls) < 8:
        return np.zeros(len(calls), np.int64)
    frame = calls.reset_index(drop=True)
    day = (frame["t"] // DAY).to_numpy()
    caller = frame["caller"].fillna(-1).astype("int64")
    things: list[tuple[Any, float]] = [
        (np.where(caller == -1, -1, pd.factorize(caller)[0]), 2.0),
        (pd.factorize(frame["called"])[0], 2.0),
        (np.where(frame["has_account"], frame["entry"], -1), 3.0),
        (
            pd.factorize(pd.Series(list(zip(frame["entry"], frame["called"] // 10_000, day, strict=True))))[
                0
            ],
            1.0,
        ),
        (pd.factorize(pd.Series(list(zip(frame["entry"], frame["t"] // (2 * HOUR), strict=True))))[0], 1.0),
        (frame["device"].to_numpy(), 2.0),
    ]
    rows, columns, values, offset = [], [], [], 0
    for codes, weight in things:
        codes = np.asarray(codes)
        keep = codes >= 0
        compact, uniques = pd.factorize(codes[keep])
        count = np.bincount(compact, minlength=len(uniques))
        # a thing that half the platform shares tells no customer apart
        rarity = np.log((len(frame) + 1) / count) / np.log(len(frame) + 1)
        rows.append(np.flatnonzero(keep))
        columns.append(compact + offset)
        values.append(weight * rarity[compact] + 1e-6)
        offset += len(uniques)
    matrix = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(len(frame), offset)
    )
    model = Louvain(resolution=1.0, shuffle_nodes=False, random_state=0)
    model.fit(matrix, force_bipartite=True)
    return model.labels_row_


def link(context: Context, flagged: pd.DataFrame, linkage: Linkage | None = None) -> pd.DataFrame:
    """`flagged` (suspect calls with `score`, ordered by call_id) with `platform` and `campaign`.

    Calls of what is too small to report are dropped. Names depend on the evidence alone.
    """
    linkage = linkage or Linkage()
    calls = flagged.reset_index(drop=True)
    if calls.empty:
        return calls.assign(platform=pd.Series(dtype=str), campaign=pd.Series(dtype=str))
    owned = _owned(calls, context.sizes, linkage)
    things = _shared_things(calls)
    same_hand = calls["caller"].fillna(-1).astype("int64")
    session = pd.factorize(pd.Series(list(zip(same_hand, calls["entry"], strict=True))))[0]
    session = np.where(same_hand == -1, -1, session)
    groups = _components([*owned, session], len(calls))
    anchored = np.any([g >= 0 for g in owned], axis=0)
    groups = _attach(groups, anchored, things, linkage)
    texts = context.sources.set_index("source")
    calls["has_account"] = texts["account"].reindex(calls["source"]).to_numpy() != ""
    platform = np.full(len(calls), "", object)
    campaign = np.full(len(calls), "", object)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) < linkage.least_calls or calls.loc[rows, "score"].sum() < linkage.least_calls * 0.6:
            continue
        shapes = texts["fingerprint"].reindex(calls.loc[rows, "source"][owned[2][rows] >= 0]).unique()
        evidence = [s for s in shapes if s] or [
            "/".join(v)
            for v in texts.loc[
                calls.loc[rows, "source"].unique(), ["trunk", "account", "source_ip"]
            ].to_numpy()
        ]
        name = _name("P-", list(evidence))
        platform[rows] = name
        found = _communities(calls.loc[rows])
        order = calls.loc[rows].assign(found=found).groupby("found")["t"].min().sort_values().index
        number = {int(c): i + 1 for i, c in enumerate(order)}
        campaign[rows] = [f"{name}/{number[int(c)]:02d}" for c in found]
    calls["platform"], calls["campaign"] = platform, campaign
    return calls[calls["platform"] != ""].reset_index(drop=True)
