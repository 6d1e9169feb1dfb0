"""The spoofing services: what each keeps for good, and the trunks, accounts and customers it has now.

Two profiles follow what police and courts published of two services; the third hides behind a common default
stack; the fourth is a SIM farm, which spoofs nothing. docs/explanation/simulation.md gives the sources.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ringfence.simulate.network import Network
from ringfence.simulate.numbering import TOWNS, NumberingPlan
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import CELLS_PER_TOWN, DEVICES, Population
from ringfence.simulate.scenario import Scenario, stream
from ringfence.simulate.shapes import FAMILIES, user_agent, vary

Array = npt.NDArray[Any]


class Profile(msgspec.Struct, frozen=True):
    """weight: of the fraud, against the other services. outcomes: shares of first calls: unanswered, mailbox,
    under a minute, one to five minutes, over five minutes. family: the stack that its shape is a
    variant of. loss: mean of what a robbed victim loses, in pounds. pause: median seconds between calls."""

    weight: float
    outcomes: tuple[float, float, float, float, float]
    family: str
    changes: int
    loss: float = 9_500
    pause: float = 75
    recorded: float = 0.0  # share of customers who play recordings to catch one-time codes


PROFILES = {
    # 170,000 of 1.3 million calls lasted over five minutes: 13.1 %, with the re-contacts that come on top
    "handset": Profile(0.35, (0.37, 0.125, 0.265, 0.127, 0.113), "softphone", 3),
    # 350,000 of some 3.5 million calls lasted over a minute: 10 %, with recordings and re-contacts
    "web_app": Profile(0.30, (0.38, 0.15, 0.333, 0.1, 0.037), "web_phone", 2, 10_000, 45, 0.35),
    "common_shape": Profile(0.20, (0.37, 0.12, 0.28, 0.125, 0.105), "asterisk", 0),
    "sim_farm": Profile(0.15, (0.40, 0.13, 0.27, 0.115, 0.085), "", 0),
}


class Favourites(msgspec.Struct):
    """Numbers a customer likes to present, with the owner of each: (number, owner)."""

    protected: list[tuple[int, str]]
    unregistered: list[tuple[int, str]]
    authority: list[tuple[int, str]]
    mobiles: list[int]


class Customer(msgspec.Struct):
    """One paying customer. lines, favourites and sims: before and after the move of the service."""

    name: str
    platform: str
    quota: int
    first_day: float  # active from, to: days of the period
    last_day: float
    hours: tuple[float, float]
    weekends: bool
    pause: float
    recorded: bool
    leads: Array
    lines: tuple[Array, Array]
    favourites: tuple[Favourites, Favourites]
    sims: tuple[Array, Array]


class _Access(msgspec.Struct, frozen=True):
    """A service's account on one trunk: its name if known, the server it calls from, its network number."""

    account: str | None
    address: str
    number: int


class Service(msgspec.Struct):
    """A spoofing service at work."""

    platform: str
    profile: Profile
    move_day: float
    customers: list[Customer]


def shapes(scenario: Scenario, network: Network) -> list[tuple[int, str | None]]:
    """The shape each service shows, with its User-Agent: kept for years, whatever else changes. (0, None): a
    SIM farm has none."""
    found: list[tuple[int, str | None]] = []
    for i, kind in enumerate(scenario.services):
        profile = PROFILES[kind]
        if not profile.family:
            found.append((0, None))
            continue
        rng = _habit(scenario, i)
        common = not scenario.rare_shapes or profile.changes == 0
        family = str(rng.choice(["asterisk", "pjsip", "freeswitch"])) if common else profile.family
        agent = user_agent(family, rng)
        shape = (
            network.shapes.default(family) if common else network.shapes.variant(family, rng, profile.changes)
        )
        found.append((shape, agent))
    return found


