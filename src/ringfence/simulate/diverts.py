"""Forwarded calls: a caller's number arrives over a third party's trunk, and is genuine."""

from __future__ import annotations

import numpy as np

from ringfence.simulate.calls import KIND, Calls, clock, outcome, time_of_day, weekday_factor
from ringfence.simulate.materials import Materials
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import Population
from ringfence.simulate.scenario import Scenario

BANK_SHARE = 0.04  # of diverted calls: a bank, card issuer or office calls somebody who diverts


class Diverts:
    """People and owners ring a firm's number, which its exchange sends on to somebody's mobile."""

    def __init__(
        self, scenario: Scenario, people: Population, world: Organisations, firms: Materials
    ) -> None:
        self.scenario, self.people = scenario, people
        rng = scenario.stream("diverts")
        chosen = rng.permutation(len(firms.firm_lines))[: max(10, len(firms.firm_lines) // 4)]
        self.lines = np.array(firms.firm_lines)[chosen]
        self.numbers = np.array(firms.firm_numbers)[chosen]
        self.mobiles = rng.choice(np.flatnonzero(people.mobile[: people.home]), len(chosen))
        owners = world.sector("bank", "card", "government", "telecom")
        self.owners = np.array([n for o in owners for n in (*o.outbound, *o.outbound, *o.stale)])

    def day(self, rng: np.random.Generator, midnight: int, weekday: int) -> Calls:
        daily = self.scenario.planned_calls / self.scenario.days * self.scenario.traffic["divert"]
        n = int(rng.poisson(daily * float(weekday_factor(weekday, 0.3)) * 1.25))
        firm = (len(self.lines) * rng.random(n) ** 1.5).astype(np.int64)
        caller = self.people.number[self.people.anyone(rng, n, 0.5)]
        owner = self.owners[rng.integers(0, len(self.owners), n)]
        mobile = self.mobiles[firm]
        return Calls(
            n,
            start=midnight + time_of_day(rng, clock("office"), n),
            caller=np.where(rng.random(n) < BANK_SHARE, owner, caller),
            network=self.numbers[firm],
            called=self.people.number[mobile],
            called_person=mobile,
            diverted=self.numbers[firm],
            line=self.lines[firm],
            kind=KIND["divert"],
            **outcome(rng, n, 0.7, 4.7, 1.1),
        )
