"""A paying customer at work, call by call: sessions, lead list, redials, re-contacts under another owner."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ringfence.simulate.calls import KIND, Calls
from ringfence.simulate.network import hash_share
from ringfence.simulate.numbering import NumberingPlan, unallocated
from ringfence.simulate.population import Population
from ringfence.simulate.scenario import Scenario
from ringfence.simulate.services import Customer, Favourites, Service

Array = npt.NDArray[Any]

HOUR = 3600.0
DAY = 24 * HOUR
ROBBED = 0.4  # of talks over five minutes end in a loss


class Made(msgspec.Struct):
    """Fraudulent calls in order of time, the customers they refer to, and victims' losses in pounds."""

    calls: Calls
    owners: npt.NDArray[np.object_]  # impersonated in each call; "" nobody
    customers: list[Customer]
    losses: dict[int, float]  # called number -> pounds


class _Row(msgspec.Struct):
    start: float  # seconds from the first day's midnight
    ring: float
    talk: float  # NaN: not answered
    status: int
    caller: int
    victim: int
    line: int
    sim: int
    owner: str  # impersonated; "" nobody


class _Due(msgspec.Struct, order=True):
    """A call promised for later: the same victim again."""

    at: float
    victim: int
    owner: str = ""  # whom not to be this time
    withheld: bool = False
    rehearsed: bool = False  # the victim expects it


def simulate(
    scenario: Scenario, services: list[Service], people: Population, plan: NumberingPlan, origin: int
) -> Made:
    """Every fraudulent call of the period. origin: µs of the first midnight."""
    customers = [c for s in services for c in s.customers]
    parts: list[Calls] = []
    owners: list[str] = []
    losses: dict[int, float] = {}
    row = 0
    for service in services:
        for customer in service.customers:
            rng = scenario.stream("campaign", customer.name, scenario.period)
            work = _Campaign(scenario, service, customer, people, plan, rng)
            rows = work.run()
            parts.append(_as_calls(rows, people, customer, origin, row))
            owners += [r.owner for r in rows]
            losses.update(work.losses)
            row += 1
    calls = Calls.concat(parts)
    order = np.argsort(calls.start, kind="stable")
    return Made(calls.take(order), np.array(owners, object)[order], customers, losses)


def _as_calls(rows: list[_Row], people: Population, customer: Customer, origin: int, row: int) -> Calls:
    def column(name: str, dtype: Any) -> Array:
        return np.array([getattr(r, name) for r in rows], dtype)

    victim, caller, sim = column("victim", np.int64), column("caller", np.int64), column("sim", np.int64)
    return Calls(
        len(rows),
        start=origin + (column("start", float) * 1e6).astype(np.int64),
        ring=column("ring", np.float32),
        talk=column("talk", np.float32),
        caller=caller,
        network=caller,  # unless the account has a number of its own
        called=people.number[victim] if len(rows) else victim,
        called_person=victim,
        line=column("line", np.int32),
        person=sim,
        status=column("status", np.int16),
        kind=KIND["fraud"],
        customer=row,
    )


