"""One tiny network in memory, and one small one on disk, for all tests of the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.simulate import lookalikes, services
from ringfence.simulate.crews import Crew
from ringfence.simulate.materials import Materials
from ringfence.simulate.network import Network
from ringfence.simulate.numbering import NumberingPlan
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.population import Population
from ringfence.simulate.scenario import Scenario, build
from ringfence.simulate.services import Service
from ringfence.simulate.simulation import Summary, run


@dataclass
class World:
    """The parts of a network, put together as simulation.py does."""

    scenario: Scenario
    plan: NumberingPlan
    network: Network
    people: Population
    owners: Organisations
    materials: Materials
    crews: list[Crew]
    services: list[Service]
    origin: int


@dataclass
class Simulated:
    """A network on disk, and its tables."""

    folder: Path
    scenario: Scenario
    summary: Summary
    calls: pa.Table
    labels: pa.Table
    truth: pa.Table
    victims: pa.Table


@pytest.fixture(scope="session")
def world() -> World:
    scenario = build("small", subscribers=2000, seed=5)
    plan = NumberingPlan(scenario.stream("numbering"))
    network = Network(scenario)
    people = Population(scenario, plan, network)
    owners = Organisations(scenario, plan)
    shapes = services.shapes(scenario, network)
    shared = services.shared_with_innocents(scenario, shapes)
    materials = Materials(scenario, plan, network, owners, people, shared)
    crews = lookalikes.build(scenario, materials)
    at_work = services.build(scenario, plan, network, owners, people, shapes)
    plan.freeze()
    origin = int(scenario.first_day.timestamp()) * 1_000_000
    return World(scenario, plan, network, people, owners, materials, crews, at_work, origin)


def load(folder: Path, scenario: Scenario, summary: Summary) -> Simulated:
    files = sorted((folder / "calls").glob("*.parquet"))
    return Simulated(
        folder,
        scenario,
        summary,
        pa.concat_tables([pq.read_table(f, partitioning=None) for f in files]),
        pq.read_table(folder / "labels.parquet"),
        pq.read_table(folder / "truth.parquet"),
        pq.read_table(folder / "truth_victims.parquet"),
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("net")
    scenario = build("small", seed=11)
    return load(folder, scenario, run(scenario, folder))
