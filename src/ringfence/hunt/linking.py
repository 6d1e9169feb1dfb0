"""From flagged calls to campaigns (one paying customer at work) and platforms (the service behind them).

A tie counts by its rarity. What a service owns ties its calls together: a shape, an entry or an address most
of whose calls are flagged. Common things (a big trunk, a default stack) tie nothing. Calls that came over
such common ground join the platform with which they share victims and identities, weighted by how few others
share them. Inside a platform, `hunt.campaigns` finds the customers at work.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from ringfence.hunt.campaigns import campaigns
from ringfence.hunt.context import Context
from ringfence.hunt.merging import Near, Tying, merge, shape_rarity
from ringfence.hunt.records import HOUR
from ringfence.hunt.scoring import chain, component_ids


class Linkage(msgspec.Struct, frozen=True):
    """owned_share: an entry, address or shape this much of whose calls are flagged for themselves, with a
    score of `sure`, belongs to a service; and a platform has a few such calls. least_calls: a platform with
    fewer calls is not reported. sitting_hours: one number shown on one entry without a longer pause is one
    sitting. tying: what joins groups of calls."""

    owned_share: float = 0.5
    sure: float = 0.5
    least_calls: int = 5
    sitting_hours: float = 3.0
    tying: Tying = Tying()


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

#: Log-odds that being tied to a platform adds to a call's own: company that the score, which knows nothing of
#: platforms, cannot see. A call that falls short alone is flagged where it joins one.
JOINED = 2.2

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
    rows += [one for one, _two in pairs]
    columns += [two for _one, two in pairs]
    return pd.factorize(component_ids(offset, rows, columns)[:size])[0]


def _owned(calls: pd.DataFrame, sizes: dict[str, pd.Series], linkage: Linkage) -> list[Any]:
    """Per kind: the unit number where the unit belongs to a service, else -1."""
    groups = []
    sure = (calls["score"] >= linkage.sure).to_numpy()
    for kind in (*_OWNED, "device"):
        units = calls[kind].to_numpy(np.int64)
        flagged = pd.Series(units[(units >= 0) & sure]).value_counts()
        share = flagged / sizes[kind].reindex(flagged.index)
        owned = share.index[(share >= linkage.owned_share).to_numpy()]
        groups.append(np.where(np.isin(units, owned), units, -1))
    return groups


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


def link(
    context: Context, flagged: pd.DataFrame, linkage: Linkage | None = None, near: Near | None = None
) -> pd.DataFrame:
    """`flagged` (suspect calls with `score`, ordered by call_id, down to what `JOINED` can lift) with
    `platform` and `campaign`. near: `hunt.shapes.near_shapes`.

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
    rarity = shape_rarity(calls["shape"].to_numpy(), context.shapes["calls"], linkage.tying)
    groups = merge(calls, groups, anchored, rarity, linkage.tying, near)
    texts = context.sources.set_index("source")
    sure = (calls["score"] >= linkage.sure).to_numpy()
    platform = np.full(len(calls), "", object)
    campaign = np.full(len(calls), "", object)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) < linkage.least_calls or sure[rows].sum() < linkage.least_calls * 0.6:
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
            name = _name("P-", [*evidence, *(str(int(c)) for c in shown), str(calls.loc[rows, "t"].min())])
        platform[rows] = name
        found = campaigns(calls.loc[rows])
        order = calls.loc[rows].assign(found=found).groupby("found")["t"].min().sort_values().index
        number = {int(c): i + 1 for i, c in enumerate(order)}
        campaign[rows] = [f"{name}/{number[int(c)]:02d}" for c in found]
    calls["platform"], calls["campaign"] = platform, campaign
    return calls[calls["platform"] != ""].reset_index(drop=True)
