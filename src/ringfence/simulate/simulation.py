"""Puts a network together and runs it day by day into a folder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import UsageError
from ringfence.simulate import campaigns, lookalikes, services
from ringfence.simulate.calls import DAY, KIND, Calls
from ringfence.simulate.crews import Crews, ring_back, rings_afterwards
from ringfence.simulate.diverts import Diverts
from ringfence.simulate.evidence import Evidence
from ringfence.simulate.materials import Materials
from ringfence.simulate.network import Network
from ringfence.simulate.numbering import NumberingPlan, e164
from ringfence.simulate.ordinary import Ordinary
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import Population
from ringfence.simulate.scenario import Scenario, dump
from ringfence.simulate.write import TRUTH, VICTIMS, CallWriter


class Summary(msgspec.Struct, frozen=True):
    """What was written."""

    out: str
    scenario: str
    seed: int
    days: int
    calls: int
    fraudulent: int
    fraud_rate: float
    platforms: int
    customers: int
    victims: int
    register_rows: int


def run(scenario: Scenario, out: Path, progress: Callable[[int, int], None] | None = None) -> Summary:
    """Simulate `scenario` into the folder `out`; the same scenario writes the same files.

    progress(done, days) is told after each day. Raises UsageError if `out` cannot be a folder.
    """
    folder = _prepare(out)
    return _Run(scenario, folder).all_days(progress)


def _prepare(out: Path) -> Path:
    try:
        (out / "calls").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot write a simulation there: {error.strerror}") from None
    for old in (out / "calls").glob("calls-*.parquet"):
        old.unlink()
    return out


class _Run:
    def __init__(self, scenario: Scenario, out: Path) -> None:
        self.scenario, self.out = scenario, out
        self.origin = int(scenario.first_day.timestamp()) * 1_000_000
        plan = NumberingPlan(scenario.stream("numbering"))
        network = Network(scenario)
        self.people = people = Population(scenario, plan, network)
        self.world = world = Organisations(scenario, plan)
        shapes = services.shapes(scenario, network)
        shared = services.shared_with_innocents(scenario, shapes)
        materials = Materials(scenario, plan, network, world, people, shared)
        crews = lookalikes.build(scenario, materials)
        self.ordinary = Ordinary(scenario, people, world, network)
        self.diverts = Diverts(scenario, people, world, materials)
        at_work = services.build(scenario, plan, network, world, people, shapes)
        plan.freeze()
        self.crews = Crews(crews)
        self.made = campaigns.simulate(scenario, at_work, people, plan, self.origin)
        self.hidden = network.hidden()
        self.evidence = Evidence(scenario, world)
        self.register_rows = world.write_register(scenario, out / "numbers.csv")
        plan.write(out / "allocation.csv")
        (out / "scenario.toml").write_text(dump(scenario), encoding="utf-8")
        self.writer = CallWriter(scenario, plan, network, people, out / "calls")
        self.truth: list[pa.Table] = []
        self.fraud: list[Calls] = []
        self.total = 0

    def all_days(self, progress: Callable[[int, int], None] | None) -> Summary:
        later = Calls(0)
        for day in range(self.scenario.days):
            later = self._day(day, later)
            if progress:
                progress(day + 1, self.scenario.days)
        self.writer.close()
        self.evidence.write(self.out)
        truth = pa.concat_tables([TRUTH.empty_table(), *self.truth])
        pq.write_table(truth, self.out / "truth.parquet")
        victims = self._victims()
        pq.write_table(victims, self.out / "truth_victims.parquet")
        s = self.scenario
        return Summary(
            out=str(self.out),
            scenario=s.name,
            seed=s.seed,
            days=s.days,
            calls=self.total,
            fraudulent=truth.num_rows,
            fraud_rate=truth.num_rows / max(self.total, 1),
            platforms=len(set(truth["platform"].to_pylist())),
            customers=len(set(truth["customer"].to_pylist())),
            victims=victims.num_rows,
            register_rows=self.register_rows,
        )

    def _day(self, day: int, earlier: Calls) -> Calls:
        """Draw and write one day; the calls that fall after its midnight."""
        s, people = self.scenario, self.people
        rng = s.stream("day", s.period, day)
        midnight = self.origin + day * DAY
        end = midnight + DAY
        moment = s.first_day.weekday() + day
        fraud = self.made.calls
        rows = np.flatnonzero((fraud.start >= midnight) & (fraud.start < end))
        today = fraud.take(rows)
        # streams apart, so that a network with and without fraud is otherwise the same
        own = s.stream("after fraud", s.period, day)
        calls = Calls.concat(
            [
                earlier,
                self.ordinary.day(rng, midnight, moment % 7),
                self.crews.day(rng, people, self.world, midnight, moment % 7),
                self.diverts.day(rng, midnight, moment % 7),
                today,
                ring_back(own, people, today, s.stranger_callback_rate),
                self._alarmed(own, today, self.made.owners[rows]),
            ]
        )
        calls = calls.take(np.argsort(calls.start, kind="stable"))
        split = int(np.searchsorted(calls.start, end))
        later = calls.slice(split, len(calls))
        calls = calls.slice(0, split)
        if s.hidden_trunk_share > 0:
            calls = calls.take(np.flatnonzero(~self.hidden[calls.line]))
        date = (s.first_day + dt.timedelta(days=day)).date()
        ids = self.writer.day(calls, date, s.stream("write", s.period, day))
        self.evidence.day(calls, s.stream("evidence", s.period, day))
        self._keep_truth(calls, ids)
        self.total += len(calls)
        return later

    def _alarmed(self, rng: np.random.Generator, fraud: Calls, owners: npt.NDArray[np.object_]) -> Calls:
        """Victims who afterwards ring the owner they were told of, or their bank; or 159, or 101."""
        first = np.array([b.inbound[0] for b in self.world.sector("bank")], np.int64)
        own = first[self.people.bank[np.maximum(fraud.called_person, 0)]]
        front = {o.name: o.inbound[0] for o in self.world.owners}
        told = np.array([front.get(name, 0) for name in owners], np.int64)
        own = np.where((told > 0) & (rng.random(len(fraud)) < 0.6), told, own)
        draw = rng.random(len(fraud))
        number = np.where(draw < 0.6, own, np.where(draw < 0.85, 159, 101))
        hooked = np.nan_to_num(fraud.talk) > 180
        share = np.where(hooked, self.scenario.callback_rate, 0.0)
        return rings_afterwards(rng, self.people, fraud, share, number)

    def _keep_truth(self, calls: Calls, ids: pa.StringArray) -> None:
        rows = np.flatnonzero(calls.kind == KIND["fraud"])
        fraud = calls.take(rows)
        customers = [self.made.customers[c] for c in fraud.customer]
        self.fraud.append(fraud)
        self.truth.append(
            pa.table(
                [
                    ids.take(pa.array(rows)),
                    pa.array([c.platform for c in customers], pa.string()),
                    pa.array([c.name for c in customers], pa.string()),
                ],
                schema=TRUTH,
            )
        )

    def _victims(self) -> pa.Table:
        """One row per person the services called and the records show."""
        found: dict[int, tuple[int, float, set[str]]] = {}
        for calls in self.fraud:
            talk = np.nan_to_num(calls.talk)
            for i in range(len(calls)):
                n, longest, platforms = found.get(int(calls.called[i]), (0, 0.0, set()))
                platform = self.made.customers[calls.customer[i]].platform
                found[int(calls.called[i])] = (n + 1, max(longest, float(talk[i])), platforms | {platform})
        rows = [
            {
                "called": e164(number),
                "loss": self.made.losses.get(number, 0.0),
                "tier": "likely" if longest >= 300 else "possible" if longest >= 60 else "contacted",
                "calls": n,
                "longest_seconds": longest,
                "platforms": sorted(platforms),
            }
            for number, (n, longest, platforms) in sorted(found.items())
        ]
        return pa.Table.from_pylist(rows, schema=VICTIMS)
