"""Organisations that call: one engine for firms, call centres, couriers, CPaaS tenants and the rest.

A crew is one calling organisation. All crews of a network are laid out in ragged arrays, so that a day of
all of them is drawn at once.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ringfence.simulate.calls import DAY, KIND, Calls, clock, outcome, time_of_day, weekday_factor
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import Population

Array = npt.NDArray[Any]


class Crew(msgspec.Struct):
    """One calling organisation.

    lines: rows of the line table, one drawn a call; numbers: presented, `pairs` True ties the i-th number to
    the i-th line or SIM; weights: of the numbers; network: its network number, 0 not known, -1 the presented
    one; called: people it calls (rows of the population), empty: anyone; listed: works through `called` in
    order; daily: calls on a working day; firms: share of calls that go to businesses; redial: share of
    unanswered calls tried again; ring_back: share of unanswered calls returned; rings_bank: share of talks
    over two minutes after which the customer rings `bank` or 159; seats: 1 makes calls one at a time.
    """

    kind: str
    lines: Array
    numbers: Array
    daily: float
    weights: Array | None = None
    pairs: bool = False
    sims: Array | None = None
    network: int = -1
    called: Array | None = None
    listed: bool = False
    clock: str = "office"
    weekend: float = 0.05
    p_answer: float = 0.7
    mu: float = 4.4
    sigma: float = 1.0
    voicemail: float = 0.12
    firms: float = 0.0
    redial: float = 0.05
    ring_back: float = 0.15
    rings_bank: float = 0.0
    bank: int = 0
    seats: int = 0


class Crews:
    """All crews of a network, flattened."""

    def __init__(self, crews: list[Crew]) -> None:
        def column(name: str, dtype: Any) -> Array:
            return np.array([getattr(c, name) for c in crews], dtype)

        def ragged(arrays: list[Array]) -> tuple[Array, Array, Array]:
            count = np.array([len(a) for a in arrays], np.int64)
            flat = np.concatenate(arrays) if arrays else np.empty(0, np.int64)
            return flat.astype(np.int64), np.cumsum(count) - count, count

        self.crews = crews
        self.kind = np.array([KIND[c.kind] for c in crews], np.int8)
        self.daily, self.weekend = column("daily", float), column("weekend", float)
        self.clock = np.array([clock(c.clock) for c in crews], np.int64)
        self.p_answer, self.mu, self.sigma = (
            column("p_answer", float),
            column("mu", float),
            column("sigma", float),
        )
        self.voicemail = column("voicemail", float)
        self.network, self.firms = column("network", np.int64), column("firms", float)
        self.redial, self.ring_back = column("redial", float), column("ring_back", float)
        self.rings_bank, self.bank = column("rings_bank", float), column("bank", np.int64)
        self.listed, self.pairs = column("listed", bool), column("pairs", bool)
        # one seat makes some eighty calls a day at most; a larger firm has more
        self.single = (column("seats", int) == 1) & (self.daily <= 80)
        none = np.empty(0, np.int64)
        self.lines, self.line_at, self.line_count = ragged([c.lines for c in crews])
        self.numbers, self.number_at, self.number_count = ragged([c.numbers for c in crews])
        shares = [np.full(len(c.numbers), 1.0) if c.weights is None else c.weights for c in crews]
        # one cumulative table for all: crew i's numbers lie between i and i + 1
        self.number_draw = np.concatenate([i + np.cumsum(s) / s.sum() for i, s in enumerate(shares)])
        self.called, self.called_at, self.called_count = ragged(
            [none if c.called is None else c.called for c in crews]
        )
        self.sims, self.sim_at, self.sim_count = ragged([none if c.sims is None else c.sims for c in crews])
        self.done = np.zeros(len(crews), np.int64)  # how far each listed crew has come

    def day(
        self, rng: np.random.Generator, people: Population, world: Organisations, midnight: int, weekday: int
    ) -> Calls:
        """One day's calls of every crew, with redials, returned calls and customers who ring their bank."""
        count = rng.poisson(self.daily * weekday_factor(weekday, self.weekend))
        who = np.repeat(np.arange(len(self.crews)), count)
        n = len(who)
        if n == 0:
            return Calls(0)
        start = midnight + time_of_day(rng, self.clock[who], n)
        order = np.lexsort((start, who))
        start = start[order]  # `who` is sorted already
        result = outcome(rng, n, self.p_answer[who], self.mu[who], self.sigma[who], self.voicemail[who])
        single = np.flatnonzero(self.single[who])
        start[single] = _one_at_a_time(
            rng, who[single], start[single], result["ring"][single], result["talk"][single]
        )

        drawn = np.searchsorted(self.number_draw, who + rng.random(n), side="right")
        drawn = np.clip(drawn, self.number_at[who], self.number_at[who] + self.number_count[who] - 1)
        place = drawn - self.number_at[who]
        line_place = (rng.random(n) * self.line_count[who]).astype(np.int64)
        line_place = np.where(self.pairs[who], place % self.line_count[who], line_place)
        caller = self.numbers[drawn]
        person = np.full(n, -1, np.int64)
        has_sim = self.sim_count[who] > 0
        if has_sim.any():
            w = who[has_sim]
            person[has_sim] = self.sims[self.sim_at[w] + place[has_sim] % self.sim_count[w]]

        called_person = self._called(rng, people, who, count)
        called = people.number[called_person]
        to_firm = rng.random(n) < self.firms[who]
        called = np.where(to_firm, world.destination(rng, n), called)
        called_person = np.where(to_firm, -1, called_person)
        network = np.where(self.network[who] == -1, caller, self.network[who])
        calls = Calls(
            n,
            start=start,
            caller=caller,
            network=network,
            called=called,
            called_person=called_person,
            line=self.lines[self.line_at[who] + line_place],
            person=person,
            kind=self.kind[who],
            **result,
        )
        again = redial(rng, calls, self.redial[who])
        back = ring_back(rng, people, calls, self.ring_back[who])
        long = calls.answered & (np.nan_to_num(calls.talk) > 120)
        bank = np.where(rng.random(n) < 0.75, self.bank[who], 159)
        rings = rings_afterwards(rng, people, calls, np.where(long, self.rings_bank[who], 0.0), bank)
        return Calls.concat([calls, again, back, rings])

    def _called(self, rng: np.random.Generator, people: Population, who: Array, count: Array) -> Array:
        n = len(who)
        anyone = people.anyone(rng, n)
        size = self.called_count[who]
        has_list = size > 0
        # rank of each call within its crew's day, for those who work through a list
        rank = np.arange(n) - np.repeat(np.cumsum(count) - count, count)
        place = (rng.random(n) * size).astype(np.int64)
        place = np.where(self.listed[who], (self.done[who] + rank) % np.maximum(size, 1), place)
        self.done += np.where(self.listed, count, 0)
        if has_list.any():
            w = who[has_list]
            anyone[has_list] = self.called[self.called_at[w] + place[has_list]]
        return anyone


