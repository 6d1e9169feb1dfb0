"""Campaigns: which calls of one platform are the work of one paying customer.

Each pair of calls is weighed as in record linkage: the same number shown, the same person called, called
numbers side by side on a list, one call begun when the other has ended, and the same hours of the day speak
for one hand; two calls at the same time speak against it, since a customer makes one call at a time. The
probabilities of the pairs are the ties of a graph, whose weighted communities (Louvain) are the campaigns.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sknetwork.clustering import Louvain

from ringfence.hunt.records import DAY, HOUR, TOKEN_BASE

Ints = NDArray[np.int64]


class Hand(msgspec.Struct, frozen=True):
    """Log-odds that two calls of a platform are one customer's, and how the communities are found.

    alone: of two calls that share nothing. number, person: the same is shown, or called. list_step: called
    numbers so close are on one list; list_region: within so many numbers, on one day, they are `region`.
    next, soon: one begins within five, or forty, minutes after the other ends. hours: they begin at times
    of day within two hours of each other; other_hours: more than six apart. overlap: both last at one time.
    owner: the same owner's name, under different numbers. sharpness: the power of the probability that
    makes a tie. resolution: of Louvain's modularity. every_pair: a platform of more calls is weighed only
    where calls lie near each other in one of these ways."""

    alone: float = -3.5
    number: float = 2.0
    person: float = 4.0
    list_step: int = 20_000
    listed: float = 4.0
    list_region: int = 1_000_000
    region: float = 1.0
    next: float = 1.5
    soon: float = 2.0
    hours: float = 1.2
    other_hours: float = -0.7
    overlap: float = -2.0
    owner: float = 0.3
    sharpness: float = 0.7
    resolution: float = 0.9
    every_pair: int = 3000


def _near_pairs(calls: pd.DataFrame, reach: int = 30) -> tuple[Ints, Ints]:
    """Row positions of the calls that follow each other closely in time, among the calls of a number or to a
    person, or along the called numbers: what can be one hand's, of a platform too large for every pair."""
    orders = [
        np.lexsort((calls["call_id"], calls["t"])),
        np.lexsort((calls["call_id"], calls["t"], calls["called"])),
        np.lexsort((calls["call_id"], calls["t"], calls["caller"].fillna(-1))),
    ]
    parts = [
        np.stack((order[:-step], order[step:]))
        for order in orders
        for step in range(1, min(reach, len(order) - 1) + 1)
    ]
    pairs = np.sort(np.concatenate(parts, axis=1), axis=0)
    each = np.unique(pairs[0] * len(calls) + pairs[1])
    return each // len(calls), each % len(calls)


def _weigh(calls: pd.DataFrame, one: Ints, two: Ints, hand: Hand) -> NDArray[np.float64]:
    """Log-odds of each pair of rows."""
    start, end = calls["t"].to_numpy(np.int64), calls["end"].to_numpy(np.int64)
    swap = start[one] > start[two]
    first, second = np.where(swap, two, one), np.where(swap, one, two)
    caller = calls["caller"].fillna(-1).to_numpy(np.int64)
    called = calls["called"].to_numpy(np.int64)
    owner = calls["owner"].fillna(-1).to_numpy(np.int64)
    named = calls["owner"].notna().to_numpy()

    shown = calls["caller"].notna().to_numpy()
    same_number = (caller[one] == caller[two]) & shown[one]
    same_person = called[one] == called[two]
    plain = (called[one] > 0) & (called[one] < TOKEN_BASE) & (called[two] > 0) & (called[two] < TOKEN_BASE)
    apart = np.abs(called[one] - called[two])
    listed = plain & ~same_person & (apart <= hand.list_step)
    gap = start[second] - end[first]
    region = plain & (apart > hand.list_step) & (apart <= hand.list_region)
    region &= start[second] - start[first] < DAY // 2
    hour = np.abs(start[one] % DAY - start[two] % DAY)
    hour = np.minimum(hour, DAY - hour)
    second_of_time = 1_000_000
    followed = gap >= -2 * second_of_time
    odds: NDArray[np.float64] = (
        hand.alone
        + hand.number * same_number
        + hand.person * same_person
        + hand.listed * listed
        + hand.region * region
        + hand.next * (followed & (gap <= HOUR // 12))
        + hand.soon * ((gap > HOUR // 12) & (gap <= 40 * HOUR // 60))
        + hand.hours * (hour <= 2 * HOUR)
        + hand.other_hours * (hour > 6 * HOUR)
        + hand.overlap * ~followed
        + hand.owner * (named[one] & named[two] & (owner[one] == owner[two]) & ~same_number)
    )
    return odds


#: A pair less likely than this ties nothing.
_LEAST_LOG_ODDS = -2.5


def campaigns(calls: pd.DataFrame, hand: Hand | None = None) -> Any:
    """The campaign (int) of each of these calls of one platform.

    calls: call_id, t and end (µs), caller and called (codes; caller null: withheld), owner (null: nobody's).
    """
    hand = hand or Hand()
    size = len(calls)
    if size < 4:
        return np.zeros(size, np.int64)
    frame = calls.reset_index(drop=True)
    one, two = np.triu_indices(size, 1) if size <= hand.every_pair else _near_pairs(frame)
    odds = _weigh(frame, one, two, hand)
    kept = odds >= _LEAST_LOG_ODDS
    tie = (1.0 / (1.0 + np.exp(-odds[kept]))) ** hand.sharpness
    graph = csr_matrix((tie, (one[kept], two[kept])), shape=(size, size))
    # a call that shares nothing is a campaign of its own
    alone = csr_matrix((np.full(size, 1e-6), (np.arange(size), np.arange(size))), shape=(size, size))
    model = Louvain(resolution=hand.resolution, shuffle_nodes=False, random_state=0)
    return model.fit_predict(csr_matrix(graph + graph.T + alone))