def shared_with_innocents(
    scenario: Scenario, made: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """The shapes that innocent users of the same web phone show too."""
    if not scenario.rare_shapes:
        return []
    return [shape for shape, kind in zip(made, scenario.services, strict=True) if kind == "web_app"]


def build(
    scenario: Scenario,
    plan: NumberingPlan,
    network: Network,
    world: Organisations,
    people: Population,
    made: list[tuple[int, str | None]],
) -> list[Service]:
    """Every service of the scenario, with trunks, accounts, customers and lead lists for this period."""
    weights = np.array([PROFILES[kind].weight for kind in scenario.services])
    budget = np.floor(scenario.planned_fraud * weights / max(weights.sum(), 1e-9)).astype(int)
    lists: list[Array] = []
    services = []
    for i, kind in enumerate(scenario.services):
        builder = _Builder(scenario, plan, network, world, people, lists)
        services.append(builder.service(i, kind, made[i], int(budget[i])))
    return services


def _habit(scenario: Scenario, i: int) -> np.random.Generator:
    """Draws that stay the same when a service returns."""
    seed = scenario.seed if scenario.service_seed < 0 else scenario.service_seed
    return stream(seed, "service", i, scenario.services[i])


class _Builder:
    def __init__(
        self,
        scenario: Scenario,
        plan: NumberingPlan,
        network: Network,
        world: Organisations,
        people: Population,
        lists: list[Array],
    ) -> None:
        self.scenario, self.plan, self.network = scenario, plan, network
        self.world, self.people, self.lists = world, people, lists

    def service(self, i: int, kind: str, shape: tuple[int, str | None], budget: int) -> Service:
        scenario, profile = self.scenario, PROFILES[kind]
        habit = _habit(scenario, i)
        habit.random(8)  # past the draws of the shape
        self.rng = scenario.stream("service now", i, kind, scenario.period)
        pause = profile.pause * float(np.exp(habit.standard_normal() * 0.25))
        opens = float(habit.uniform(8.5, 10.5))
        self.liked = habit.permutation(len(self.world.sector("bank", "card")))[:6]
        move_day = scenario.move_at * scenario.days
        platform = f"{kind}-{i + 1}"
        quotas = self._quotas(budget)
        if kind == "sim_farm":
            batches = (self._batch(budget, i, 0), self._batch(budget, i, 1))
            before: dict[int, _Access] = {}
            after, later = before, shape
        else:
            batches = (np.empty(0, np.int64),) * 2
            before, after = self._accesses(self._trunks()), self._accesses(self._trunks())
            later = self._updated(kind, shape)
        customers = []
        for c, quota in enumerate(quotas):
            first, last = self._active(quota)
            own = self.rng.random() < scenario.own_account_rate
            opening = opens + float(self.rng.normal(0, 0.7))
            likes = self._favourites()
            customers.append(
                Customer(
                    name=f"{platform}/c{c + 1:03d}",
                    platform=platform,
                    quota=quota,
                    first_day=first,
                    last_day=last,
                    hours=(opening, min(20.5, opening + float(self.rng.uniform(5, 9.5)))),
                    weekends=bool(self.rng.random() < 0.25),
                    pause=pause * float(np.exp(self.rng.standard_normal() * 0.3)),
                    recorded=bool(self.rng.random() < profile.recorded),
                    leads=self._leads(quota),
                    lines=(self._lines(before, shape, own), self._lines(after, later, own)),
                    favourites=(likes, self._after_move(likes)),
                    sims=batches,
                )
            )
        return Service(platform, profile, move_day, customers)

    def _quotas(self, budget: int) -> list[int]:
        """Calls of each customer: lognormal, as customers of anything are; they add up to the budget."""
        if budget < 1:
            return []
        n = max(1, round(budget / self.scenario.customer_calls))
        size = np.exp(self.rng.standard_normal(n) * 0.6)
        quota = np.maximum(1, np.floor(budget * size / size.sum())).astype(int)
        quota[0] += budget - quota.sum()
        return [int(q) for q in quota if q > 0]

    def _active(self, quota: int) -> tuple[float, float]:
        days = self.scenario.days
        length = min(days, max(2.0, float(self.rng.uniform(0.25, 1.0)) * days, quota / 30))
        first = float(self.rng.uniform(0, days - length))
        return first, first + length

    # -- paths in

    def _trunks(self) -> list[int]:
        """The trunks of one stretch of time: retail accounts, mixed wholesale trunks, gateways abroad."""
        s, rng, network = self.scenario, self.rng, self.network
        share = np.array([s.retail_trunk_share, s.rewritten_trunk_share, s.international_trunk_share])
        share = share / max(share.sum(), 1e-9)
        groups = (network.reseller, network.wholesale, network.international)
        chosen = [int(rng.choice(groups[0]))]  # every service has a retail account somewhere
        others = rng.choice(3, s.trunks_per_service - 1, p=share)
        chosen += [int(rng.choice(groups[int(g)])) for g in others]
        return chosen

    def _accesses(self, trunks: list[int]) -> dict[int, _Access]:
        """What the service as a whole has on each trunk."""
        servers = [self.network.server_address(self.rng) for _ in range(2)]
        return {t: self._access(t, servers[int(self.rng.integers(2))]) for t in trunks}

    def _access(self, trunk: int, server: str) -> _Access:
        rng, network = self.rng, self.network
        retail = trunk in network.reseller
        town = self.world.town_pools[int(rng.integers(len(TOWNS)))]
        return _Access(
            network.account_name(rng) if retail else None,
            server,
            int(town.take(1)[0]) if retail and rng.random() < 0.5 else 0,
        )

    def _lines(self, accesses: dict[int, _Access], shape: tuple[int, str | None], own: bool) -> Array:
        """One customer's lines: over the service's accounts, or over sub-accounts of their own."""
        rng, network = self.rng, self.network
        lines = []
        for t, shared in accesses.items():
            account = network.account_name(rng) if own and shared.account else shared.account
            lines.append(
                network.add_line(
                    t,
                    rng,
                    account=account,
                    shape=shape[0],
                    agent=shape[1],
                    right="A" if rng.random() < 0.08 else "B",
                    address=shared.address,
                    number=shared.number,
                )
            )
        return np.array(lines, np.int64)

    def _updated(self, kind: str, shape: tuple[int, str | None]) -> tuple[int, str | None]:
        """After the move one service in three has a new build of its phone: one part differs."""
        rare = self.scenario.rare_shapes and PROFILES[kind].changes > 0
        if not rare or self.rng.random() > 0.33:
            return shape
        parts = self.network.shapes.parts[shape[0]]
        assert parts is not None
        return self.network.shapes.add(vary(parts, self.rng, 1)), shape[1]

    def _batch(self, budget: int, i: int, stretch: int) -> Array:
        """SIMs bought together: consecutive numbers, one kind of modem, one or two cells, no friends."""
        people, rng = self.people, self.rng
        n = min(2000, max(5, budget // 5))
        first = int(people.home_mobiles.anywhere(rng, 1)[0])
        run = first - first % 10_000 + np.arange(10_000)  # a block that other subscribers share
        free = run[~np.isin(run, people.number)]
        begin = int(rng.integers(0, len(free) - n))
        numbers = free[begin : begin + n]
        town = int(rng.integers(len(TOWNS)))
        cells = town * CELLS_PER_TOWN + rng.integers(0, 2, n)
        lines = np.full(n, rng.choice(people.mobile_lines))
        return people.add_sims(numbers, lines, DEVICES + 20 + (i + stretch) % 3, cells, town)

    # -- whom they call, and as whom

    def _leads(self, quota: int) -> Array:
        """A stretch of a bought list: people of one town or two, in number order or by name."""
        people, rng, s = self.people, self.rng, self.scenario
        n = quota + 10
        if self.lists and rng.random() < s.shared_list_rate:
            bought = self.lists[int(rng.integers(len(self.lists)))]
            if len(bought) >= 8:
                return bought[int(rng.integers(0, max(1, len(bought) // 4))) :]
        town = int(len(TOWNS) * rng.random() ** 1.6)
        here = np.flatnonzero(people.town[: people.home] == town)
        if len(here) == 0:  # a very small network
            here = np.arange(people.home)
        fixed = here[~people.mobile[here]]
        chosen = fixed if len(fixed) > n and rng.random() < 0.5 else here
        if rng.random() < s.number_order_rate:
            ordered = chosen[np.argsort(people.number[chosen])]
        else:  # by name: an order the numbers do not show, the same for everybody who buys the list
            ordered = s.stream("directory", town).permutation(chosen)
        first = int(rng.integers(0, max(1, len(ordered) - n)))
        leads: Array = ordered[first : first + n]
        self.lists.append(leads)
        return leads

    def _favourites(self) -> Favourites:
        rng, world = self.rng, self.world
        banks = world.sector("bank", "card")
        liked = [banks[int(b)] for b in self.liked]
        pick = [liked[int(x)] for x in rng.permutation(len(liked))[: int(rng.integers(2, 5))]]
        protected = [(int(rng.choice(o.listed)), o.name) for o in pick]
        without = [o for o in banks if o.unlisted] or banks
        unregistered = [
            (int(rng.choice(o.unlisted or o.outbound)), o.name)
            for o in (without[int(rng.integers(len(without)))] for _ in range(2))
        ]
        offices = world.sector("telecom", "police", "government")
        authority = [
            (int(rng.choice([*o.unlisted, *o.outbound])), o.name)
            for o in (offices[int(rng.integers(len(offices)))] for _ in range(2))
        ]
        mobiles = [int(x) for x in self.plan.valid_mobiles(rng, 3)]
        return Favourites(protected, unregistered, authority, mobiles)

    def _after_move(self, old: Favourites) -> Favourites:
        new, keep, rng = self._favourites(), self.scenario.kept_identities, self.rng

        def some(kept: list[Any], fresh: list[Any]) -> list[Any]:
            return [k if rng.random() < keep else fresh[i % len(fresh)] for i, k in enumerate(kept)]

        return Favourites(
            some(old.protected, new.protected),
            some(old.unregistered, new.unregistered),
            some(old.authority, new.authority),
            some(old.mobiles, new.mobiles),
        )


__all__ = ["FAMILIES", "PROFILES", "Customer", "Favourites", "Profile", "Service", "build", "shapes"]
