"""Ordinary traffic: people calling people, shops, help desks, abroad and the emergency services."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ringfence.simulate.calls import KIND, Calls, clock, outcome, time_of_day, weekday_factor
from ringfence.simulate.crews import redial, ring_back
from ringfence.simulate.network import Network
from ringfence.simulate.numbering import foreign
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import CONTACTS, Population
from ringfence.simulate.scenario import Scenario

Array = npt.NDArray[Any]

_RANK = np.cumsum(1 / (np.arange(len(CONTACTS)) + 1.0))
_RANK /= _RANK[-1]


class Ordinary:
    """Draws a day of ordinary traffic."""

    def __init__(
        self, scenario: Scenario, people: Population, world: Organisations, network: Network
    ) -> None:
        self.scenario, self.people, self.world = scenario, people, world
        weight = people.rate[: people.social].copy()
        weight[people.home :] *= 0.7
        self._weight = np.cumsum(weight)
        self._home_weight = self._weight[people.home - 1]
        rng = scenario.stream("international lines")
        self.gateways = np.array([network.add_line(t, rng) for t in network.international], np.int32)

    def day(self, rng: np.random.Generator, midnight: int, weekday: int) -> Calls:
        daily = self.scenario.planned_calls / self.scenario.days
        share = self.scenario.traffic
        factor = float(weekday_factor(weekday, 0.8)) * 7 / (5 + 1.8 * 0.8)
        shops = float(weekday_factor(weekday, 0.45)) * 7 / (5 + 1.8 * 0.45)
        return Calls.concat(
            [
                self._people(rng, int(daily * share["person"] * factor), midnight),
                self._businesses(rng, int(daily * share["inbound_business"] * shops), midnight),
                self._roamers(rng, int(daily * share["roamer"] * factor), midnight),
                self._abroad(rng, int(daily * share["international"] * factor), midnight),
                self._emergency(rng, rng.poisson(daily * share["emergency"]), midnight),
            ]
        )

    def _callers(self, rng: np.random.Generator, n: int, home_only: bool) -> Array:
        top = self._home_weight if home_only else self._weight[-1]
        found: Array = np.searchsorted(self._weight, rng.random(n) * top)
        return found

    def _people(self, rng: np.random.Generator, wanted: int, midnight: int) -> Calls:
        people = self.people
        wanted = int(wanted / 1.12)  # redials and returned calls come on top
        caller = self._callers(rng, int(wanted * 2.6) + 20, home_only=False)
        called = people.contact(caller, np.searchsorted(_RANK, rng.random(len(caller))))
        # calls between two other networks do not cross this one
        seen = np.flatnonzero((caller < people.home) | (called < people.home))[:wanted]
        caller, called = caller[seen], called[seen]
        n = len(caller)
        mobile = people.mobile[called]
        calls = Calls(
            n,
            start=midnight + time_of_day(rng, clock("private"), n),
            caller=people.number[caller],
            network=people.number[caller],
            called=people.number[called],
            called_person=called,
            line=people.line[caller],
            person=caller,
            kind=np.where(people.ported[caller], KIND["ported"], KIND["person"]),
            **outcome(rng, n, np.where(mobile, 0.64, 0.7), 4.4, 1.35, np.where(mobile, 0.16, 0.1)),
        )
        calls.caller[rng.random(n) < 0.012] = 0  # some people withhold theirs
        return Calls.concat([calls, redial(rng, calls, 0.12), ring_back(rng, people, calls, 0.32)])

    def _businesses(self, rng: np.random.Generator, n: int, midnight: int) -> Calls:
        people = self.people
        caller = self._callers(rng, n, home_only=True)
        return Calls(
            n,
            start=midnight + time_of_day(rng, clock("shop"), n),
            caller=people.number[caller],
            network=people.number[caller],
            called=self.world.destination(rng, n),
            line=people.line[caller],
            person=caller,
            kind=KIND["inbound_business"],
            **outcome(rng, n, 0.86, 4.9, 1.0, 0.04),
        )

    def _roamers(self, rng: np.random.Generator, n: int, midnight: int) -> Calls:
        """Subscribers and other networks' customers abroad: +447 from an international gateway."""
        people = self.people
        # the same few are away for the period
        away = self.scenario.stream("away").permutation(people.social)[: max(20, people.social // 70)]
        away = away[people.mobile[away]]
        caller = away[(len(away) * rng.random(int(n * 2.2)) ** 1.5).astype(np.int64)]
        called = people.contact(caller, np.searchsorted(_RANK, rng.random(len(caller))))
        keep = np.flatnonzero((caller < people.home) | (called < people.home))[:n]
        caller, called = caller[keep], called[keep]
        n = len(caller)
        home = caller < people.home
        # the home network knows its own; of others a query says so, or nothing does
        proof = np.where(home, rng.random(n) < 0.93, rng.random(n) < 0.7)
        return Calls(
            n,
            start=midnight + time_of_day(rng, clock("private"), n),
            caller=people.number[caller],
            network=people.number[caller],
            called=people.number[called],
            called_person=called,
            line=self.gateways[(caller * 7919) % len(self.gateways)],
            roaming=np.where(proof, 1, -1),
            kind=KIND["roamer"],
            **outcome(rng, n, 0.62, 4.3, 1.2),
        )

    def _abroad(self, rng: np.random.Generator, n: int, midnight: int) -> Calls:
        """To and from other countries."""
        people, out = self.people, rng.random(n) < 0.5
        caller = self._callers(rng, n, home_only=True)
        number = people.number[caller]
        other = foreign(rng, n)
        gateway = self.gateways[rng.integers(0, len(self.gateways), n)]
        return Calls(
            n,
            start=midnight + time_of_day(rng, clock("round"), n),
            caller=np.where(out, number, other),
            network=np.where(out, number, other),
            called=np.where(out, other, number),
            called_person=np.where(out, -1, caller),
            line=np.where(out, people.line[caller], gateway),
            person=np.where(out, caller, -1),
            kind=KIND["international"],
            **outcome(rng, n, 0.6, 4.8, 1.3),
        )

    def _emergency(self, rng: np.random.Generator, n: int, midnight: int) -> Calls:
        people = self.people
        caller = self._callers(rng, n, home_only=True)
        codes = np.array([999, 111, 101, 159, 7726, 112])
        return Calls(
            n,
            start=midnight + time_of_day(rng, clock("round"), n),
            caller=people.number[caller],
            network=people.number[caller],
            called=codes[rng.choice(6, n, p=[0.3, 0.4, 0.15, 0.08, 0.02, 0.05])],
            line=people.line[caller],
            person=caller,
            kind=KIND["emergency"],
            **outcome(rng, n, 0.97, 4.6, 0.9, 0.0),
        )
