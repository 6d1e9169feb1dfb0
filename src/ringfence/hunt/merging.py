"""Groups of calls become services: the best-tied two are joined first, until chance explains the other ties.

A tie is what two groups share beyond their ways in: people and numbers that both touch within hours, and rare
shapes that both have. Ties are kept beside the groups and renewed only where two were joined.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from ringfence.hunt.records import DAY, HOUR, TOKEN_BASE
from ringfence.hunt.scoring import chain, component_ids

#: Pairs of shapes one part apart, and the share of all calls that their family has.
Near = Mapping[tuple[int, int], float]


class Tying(msgspec.Struct, frozen=True):
    """person, number: the weight of one shared thing within so many hours; the people of one list_stretch of
    numbers are one thing on one day. join_stray, join_anchored: the tie that joins two groups, for meetings
    plus `growth` for each pair of their calls, for chance. shape: the weight of a shared shape for each power
    of ten that it is rarer than `common_shape` (a share of the calls), at most `most_shape` and worth nothing
    below `least_shape`. Two shapes one part apart tie by the share of their family."""

    person: float = 1.0
    person_hours: float = 12.0
    number: float = 1.0
    number_hours: float = 1.0
    list_stretch: int = 10_000
    join_stray: float = 0.4
    join_anchored: float = 0.9
    growth: float = 0.0015
    shape: float = 1.0
    common_shape: float = 0.03
    least_shape: float = 0.4
    most_shape: float = 2.0


def shape_rarity(shapes: Any, sizes: pd.Series, tying: Tying) -> Any:
    """What it means for two calls to have the shape of each call in common: 0 for none or a common one.

    shapes: unit number per call. sizes: calls per shape in all the records."""
    return _rarity(sizes.reindex(shapes).to_numpy(np.float64) / max(float(sizes.sum()), 1.0), tying)


def _rarity(share: Any, tying: Tying) -> Any:
    weight = tying.shape * np.log10(tying.common_shape / np.where(np.isnan(share), 1.0, share))
    return np.where(weight >= tying.least_shape, np.clip(weight, 0.0, tying.most_shape), 0.0)


def _meetings(calls: pd.DataFrame, tying: Tying) -> list[tuple[int, int, tuple[str, int, int], float]]:
    """Calls within hours that show the same number or reach the same person: two row positions, what they
    share (and on which day: it counts once a day), its weight.

    A customer hops between the service's trunks in one sitting. Over days such things prove little: strangers
    buy the same lists and pose as the same bank; who rings several people of one stretch of a list on one
    day has shown once that he has that list.
    """
    shown = calls[calls["caller"].notna()]
    found: list[tuple[int, int, tuple[str, int, int], float]] = []
    for rows, key, hours, weight in (
        (shown, "caller", tying.number_hours, tying.number),
        (calls, "called", tying.person_hours, tying.person),
    ):
        one, two = chain(rows, [key], round(hours * HOUR))
        things = calls[key].fillna(-1).to_numpy(np.int64)[one]
        if key == "called":
            things = np.where(things < TOKEN_BASE, things // tying.list_stretch, things)
        days = calls["t"].to_numpy()[one] // DAY
        found += [
            (int(a), int(b), (key, int(thing), int(day)), weight)
            for a, b, thing, day in zip(one, two, things, days, strict=True)
        ]
    return found


#: Of the groups that have one rare shape, so many with the most of it are weighed for a group: a shape that
#: thousands of groups share would else be weighed for each two of them.
_HOLDERS = 30


class _Groups:
    """Groups of calls with what ties them: sizes, whether they own infrastructure, how many of their calls
    have each rare shape, and what each two of them share."""

    def __init__(
        self, calls: pd.DataFrame, groups: Any, anchored: Any, rarity: Any, near: Near, tying: Tying
    ) -> None:
        self.tying = tying
        self.size = Counter(groups.tolist())
        self.own = set(groups[anchored].tolist())
        self.shapes: dict[int, Counter[int]] = defaultdict(Counter)
        self.having: dict[int, set[int]] = defaultdict(set)
        #: pairs of shapes that tie, a shape with itself among them, and each shape's partners
        self.alike: dict[tuple[int, int], float] = {}
        self.partners: dict[int, set[int]] = defaultdict(set)
        self.shared: dict[int, dict[int, dict[tuple[str, int, int], float]]] = defaultdict(dict)
        rare = np.flatnonzero(rarity > 0)
        for group, shape, weight in zip(
            groups[rare].tolist(),
            calls["shape"].to_numpy()[rare].tolist(),
            rarity[rare].tolist(),
            strict=True,
        ):
            self.shapes[group][shape] += 1
            self.having[shape].add(group)
            self.alike[shape, shape] = weight
        for (one, two), share in near.items():
            self.alike[one, two] = self.alike[two, one] = float(_rarity(share, tying))
        for one, two in self.alike:
            self.partners[one].add(two)
        for one, two, what, weight in _meetings(calls, tying):
            a, b = int(groups[one]), int(groups[two])
            if a != b:
                self.shared[a].setdefault(b, {})[what] = weight
                self.shared[b].setdefault(a, {})[what] = weight

    def company(self, group: int) -> list[int]:
        """Whatever has a tie to the group, in order."""
        others = set(self.shared[group])
        for shape in self.shapes[group]:
            for like in self.partners[shape]:
                others.update(
                    heapq.nlargest(_HOLDERS, self.having[like], key=lambda g: (self.shapes[g][like], -g))
                )
        return sorted(others - {group})

    def pull(self, a: int, b: int) -> float:
        """The tie of two groups, by what it needs to be: from 1 on they are one."""
        meetings = sum(self.shared[a].get(b, {}).values())
        shapes = 0.0
        for one in sorted(self.shapes[a]):
            for two in sorted(self.partners[one] & self.shapes[b].keys()):
                common = min(self.shapes[a][one] / self.size[a], self.shapes[b][two] / self.size[b])
                shapes += self.alike[one, two] * common
        owners = a in self.own and b in self.own
        need = self.tying.join_anchored if owners else self.tying.join_stray
        # large groups meet by chance; they do not come by a rare shape by chance
        return meetings / (need + self.tying.growth * self.size[a] * self.size[b]) + shapes / need

    def join(self, a: int, b: int) -> None:
        """b becomes part of a."""
        self.size[a] += self.size.pop(b)
        if b in self.own:
            self.own.add(a)
        for shape, count in self.shapes.pop(b, Counter[int]()).items():
            self.shapes[a][shape] += count
            self.having[shape].discard(b)
            self.having[shape].add(a)
        for other, things in self.shared.pop(b, {}).items():
            self.shared[other].pop(b)
            if other != a:
                self.shared[a].setdefault(other, {}).update(things)
                self.shared[other].setdefault(a, {}).update(things)


def _families(shapes: Any, near: Near, tying: Tying) -> Any:
    """The number of each call's shape, or the lowest of those to which it is tied by one part as firmly as
    two groups that own infrastructure need."""
    firm = [pair for pair, share in near.items() if _rarity(share, tying) >= tying.join_anchored]
    known = sorted({shape for pair in firm for shape in pair})
    place = {shape: i for i, shape in enumerate(known)}
    ends = [np.array([place[pair[side]] for pair in firm], np.int64) for side in (0, 1)]
    family = component_ids(len(known), [ends[0]], [ends[1]])
    lowest = pd.Series(known, dtype=np.int64).groupby(family).transform("min")
    names = dict(zip(known, lowest.tolist(), strict=True))
    return np.array([names.get(int(shape), int(shape)) for shape in shapes], np.int64)


def merge(
    calls: pd.DataFrame,
    groups: Any,
    anchored: Any,
    rarity: Any,
    tying: Tying | None = None,
    near: Near | None = None,
) -> Any:
    """`groups` (int per call), joined, the best-tied pair first, until no tie is stronger than chance would
    have it between groups of their sizes.

    calls: call_id, t (µs), caller, called, shape; rows numbered from 0. anchored: bool per call, whether it
    lies on infrastructure that its group owns: two such groups need a stronger tie than stray calls over
    common ground. rarity: `shape_rarity` per call. near: `hunt.shapes.near_shapes`."""
    tying = tying or Tying()
    groups = np.asarray(groups).copy()
    near = near or {}
    # groups of one rare shape, or of shapes one part apart, and of no others are one to begin with: any two
    # of them would be joined anyway, and thousands of them would be weighed against each other
    need = np.where(np.isin(groups, groups[anchored]), tying.join_anchored, tying.join_stray)
    family = _families(calls["shape"].to_numpy(np.int64), near, tying)
    each = pd.DataFrame({"group": groups, "family": family, "rare": rarity >= need})
    of_group = each.groupby("group")
    pure = each[(of_group["family"].transform("nunique") == 1) & of_group["rare"].transform("all")]
    first = dict(zip(pure["group"], pure.groupby("family")["group"].transform("min"), strict=True))
    groups = np.array([first.get(int(group), int(group)) for group in groups], np.int64)

    state = _Groups(calls, groups, anchored, rarity, near, tying)
    version: Counter[int] = Counter()
    best: list[tuple[float, int, int, int, int]] = []

    def push(group: int, others: list[int]) -> None:
        for other in others:
            a, b = min(group, other), max(group, other)
            if (pull := state.pull(a, b)) >= 1.0:
                heapq.heappush(best, (-pull, a, b, version[a], version[b]))

    for group in sorted(state.size):
        push(group, [other for other in state.company(group) if other > group])
    joined: dict[int, int] = {}
    while best:
        _pull, a, b, of_a, of_b = heapq.heappop(best)
        if a not in state.size or b not in state.size or (version[a], version[b]) != (of_a, of_b):
            continue  # one of them has changed since
        state.join(a, b)
        joined[b] = a
        version[a] += 1
        push(a, state.company(a))

    def last(group: int) -> int:
        while group in joined:
            group = joined[group]
        return group

    return np.array([last(int(group)) for group in groups], np.int64)