def _one_at_a_time(rng: np.random.Generator, who: Array, start: Array, ring: Array, talk: Array) -> Array:
    """Starts put off until the same crew's call before is over, with a pause (Lindley's recursion).

    Rows are sorted by crew and time. start_i = max over j <= i of (wanted_j + time busy from j to i - 1), as
    one running maximum over all crews.
    """
    if len(who) == 0:
        return start
    busy = ((ring + np.nan_to_num(talk)) * 1e6).astype(np.int64)
    busy += (np.exp(rng.standard_normal(len(who)) * 0.8 + 3.2) * 1e6).astype(np.int64)
    total = np.cumsum(busy) - busy
    first = np.r_[True, who[1:] != who[:-1]]
    crew = np.cumsum(first) - 1
    before = total - total[first][crew]
    apart = crew * 10**13  # µs: no crew reaches into the next one's time
    origin = start.min()
    floor = np.maximum.accumulate(start - origin - before + apart)
    delayed: Array = floor - apart + before + origin
    return delayed


def redial(rng: np.random.Generator, calls: Calls, share: Array | float) -> Calls:
    """The same caller tries again within minutes of a call that failed."""
    tried = np.flatnonzero(~calls.answered & (rng.random(len(calls)) < share))
    again = calls.take(tried)
    gap = np.exp(rng.standard_normal(len(again)) * 1.0 + 4.6)
    again.start = again.end + (gap * 1e6).astype(np.int64)
    return _redrawn(rng, again)


def _redrawn(rng: np.random.Generator, calls: Calls) -> Calls:
    result = outcome(rng, len(calls), 0.55, 4.2, 1.1)
    calls.status, calls.ring, calls.talk = result["status"], result["ring"], result["talk"]
    return calls


def ring_back(
    rng: np.random.Generator, people: Population, calls: Calls, share: Array | float, p_answer: float = 0.65
) -> Calls:
    """People return calls they missed, to the number that was shown."""
    missed = ~calls.answered & (calls.status != 404)
    seen = missed & (calls.caller > 10_000) & people.at_home(calls.called_person)
    back = np.flatnonzero(seen & (rng.random(len(calls)) < share))
    delay = np.exp(rng.standard_normal(len(back)) * 1.5 + 6.2)
    return _from_people(rng, people, calls.take(back), delay, calls.caller[back], KIND["callback"], p_answer)


def rings_afterwards(
    rng: np.random.Generator, people: Population, calls: Calls, share: Array, number: Array
) -> Calls:
    """People ring their bank, 159 or 101 after a call, within minutes to hours."""
    able = people.at_home(calls.called_person) & (number > 0)
    who = np.flatnonzero(able & (rng.random(len(calls)) < share))
    delay = np.exp(rng.standard_normal(len(who)) * 1.2 + 7.3)
    return _from_people(rng, people, calls.take(who), delay, number[who], KIND["rings_bank"], 0.93)


def _from_people(
    rng: np.random.Generator,
    people: Population,
    after: Calls,
    delay: Array,
    called: Array,
    kind: int,
    p_answer: float,
) -> Calls:
    person = after.called_person.astype(np.int64)
    n = len(after)
    return Calls(
        n,
        start=after.end + (delay * 1e6).astype(np.int64),
        caller=people.number[person],
        network=people.number[person],
        called=called,
        line=people.line[person],
        person=person,
        kind=kind,
        **outcome(rng, n, p_answer, 4.6 if kind == KIND["rings_bank"] else 3.6, 1.0, 0.05),
    )


__all__ = ["DAY", "Crew", "Crews", "redial", "ring_back", "rings_afterwards"]
