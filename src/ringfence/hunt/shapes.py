"""Shapes of INVITEs that differ in one part: the same software in its next version.

A service that updates its app changes one header or one codec, and its calls before and after have different
shapes. What two such shapes say is measured by the calls of the whole family, all shapes within one part of
either: hundreds of small telephone systems are one part from another, and theirs is a large family.
"""

from __future__ import annotations

import ibis.expr.types as ir
import msgspec
import numpy as np
import pandas as pd
from ibis import _
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ringfence.hunt.context import Context


class Family(msgspec.Struct, frozen=True):
    """most_share: of a family with more of the calls nothing is near. most_shapes: found shapes, the most
    used first, whose families are looked for."""

    most_share: float = 0.003
    most_shapes: int = 300


def read_parts(context: Context, raw: ir.Table) -> dict[str, list[str]]:
    """Every fingerprint of the records with its parts, read from one call each; empty where parts are not
    recorded. `raw`: the records before they were coded."""
    if not {"fingerprint", "fingerprint_parts"} <= set(raw.columns):
        return {}
    one = raw.filter(_.fingerprint.notnull()).group_by("fingerprint").aggregate(call_id=_.call_id.min())
    kept = context.engine.keep(one.select("call_id"), "one_call_per_shape")
    seen = raw.semi_join(kept, "call_id").select("fingerprint", "fingerprint_parts")
    found: dict[str, list[str]] = {}
    for row in context.engine.collect(seen).to_pylist():  # several where calls share an id
        parts = sorted({part for part in row["fingerprint_parts"] or [] if part is not None})
        found[row["fingerprint"]] = max(parts, found.get(row["fingerprint"], []))
    return found


def _one_part_apart(shapes: list[list[str]], wanted: list[int]) -> NDArray[np.bool_]:
    """For each of `wanted` (indices), a row: which of the shapes have all of its parts but one, or one more,
    or one other, itself among them."""
    numbers, has = pd.factorize(np.array([part for parts in shapes for part in parts], object))
    ends = np.cumsum([0, *(len(parts) for parts in shapes)])
    table = csr_matrix((np.ones(len(numbers), np.int32), numbers, ends), shape=(len(shapes), len(has)))
    size = np.diff(ends)
    shared = (table[wanted] @ table.T).toarray()
    near: NDArray[np.bool_] = np.maximum(size, size[wanted, None]) - shared <= 1
    return near


def near_shapes(
    context: Context, found: pd.DataFrame, parts: dict[str, list[str]], family: Family | None = None
) -> dict[tuple[int, int], float]:
    """Pairs of the shapes of `found` calls that are one part apart: (shape, shape), the lower unit first, to
    the family's share of all calls that have a shape."""
    family = family or Family()
    if found.empty or not parts:
        return {}
    total = max(float(context.shapes["calls"].sum()), 1.0)
    units = context.sources[context.sources["shape"] >= 0].drop_duplicates("shape")
    units = units[[bool(parts.get(f)) for f in units["fingerprint"]]].reset_index(drop=True)
    calls = context.shapes["calls"].reindex(units["shape"]).fillna(0).to_numpy(float)
    place = {int(shape): i for i, shape in enumerate(units["shape"])}
    used = found.loc[found["shape"] >= 0, "shape"].value_counts()
    rare = [
        int(s) for s in used.index if int(s) in place and calls[place[int(s)]] <= family.most_share * total
    ]
    wanted = [place[shape] for shape in sorted(rare[: family.most_shapes])]
    if not wanted:
        return {}
    near = _one_part_apart([parts[f] for f in units["fingerprint"]], wanted)
    weighed = near * calls
    of_both = weighed @ near.T.astype(float)
    of_one = weighed.sum(axis=1)
    share = (of_one[:, None] + of_one - of_both) / total
    tied = np.triu(near[:, wanted] & (share <= family.most_share), 1)
    shapes = units["shape"].to_numpy()[wanted]
    return {
        (int(min(shapes[i], shapes[j])), int(max(shapes[i], shapes[j]))): float(share[i, j])
        for i, j in np.argwhere(tied)
    }
