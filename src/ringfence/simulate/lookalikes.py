"""The innocents a careless detector would accuse, each as crews with their own lines, numbers and habits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ringfence.simulate.crews import Crew
from ringfence.simulate.network import Network
from ringfence.simulate.numbering import MOBILE, NON_GEOGRAPHIC, TOWNS, NumberingPlan, unallocated
from ringfence.simulate.organisations import BANKS, Organisations
from ringfence.simulate.population import CELLS_PER_TOWN, DEVICES, Population
from ringfence.simulate.scenario import Scenario
from ringfence.simulate.shapes import user_agent

Array = npt.NDArray[Any]

#: A shape and its User-Agent, shared by a service and some innocent firms.
Shared = tuple[int, str | None]


class LookAlikes:
    """Builds every crew; `crews` holds them, `firm_lines` and `firm_numbers` what diverts run through."""

    def __init__(
        self,
        scenario: Scenario,
        plan: NumberingPlan,
        network: Network,
        world: Organisations,
        people: Population,
        shared: list[Shared],
    ) -> None:
        self.scenario, self.plan, self.network = scenario, plan, network
        self.world, self.people, self.shared = world, people, shared
        self.rng = scenario.stream("look-alikes")
        self.crews: list[Crew] = []
        self.firm_lines: list[int] = []
        self.firm_numbers: list[int] = []
        size = scenario.subscribers
        self._service = plan.open("Gorse Cloud Numbers", NON_GEOGRAPHIC, 6, size // 8 + 3000)
        self._mobile = plan.open("Umber Messaging", MOBILE, 5, size // 20 + 2000)
        for kind, make, count in (
            ("pbx", self._pbx, max(60, size // 60)),
            ("wholesale", self._wholesale, max(20, size // 250)),
            ("hosted_pbx", self._hosted, max(30, size // 150)),
            ("web_phone", self._web_phone, max(6, size // 2500) + scenario.shape_innocents),
            ("cpaas", self._cpaas, max(120, size // 25)),
            ("masking", self._masking, 3),
            ("courier", self._courier, max(6, size // 4000)),
            ("call_centre", self._call_centre, max(2, size // 12_000)),
            ("bank_team", self._bank_team, BANKS),
            ("survey", self._survey, max(3, size // 8000)),
            ("hospital", self._hospital, max(3, size // 8000)),
            ("sales", self._sales, max(6, size // 3000)),
            ("debt", self._debt, max(3, size // 8000)),
            ("switchboard", self._switchboard, max(4, size // 5000)),
            ("cloud_abroad", self._cloud_abroad, max(6, size // 3000)),
            ("misconfigured", self._misconfigured, max(10, size // 1200)),
            ("gsm_gateway", self._gsm_gateway, max(2, size // 12_000)),
            ("machine", self._machine, max(4, size // 5000)),
        ):
            self._make(kind, make, count)

    def _make(self, kind: str, make: Callable[[int], list[Crew]], count: int) -> None:
        """`count` organisations of one kind; their sizes are lognormal, their sum is the kind's share."""
        made = [crew for i in range(count) for crew in make(i)]
        size = np.array([crew.daily for crew in made])
        week = np.array([(5 + 1.8 * crew.weekend) / 7 for crew in made])
        wanted = self.scenario.planned_calls / self.scenario.days * self.scenario.traffic[kind] / 1.06
        for crew, daily in zip(made, size * wanted / (size * week).sum(), strict=True):
            crew.daily = float(daily)
        self.crews += made

    # -- what firms are made of

    def _size(self, spread: float = 0.9) -> float:
        return float(np.exp(self.rng.standard_normal() * spread))

    def _town(self) -> int:
        return int(len(TOWNS) * self.rng.random() ** 1.6)

    def _numbers(self, n: int, town: int | None = None) -> Array:
        return self.world.town_pools[self._town() if town is None else town].take(n)

    def _clients(self, n: int, town: int | None = None) -> Array:
        """The people a firm calls again and again: neighbours mostly."""
        rng = self.rng
        near = self.people.neighbours(rng, self._town() if town is None else town, n)
        return np.concatenate([near[: int(n * 0.7)], self.people.anyone(rng, n - int(n * 0.7))])

    def _line(self, trunk: int, shape: Shared | None = None, right: str = "A", **more: Any) -> int:
        rng = self.rng
        shape = shape or self.network.exchange_shape(rng)
        account = more.pop("account", self.network.account_name(rng))
        return self.network.add_line(
            trunk, rng, account=account, shape=shape[0], agent=shape[1], right=right, **more
        )

    def _retail(self) -> int:
        """A reseller's trunk, or for one firm in six a trunk of its own."""
        if self.rng.random() < 0.16:
            return self.network.own_trunk()
        return self.network.pick(self.network.reseller, self.rng)

    def _firm_lines(self) -> Array:
        """One path in, sometimes two: main and backup."""
        shape = self.network.exchange_shape(self.rng)
        return np.array([self._line(self._retail(), shape) for _ in range(1 + (self.rng.random() < 0.12))])

    # -- each kind: one organisation

    def _pbx(self, i: int) -> list[Crew]:
        town = self._town()
        numbers = self._numbers(1 + int(self.rng.integers(0, 5)), town)
        lines = self._firm_lines()
        self.firm_lines.append(int(lines[0]))
        self.firm_numbers.append(int(numbers[0]))
        small = self.rng.random() < 0.5
        return [
            Crew(
                "pbx",
                lines,
                numbers,
                self._size() * (0.4 if small else 1.2),
                network=int(numbers[0]),
                called=self._clients(int(self.rng.integers(30, 200)), town),
                firms=0.35,
                seats=1 if small else 0,
                ring_back=0.25,
            )
        ]

    def _wholesale(self, i: int) -> list[Crew]:
        lines = np.array([self._line(t, account=None, right="B") for t in self._two(self.network.wholesale)])
        town = self._town()
        return [
            Crew("wholesale", lines, self._numbers(3, town), self._size(), called=self._clients(150, town))
        ]

    def _two(self, trunks: list[int]) -> list[int]:
        return [self.network.pick(trunks, self.rng), self.network.pick(trunks, self.rng)]

    def _hosted(self, i: int) -> list[Crew]:
        """Many firms on one platform: one shape, one trunk, an account each."""
        platform = i % 3
        if i < 3:
            rng = self.rng
            trunk = self.network.reseller[-1 - platform]
            self._platforms = getattr(self, "_platforms", [])
            self._platforms.append((trunk, self.network.shapes.variant("pjsip", rng, 1 + platform)))
        trunk, shape = self._platforms[platform]
        line = self._line(trunk, (shape, user_agent("pjsip", self.rng)))
        self.firm_lines.append(line)
        town = self._town()
        numbers = self._numbers(1 + int(self.rng.integers(0, 4)), town)
        self.firm_numbers.append(int(numbers[0]))
        return [
            Crew(
                "hosted_pbx",
                np.array([line]),
                numbers,
                self._size(),
                called=self._clients(80, town),
                firms=0.3,
                ring_back=0.25,
            )
        ]

    def _web_phone(self, i: int) -> list[Crew]:
        """Home workers and small firms in the browser; some share a service's very phone."""
        shape: Shared
        if self.shared and i < self.scenario.shape_innocents:
            shape = self.shared[i % len(self.shared)]
        else:
            shape = (self.network.shapes.default("web_phone"), user_agent("web_phone", self.rng))
        line = self._line(self.network.pick(self.network.reseller, self.rng), shape)
        return [
            Crew(
                "web_phone",
                np.array([line]),
                self._numbers(1 + int(self.rng.integers(0, 2))),
                self._size(0.6),
                called=self._clients(60),
                firms=0.2,
                seats=1,
                mu=4.7,
            )
        ]

    def _cpaas(self, i: int) -> list[Crew]:
        """Tenants of a platform: one network number and shape for all; a sub-account where it is passed on."""
        rng, cloud = self.rng, i % 2
        if i == 0:
            self._cloud_numbers = self._service.take(2)
        provider = f"AC{cloud}000"
        account = f"AC{int(rng.integers(10**8, 10**9)):09d}" if rng.random() < 0.6 else provider
        lines = np.array([self._line(t, account=account, right="B") for t in self.network.cloud[cloud]])
        pool = self._mobile if rng.random() < 0.45 else self._service
        numbers = pool.take(1 + int(3 * rng.random() ** 2))
        short = rng.random() < 0.6  # codes and reminders
        return [
            Crew(
                "cpaas",
                lines,
                numbers,
                self._size(1.3),
                network=int(self._cloud_numbers[cloud]),
                called=None if rng.random() < 0.5 else self._clients(100),
                clock="round",
                weekend=0.5,
                mu=2.9 if short else 4.6,
                sigma=0.6 if short else 1.1,
                ring_back=0.08,
            )
        ]

    def _masking(self, i: int) -> list[Crew]:
        """Drivers and customers see a masked number from a pool of hundreds."""
        cloud = i % 2
        lines = np.array([self._line(t, account=f"MK{i}", right="B") for t in self.network.cloud[cloud]])
        return [
            Crew(
                "masking",
                lines,
                self._mobile.take(250),
                self._size(0.4),
                network=int(self._cloud_numbers[cloud]),
                clock="round",
                weekend=1.2,
                p_answer=0.75,
                mu=3.2,
                sigma=0.7,
                redial=0.25,
                ring_back=0.2,
            )
        ]

    def _courier(self, i: int) -> list[Crew]:
        return [
            Crew(
                "courier",
                self._firm_lines(),
                self._numbers(2),
                self._size(),
                clock="shop",
                weekend=0.5,
                p_answer=0.6,
                mu=3.1,
                sigma=0.6,
                redial=0.4,
                ring_back=0.3,
            )
        ]

    def _call_centre(self, i: int) -> list[Crew]:
        """Presents its clients' numbers, banks' among them, over one trunk: some entries went stale."""
        rng = self.rng
        shape = (
            self.network.shapes.variant("contact_centre", rng, int(rng.integers(0, 3))),
            user_agent("contact_centre", rng),
        )
        trunk = self.network.own_trunk() if i % 2 else self.network.pick(self.network.reseller, rng)
        lines = np.array([self._line(trunk, shape, right="B")])
        clients = rng.permutation(np.array(self.world.sector("bank", "card", "other", "telecom"), object))
        crews = []
        for owner in clients[: int(rng.integers(4, 9))]:
            numbers = np.array([*owner.outbound, *owner.stale])
            stale = 0.05 * self.scenario.stale_rate if owner.stale else 0.0
            weights = np.array(
                [(1 - stale) / len(owner.outbound)] * len(owner.outbound) + [stale] * len(owner.stale)
            )
            crews.append(
                Crew(
                    "call_centre",
                    lines,
                    numbers,
                    self._size(),
                    weights=weights,
                    called=self._customers(owner.name, 0.25),
                    weekend=0.3,
                    p_answer=0.55,
                    mu=4.9,
                    sigma=1.2,
                    redial=0.2,
                    ring_back=0.2,
                    rings_bank=0.04,
                    bank=owner.inbound[0],
                )
            )
        return crews

    def _customers(self, owner: str, share: float) -> Array:
        """The people an owner calls: a bank's own customers, a utility's anybody."""
        people, rng = self.people, self.rng
        banks = [o.name for o in self.world.sector("bank")]
        if owner in banks:
            b = banks.index(owner)
            mine = (people.bank[: people.social] == b) | (people.second_bank[: people.social] == b)
            mine &= rng.random(people.social) < share
            mine[people.home :] &= rng.random(people.social - people.home) < 0.3
            return np.flatnonzero(mine)
        return rng.integers(0, people.home, max(200, people.home // 20))

    def _bank_team(self, i: int) -> list[Crew]:
        """A bank's genuine fraud team, long talks included; one bank in three leaves it to an outsourcer."""
        rng, owner = self.rng, self.world.sector("bank")[i]
        outsourced = rng.random() < 0.35
        family = "contact_centre" if outsourced else str(rng.choice(["cucm", "avaya", "contact_centre"]))
        shape = (self.network.shapes.variant(family, rng, int(rng.integers(0, 3))), user_agent(family, rng))
        trunk = (
            self.network.pick(self.network.wholesale, rng) if outsourced and rng.random() < 0.5
            else self.network.own_trunk()
        )
        stale = min(0.9, self.scenario.stale_rate / 0.7) if owner.stale else 0.0
        weights = np.array([(1 - stale) / len(owner.outbound)] * len(owner.outbound) + [stale] * len(owner.stale))
        return [
            Crew(
                "bank_team",
                np.array([self._line(trunk, shape, right="B" if outsourced else "A")]),
                np.array([*owner.outbound, *owner.stale]),
                float(np.sum(people_of(self.people, i))) ** 0.8,
                weights=weights,
                called=self._customers(owner.name, 0.3),
                clock="round",
                weekend=0.7,
                p_answer=0.6,
                mu=5.5,
                sigma=1.0,
                redial=0.3,
                ring_back=0.25,
                rings_bank=0.25,
                bank=owner.inbound[0],
            )
        ]

    def _survey(self, i: int) -> list[Crew]:
        """Works through numbers in order, one seat or a few, in the evening."""
        people = self.people
        town = np.flatnonzero(people.town[: people.home] == self._town())
        order = town[np.argsort(people.number[town])]
        return [
            Crew(
                "survey",
                self._firm_lines(),
                self._numbers(2),
                self._size(),
                called=order if len(order) else None,
                listed=True,
                clock="evening",
                weekend=0.6,
                p_answer=0.4,
                mu=3.3,
                sigma=1.5,
                seats=1 if i % 2 else 0,
            )
        ]

    def _hospital(self, i: int) -> list[Crew]:
        """One number, or none, for a thousand extensions."""
        number = self._numbers(1)
        return [
            Crew(
                "hospital",
                np.array([self._line(self.network.own_trunk())]),
                np.array([int(number[0]), 0]),
                self._size(0.5),
                weights=np.array([0.7, 0.3]),
                network=int(number[0]),
                clock="round",
                weekend=0.6,
                mu=4.6,
                redial=0.3,
            )
        ]

    def _sales(self, i: int) -> list[Crew]:
        """Many short calls and some long ones; rotates its own local numbers."""
        numbers = np.concatenate([self._numbers(1) for _ in range(int(self.rng.integers(3, 25)))])
        trunk = (
            self.network.pick(self.network.wholesale, self.rng) if self.rng.random() < 0.5 else self._retail()
        )
        return [
            Crew(
                "sales",
                np.array([self._line(trunk, right="B")]),
                numbers,
                self._size(),
                clock="evening",
                weekend=0.2,
                p_answer=0.45,
                mu=3.0,
                sigma=1.6,
                redial=0.2,
                ring_back=0.1,
            )
        ]

    def _debt(self, i: int) -> list[Crew]:
        return [
            Crew(
                "debt",
                self._firm_lines(),
                self._numbers(int(self.rng.integers(2, 8))),
                self._size(),
                called=self._clients(60),  # the same few, day after day
                weekend=0.3,
                p_answer=0.4,
                mu=4.4,
                sigma=1.2,
                redial=0.4,
                ring_back=0.06,
            )
        ]

    def _switchboard(self, i: int) -> list[Crew]:
        """One number in dozens of calls at once."""
        number = self._numbers(1)
        lines = np.array([self._line(self.network.own_trunk()), self._line(self._retail())])
        return [
            Crew(
                "switchboard",
                lines,
                number,
                self._size(0.5),
                network=int(number[0]),
                firms=0.3,
                mu=4.8,
                ring_back=0.05,
            )
        ]

    def _cloud_abroad(self, i: int) -> list[Crew]:
        """A British firm whose telephone system stands abroad: national numbers from an international trunk."""
        shape = self.network.exchange_shape(self.rng)
        lines = np.array([self._line(t, shape, account=None) for t in self._two(self.network.international)])
        return [
            Crew(
                "cloud_abroad",
                lines,
                self._numbers(int(self.rng.integers(1, 6))),
                self._size(),
                called=self._clients(120),
                mu=4.8,
            )
        ]

    def _misconfigured(self, i: int) -> list[Crew]:
        """Exchanges that send rubbish, an extension, an unallocated number or somebody's inbound-only one."""
        rng = self.rng
        own = self._numbers(1)
        wrong = [
            unallocated(rng, 3),
            rng.integers(100, 9999, 4),
            np.array([44_000 + int(rng.integers(100, 999))]),
            np.array([int(rng.choice(self.world.owners[int(rng.integers(len(self.world.owners)))].listed))]),
        ][i % 4]
        numbers = np.concatenate([own, wrong])
        weights = np.array([0.6] + [0.4 / len(wrong)] * len(wrong))
        return [
            Crew(
                "misconfigured",
                self._firm_lines(),
                numbers,
                self._size(),
                weights=weights,
                network=int(own[0]),
                called=self._clients(60),
            )
        ]

    def _sims(self, n: int, device: int, town: int, spread: int) -> tuple[Array, Array]:
        people, rng = self.people, self.rng
        assert people.home_mobiles is not None
        lines = np.full(n, rng.choice(people.mobile_lines[1::2]))
        cells = town * CELLS_PER_TOWN + rng.integers(0, spread, n)
        rows = people.add_sims(people.home_mobiles.take(n), lines, device, cells, town)
        return rows, lines

    def _gsm_gateway(self, i: int) -> list[Crew]:
        """A taxi firm or a fleet desk: a box of SIMs in one cell, calling its customers all day."""
        sims, lines = self._sims(int(self.rng.integers(6, 16)), DEVICES + 1 + i % 3, self._town(), 1)
        return [
            Crew(
                "gsm_gateway",
                lines,
                self.people.number[sims],
                self._size(0.5),
                pairs=True,
                sims=sims,
                called=self._clients(150),
                clock="round",
                weekend=1.0,
                mu=3.3,
                sigma=0.7,
                ring_back=0.3,
            )
        ]

    def _machine(self, i: int) -> list[Crew]:
        """Lifts and alarms of one maker: SIMs that never move and report to one centre."""
        sims, lines = self._sims(60, DEVICES + 10 + i % 4, self._town(), CELLS_PER_TOWN)
        centre = self.people.anyone(self.rng, 2, 1.0)
        return [
            Crew(
                "machine",
                lines,
                self.people.number[sims],
                self._size(0.3),
                pairs=True,
                sims=sims,
                called=centre,
                clock="round",
                weekend=1.0,
                p_answer=0.97,
                mu=2.8,
                sigma=0.4,
                voicemail=0.0,
                ring_back=0.01,
            )
        ]


def people_of(people: Population, bank: int) -> Array:
    """Mask of the people who bank there."""
    mine: Array = people.bank == bank
    return mine
