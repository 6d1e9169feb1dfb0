"""People and their phones: whom they call, their line, handset, cell and bank."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ringfence.simulate.network import FIXED_NETWORKS, HOME, MOBILE_NETWORKS, Network
from ringfence.simulate.numbering import MOBILE, TOWNS, NumberingPlan, Pool
from ringfence.simulate.scenario import Scenario
from ringfence.simulate.shapes import user_agent

Array = npt.NDArray[Any]

ELSEWHERE = 2  # people on other networks per subscriber
MOBILE_SHARE = 0.68
PORTED_SHARE = 0.06
CONTACTS = np.array([1, -1, 2, -2, 5, -5, 9, -9, 17, -17, 40, -40])
DEVICES = 160
CELLS_PER_TOWN = 12
BANK_WEIGHT = np.array([0.2, 0.16, 0.14, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.01, 0.01])


class Population:
    """Parallel arrays over people; the first `home` of them are subscribers of the recording network.

    number, line, mobile (bool), town, rate (calls a day, relative), ported (bool), bank, second_bank
    (-1: none); for subscribers' mobiles device, cell and work_cell, else -1. Rows past `social` are SIMs
    in machines, gateways and farms: they have a line and a handset but no friends.
    """

    home_mobiles: Pool  # more numbers for SIMs of the recording network

    def __init__(self, scenario: Scenario, plan: NumberingPlan, network: Network) -> None:
        rng = scenario.stream("population")
        self.home = scenario.subscribers
        self.social = n = self.home * (1 + ELSEWHERE)
        at_home = np.arange(n) < self.home
        self.mobile = rng.random(n) < MOBILE_SHARE
        self.town = (len(TOWNS) * rng.random(n) ** 1.6).astype(np.int16)
        # households that hardly ever call out are normal: heavy spread, landlines lower
        rate = np.exp(rng.standard_normal(n) * np.where(self.mobile, 0.9, 1.5))
        self.rate = rate * np.where(self.mobile, 1.0, 0.35)
        self.bank = rng.choice(len(BANK_WEIGHT), n, p=BANK_WEIGHT).astype(np.int8)
        other = rng.choice(len(BANK_WEIGHT), n, p=BANK_WEIGHT).astype(np.int8)
        two = (rng.random(n) < scenario.two_bank_rate) & (other != self.bank)
        self.second_bank = np.where(two, other, np.int8(-1)).astype(np.int8)

        # networks: 0 is home; then mobile, then fixed networks elsewhere
        holders = (HOME, *MOBILE_NETWORKS, *FIXED_NETWORKS)
        served = np.zeros(n, np.int8)
        away = ~at_home
        served[away & self.mobile] = 1 + rng.integers(
            0, len(MOBILE_NETWORKS), int((away & self.mobile).sum())
        )
        fixed_first = 1 + len(MOBILE_NETWORKS)
        served[away & ~self.mobile] = fixed_first + rng.integers(
            0, len(FIXED_NETWORKS), int((away & ~self.mobile).sum())
        )
        # a ported number lies in another holder's block
        self.ported = rng.random(n) < PORTED_SHARE
        block = served.copy()
        block[self.ported & self.mobile] = (served[self.ported & self.mobile] + 1) % fixed_first
        fixed_holders = np.array([0, *range(fixed_first, len(holders))], np.int8)
        moved = self.ported & ~self.mobile
        block[moved] = fixed_holders[rng.integers(0, len(fixed_holders), int(moved.sum()))]

        self.number = np.zeros(n, np.int64)
        for h, holder in enumerate(holders):
            who = np.flatnonzero((block == h) & self.mobile)
            if len(who):
                # room for SIM batches and machines that come later
                planned = len(who) + (scenario.subscribers // 10 + 6000 if h == 0 else 0)
                pool = plan.open(holder, MOBILE, 5, planned)
                self.number[who] = pool.take(len(who))
                if h == 0:
                    self.home_mobiles = pool
            for town, prefix in enumerate(TOWNS):
                who = np.flatnonzero((block == h) & ~self.mobile & (self.town == town))
                if len(who):
                    self.number[who] = plan.open(holder, [prefix], 6, len(who)).take(len(who))

        self.ring = rng.permutation(n)  # place of each person on the ring of acquaintance
        self.at = np.argsort(self.ring)  # who stands at each place
        self._lines(scenario, network, served, rng)
        self._handsets(rng)

    def _lines(self, scenario: Scenario, network: Network, served: Array, rng: np.random.Generator) -> None:
        volte = network.shapes.default("volte")
        mobile_lines = []
        for trunk in network.mobile:
            network.trunks[trunk].signalled = scenario.fingerprints
            mobile_lines.append(network.add_line(trunk, rng, shape=volte))
            mobile_lines.append(network.add_line(trunk, rng))  # calls over 2G and 3G carry no SIP
            network.addresses[-1] = []
        self.mobile_lines = np.array(mobile_lines, np.int32)
        gateways = []
        for trunk in network.fixed:
            network.trunks[trunk].signalled = True
            for build in range(6):
                shape = (
                    network.shapes.default("home_gateway")
                    if build == 0
                    else network.shapes.variant("home_gateway", rng, 1)
                )
                gateways.append(
                    network.add_line(trunk, rng, shape=shape, agent=user_agent("home_gateway", rng))
                )
                network.addresses[-1] = network.trunks[trunk].addresses
        n = self.social
        self.line = np.zeros(n, np.int32)
        home_mobile = (np.arange(n) < self.home) & self.mobile
        home_fixed = (np.arange(n) < self.home) & ~self.mobile
        self.line[home_mobile] = self.mobile_lines[rng.integers(0, len(mobile_lines), int(home_mobile.sum()))]
        skew = (len(gateways) * rng.random(int(home_fixed.sum())) ** 1.7).astype(int)
        self.line[home_fixed] = np.array(gateways, np.int32)[skew]
        for h, holder in enumerate((*MOBILE_NETWORKS, *FIXED_NETWORKS), start=1):
            lines = np.array([network.add_line(t, rng) for t in network.interconnect[holder]], np.int32)
            who = np.flatnonzero(served == h)
            self.line[who] = lines[rng.integers(0, len(lines), len(who))]

    def _handsets(self, rng: np.random.Generator) -> None:
        n = self.social
        has = (np.arange(n) < self.home) & self.mobile
        device = (DEVICES * rng.random(n) ** 2.2).astype(np.int16)
        self.device = np.where(has, device, np.int16(-1)).astype(np.int16)
        cell = self.town * CELLS_PER_TOWN + rng.integers(0, CELLS_PER_TOWN, n)
        self.cell = np.where(has, cell, -1).astype(np.int32)
        commutes = rng.random(n) < 0.6
        work = np.where(commutes, rng.integers(0, len(TOWNS) * CELLS_PER_TOWN, n), cell)
        near = cell - cell % CELLS_PER_TOWN + rng.integers(0, CELLS_PER_TOWN, n)
        work = np.where(commutes & (rng.random(n) < 0.7), near, work)
        self.work_cell = np.where(has, work, -1).astype(np.int32)
        self.still = np.zeros(n, bool)  # machines do not move

    def add_sims(
        self, numbers: Array, lines: Array, device: int, cells: Array, town: int = 0
    ) -> npt.NDArray[np.int64]:
        """SIMs of the home network that stand still in a machine or a rack: their rows."""
        first, n = len(self.number), len(numbers)
        grow: dict[str, Array] = {
            "number": numbers,
            "line": lines,
            "device": np.full(n, device),
            "cell": cells,
            "work_cell": cells,
            "still": np.ones(n, bool),
            "mobile": np.ones(n, bool),
            "town": np.full(n, town),
            "rate": np.zeros(n),
            "bank": np.zeros(n),
            "second_bank": np.full(n, -1),
            "ported": np.zeros(n, bool),
        }
        for name, values in grow.items():
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, values.astype(old.dtype)]))
        return np.arange(first, first + n)

    def at_home(self, people: Array) -> npt.NDArray[np.bool_]:
        """Whether each person (or -1) is a subscriber of the recording network: their own calls are seen."""
        home: npt.NDArray[np.bool_] = ((people >= 0) & (people < self.home)) | (people >= self.social)
        return home

    def contact(self, people: Array, rank: Array) -> npt.NDArray[np.int64]:
        """Each person's acquaintance of that rank; acquaintance is mutual."""
        place = (self.ring[people] + CONTACTS[rank]) % self.social
        found: npt.NDArray[np.int64] = self.at[place]
        return found

    def anyone(self, rng: np.random.Generator, n: int, home_share: float = 0.85) -> npt.NDArray[np.int64]:
        """Random people, mostly subscribers of the recording network."""
        here = rng.random(n) < home_share
        return np.where(here, rng.integers(0, self.home, n), rng.integers(self.home, self.social, n))

    def neighbours(self, rng: np.random.Generator, town: int, n: int) -> npt.NDArray[np.int64]:
        """Up to n random people of one town."""
        who = np.flatnonzero(self.town[: self.social] == town)
        return rng.permutation(who)[:n]