class _Campaign:
    def __init__(
        self,
        scenario: Scenario,
        service: Service,
        customer: Customer,
        people: Population,
        plan: NumberingPlan,
        rng: np.random.Generator,
    ) -> None:
        self.scenario, self.service, self.customer = scenario, service, customer
        self.people, self.plan, self.rng = people, plan, rng
        self.rows: list[_Row] = []
        self.due: list[_Due] = []
        self.losses: dict[int, float] = {}
        self.lead = 0
        self.category = ""
        self.sim = 0

    def run(self) -> list[_Row]:
        """Works sessions until the quota is used up; one call at a time."""
        sessions = self._sessions()
        now = 0.0
        for i, (opens, size) in enumerate(sessions):
            last = i == len(sessions) - 1
            now = max(now + 60, opens)
            goal = self.customer.quota if last else min(self.customer.quota, len(self.rows) + size)
            while len(self.rows) < goal:
                now = self._next(now)
                if now > self.scenario.days * DAY - 600:
                    return self.rows
        return self.rows

    def _sessions(self) -> list[tuple[float, int]]:
        rng, c = self.rng, self.customer
        days = list(range(int(c.first_day), max(int(c.first_day) + 1, int(np.ceil(c.last_day)))))
        start_weekday = self.scenario.first_day.weekday()
        working = [d for d in days if c.weekends or (start_weekday + d) % 7 < 5] or days
        wanted = max(1, round(c.quota / float(rng.uniform(5, 12))))
        per_day = max(1, -(-wanted // len(working)))
        chosen = rng.choice(len(working), min(wanted, len(working)), replace=False)
        sessions = []
        for d in sorted(working[int(k)] for k in chosen):
            for _ in range(per_day):
                opens = d * DAY + float(rng.uniform(c.hours[0], max(c.hours[0] + 0.5, c.hours[1] - 2))) * HOUR
                sessions.append(opens)
        sessions.sort()
        share = -(-c.quota // len(sessions))
        return [(s, share) for s in sessions]

    def _next(self, now: float) -> float:
        """One call; the time at which the caller is ready for the next."""
        rng = self.rng
        if self.due and self.due[0].at <= now:
            promised = heapq.heappop(self.due)
        elif self.due and self.due[0].at < now + 900 and rng.random() < 0.5:
            promised = heapq.heappop(self.due)  # waits for a victim on the hook
            now = promised.at
        else:
            promised = _Due(now, self._lead_victim())
            if rng.random() > 0.65:
                self.category = ""
        caller, owner, sim = self._identity(now, promised)
        ring, talk, status = self._outcome(promised.rehearsed)
        lines = self.customer.lines[self._stretch(now)]
        if sim >= 0:
            line = int(self.people.line[sim])
        else:
            # a route of the day, sometimes another
            route = int(now // DAY) * 7 if rng.random() < 0.6 else int(rng.integers(1000))
            line = int(lines[route % len(lines)])
        self.rows.append(_Row(now, ring, talk, status, caller, promised.victim, line, sim, owner))
        end = now + ring + (0.0 if np.isnan(talk) else talk)
        self._promise(promised.victim, owner, talk, status, end)
        return end + float(np.exp(rng.standard_normal() * 0.7 + np.log(self.customer.pause)))

    def _stretch(self, now: float) -> int:
        return int(now / DAY >= self.service.move_day)

    def _lead_victim(self) -> int:
        leads = self.customer.leads
        victim = int(leads[self.lead % len(leads)])
        # the list is followed; now and then one is skipped
        self.lead += 1 + int(self.rng.random() < 0.12)
        return victim

    def _outcome(self, rehearsed: bool) -> tuple[float, float, int]:
        rng = self.rng
        no, mailbox, short, medium, long = self.service.profile.outcomes
        if self.customer.recorded:
            no, mailbox, short, medium, long = (0.42, 0.2, 0.37, 0.01, 0.0)
        if rehearsed:
            no, mailbox, short, medium, long = (0.2, 0.04, 0.16, 0.25, 0.35)
        draw = rng.random() * (no + mailbox + short + medium + long)
        ring = float(np.exp(rng.standard_normal() * 0.55 + 2.1))
        if draw < no:
            status = int(rng.choice([480, 487, 486, 404], p=[0.4, 0.38, 0.17, 0.05]))
            ring = {480: 18 + 14 * rng.random(), 487: ring + 4}.get(status, 0.3)
            return ring, float("nan"), status
        if draw < no + mailbox:
            return ring + 16, float(np.exp(rng.standard_normal() * 0.4 + 2.3)), 200
        if draw < no + mailbox + short:
            mean = 3.2 if self.customer.recorded else 2.7
            return ring, float(min(59.0, 1 + np.exp(rng.standard_normal() * 0.8 + mean))), 200
        if draw < no + mailbox + short + medium:
            return ring, float(61 + 238 * rng.random() ** 1.4), 200
        return ring, float(min(9000.0, 301 + np.exp(rng.standard_normal() * 0.9 + 6.3))), 200

    def _promise(self, victim: int, owner: str, talk: float, status: int, end: float) -> None:
        """Redial what failed; call the hooked again, under another owner, from minutes to two days later."""
        rng, s = self.rng, self.scenario
        missed = np.isnan(talk)
        if (missed and status != 404) or (not missed and 20 < talk < 60 and rng.random() < 0.3):
            if rng.random() < s.redial_rate:
                heapq.heappush(self.due, _Due(end + float(rng.uniform(15, 400)), victim))
            return
        if missed or talk < 120:
            return
        if talk > 300 and rng.random() < ROBBED:
            number = int(self.people.number[victim])
            spread = 1.1
            loss = float(np.exp(rng.standard_normal() * spread - spread**2 / 2)) * self.service.profile.loss
            self.losses[number] = round(self.losses.get(number, 0.0) + loss, 2)
        if rng.random() < s.recontact_rate:
            wait = float(
                rng.choice(
                    [rng.uniform(120, 2400), rng.uniform(HOUR, 7 * HOUR), rng.uniform(18 * HOUR, 46 * HOUR)],
                    p=[0.5, 0.3, 0.2],
                )
            )
            other = rng.random() < s.second_owner_rate
            again = _Due(end + wait, victim, owner if other else "", bool(rng.random() < 0.15), True)
            heapq.heappush(self.due, again)

    def _identity(self, now: float, promised: _Due) -> tuple[int, str, int]:
        """The number presented, its owner ("" a private one), and the SIM (-1: none)."""
        rng, stretch = self.rng, self._stretch(now)
        sims = self.customer.sims[stretch]
        if len(sims):
            if rng.random() < 0.25:  # SIMs are rested before they are noticed
                self.sim += 1
            chosen = int(sims[(hash_of(self.customer.name) + self.sim) % len(sims)])
            return int(self.people.number[chosen]), "", chosen
        if promised.withheld:
            return 0, "", -1
        likes = self.customer.favourites[stretch]
        if promised.owner:
            choices = (*likes.protected, *likes.unregistered, *likes.authority)
            others = [c for c in choices if c[1] != promised.owner]
            if others:
                number, owner = others[int(rng.integers(len(others)))]
                return number, owner, -1
        if not self.category:
            self.category = self._draw_category()
        if self.category == "private":
            return self._private(promised.victim, likes), "", -1
        named = {
            "protected": likes.protected,
            "bank": likes.unregistered,
            "authority": likes.authority,
        }[self.category]
        number, owner = named[int(len(named) * rng.random() ** 2)]
        return number, owner, -1

    def _draw_category(self) -> str:
        s, draw = self.scenario, float(self.rng.random())
        for share, word in (
            (s.protected_share, "protected"),
            (s.unregistered_bank_share, "bank"),
            (s.authority_share, "authority"),
        ):
            if draw < share:
                return word
            draw -= share
        return "private"

    def _private(self, victim: int, likes: Favourites) -> int:
        rng, s, draw = self.rng, self.scenario, float(self.rng.random())
        if draw < s.neighbour_share:
            return int(self.plan.near(rng, self.people.number[[victim]])[0])
        if draw < s.neighbour_share + s.unallocated_share:
            return int(unallocated(rng, 1)[0])
        if draw < s.neighbour_share + s.unallocated_share + s.withheld_share:
            return 0
        if rng.random() < 0.6:
            return likes.mobiles[int(rng.integers(len(likes.mobiles)))]
        return int(self.plan.valid_mobiles(rng, 1)[0])


def hash_of(text: str) -> int:
    """A fixed number for a name."""
    return int(hash_share(text) * 1_000_003)
