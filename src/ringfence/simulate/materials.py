"""What calling organisations are made of: numbers, clients, exchanges, lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ringfence.simulate.network import Network
from ringfence.simulate.numbering import MOBILE, NON_GEOGRAPHIC, TOWNS, NumberingPlan
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import CELLS_PER_TOWN, Population
from ringfence.simulate.scenario import Scenario

Array = npt.NDArray[Any]

#: A shape and its User-Agent.
Shown = tuple[int, str | None]


class Materials:
    """Draws the parts of organisations, all from one random stream.

    shared: shapes of services that innocent firms show too. firm_lines and firm_numbers collect the firms
    whose exchanges forward calls; platforms the hosted ones: (trunk, shape) each.
    """

    def __init__(
        self,
        scenario: Scenario,
        plan: NumberingPlan,
        network: Network,
        world: Organisations,
        people: Population,
        shared: list[Shown],
    ) -> None:
        self.scenario, self.network, self.world, self.people = scenario, network, world, people
        self.shared = shared
        self.rng = scenario.stream("look-alikes")
        self.firm_lines: list[int] = []
        self.firm_numbers: list[int] = []
        size = scenario.subscribers
        self.service_numbers = plan.open("Gorse Cloud Numbers", NON_GEOGRAPHIC, 6, size // 8 + 3000)
        self.mobile_numbers = plan.open("Umber Messaging", MOBILE, 5, size // 15 + 2500)
        self.cloud_numbers = self.service_numbers.take(
            len(network.cloud)
        )  # one network number for each CPaaS
        self.platforms = [
            (trunk, network.shapes.variant("pjsip", self.rng, changes))
            for changes, trunk in enumerate(network.reseller[-3:], start=1)
        ]

    def size(self, spread: float = 0.9) -> float:
        """How busy an organisation is: lognormal, relative."""
        return float(np.exp(self.rng.standard_normal() * spread))

    def town(self) -> int:
        return int(len(TOWNS) * self.rng.random() ** 1.6)

    def numbers(self, n: int, town: int | None = None) -> Array:
        return self.world.town_pools[self.town() if town is None else town].take(n)

    def clients(self, n: int, town: int | None = None) -> Array:
        """The people an organisation calls again and again: neighbours mostly."""
        near = self.people.neighbours(self.rng, self.town() if town is None else town, n)[: int(n * 0.7)]
        return np.concatenate([near, self.people.anyone(self.rng, n - int(n * 0.7))])

    def presented(self, n: int, town: int | None = None) -> tuple[Array, Array]:
        """A firm's numbers and how often each is shown: its own, for some a mobile, for some none at all."""
        rng = self.rng
        numbers, weights = [*self.numbers(n, town)], [1.0] * n
        if rng.random() < 0.15:
            numbers.append(int(self.mobile_numbers.take(1)[0]))
            weights.append(0.5)
        if rng.random() < 0.08:
            numbers.append(0)
            weights.append(0.3)
        return np.array(numbers, np.int64), np.array(weights)

    def line(self, trunk: int, shown: Shown | None = None, right: str = "A", **more: Any) -> int:
        """A line over the trunk; an account as the carrier's records show it unless `account` is given."""
        shown = shown or self.network.exchange_shape(self.rng)
        account = more.pop("account", self.network.account_name(self.rng))
        if trunk in self.network.wholesale or trunk in self.network.international:
            account = None  # the customer's customer: nobody passes it on
        return self.network.add_line(
            trunk, self.rng, account=account, shape=shown[0], agent=shown[1], right=right, **more
        )

    def retail(self) -> int:
        """A reseller's trunk, or for one firm in six a trunk of its own."""
        if self.rng.random() < 0.16:
            return self.network.own_trunk()
        return self.reseller()

    def reseller(self) -> int:
        return self.network.pick(self.network.reseller, self.rng)

    def wholesaler(self) -> int:
        return self.network.pick(self.network.wholesale, self.rng)

    def firm_paths(self) -> Array:
        """One path in, sometimes two: main and backup."""
        shown = self.network.exchange_shape(self.rng)
        return np.array([self.line(self.retail(), shown) for _ in range(1 + (self.rng.random() < 0.12))])

    def sims(self, n: int, device: int, town: int, cells: int) -> tuple[Array, Array]:
        """n SIMs of one device type standing in a few cells: rows of the population, and their lines."""
        people, rng = self.people, self.rng
        lines = np.full(n, rng.choice(people.mobile_lines[1::2]))
        at = town * CELLS_PER_TOWN + rng.integers(0, cells, n)
        return people.add_sims(people.home_mobiles.take(n), lines, device, at, town), lines
