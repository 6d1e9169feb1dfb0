"""The spoofing services: what they keep, and what changes when they move or return."""

from __future__ import annotations

import msgspec
import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate import services
from ringfence.simulate.network import Network
from ringfence.simulate.scenario import build


def test_quotas_add_up_to_the_plan(world: World) -> None:
    planned = sum(c.quota for s in world.services for c in s.customers)
    assert 0 <= world.scenario.planned_fraud - planned < len(world.services)


def test_each_profile_shares_out_its_outcomes() -> None:
    for profile in services.PROFILES.values():
        assert abs(sum(profile.outcomes) - 1) < 1e-9


def test_every_service_has_trunks_before_and_after_its_move(world: World) -> None:
    of = world.network.trunk_of
    for service in world.services:
        if service.platform.startswith("sim_farm"):
            continue
        before = {of[int(x)] for c in service.customers for x in c.lines[0]}
        after = {of[int(x)] for c in service.customers for x in c.lines[1]}
        assert before and after and before != after


def test_a_service_that_returns_keeps_its_shape_in_any_network() -> None:
    first = build("national", seed=1)
    later = build("returning", seed=1)
    elsewhere = build("national", settings=["service_seed=1"], seed=99)
    stranger = build("national", seed=99)

    def shown(scenario: services.Scenario) -> list[str | None]:
        network = Network(scenario)
        return [network.shapes.fingerprints[s] for s, _ in services.shapes(scenario, network)]

    assert shown(first) == shown(later) == shown(elsewhere) != shown(stranger)


def test_common_shapes_are_default_stacks() -> None:
    scenario = build("common_shape")
    network = Network(scenario)
    defaults = {network.shapes.default(f) for f in ("asterisk", "pjsip", "freeswitch")}
    made = services.shapes(scenario, network)
    assert {s for s, _ in made if s} <= defaults
    assert services.shared_with_innocents(scenario, made) == []


def test_a_sim_farm_buys_consecutive_numbers_in_one_place(world: World) -> None:
    farm = next(s for s in world.services if s.platform.startswith("sim_farm"))
    for batch in farm.customers[0].sims:
        numbers = world.people.number[batch]
        assert len(batch) >= 5 and np.ptp(numbers) <= 2 * len(batch)
        assert len(set(world.people.cell[batch])) <= 2 and len(set(world.people.device[batch])) == 1


def test_lead_lists_stay_in_one_town(world: World) -> None:
    for service in world.services:
        for customer in service.customers:
            assert len(set(world.people.town[customer.leads])) == 1


def test_no_services_no_fraud(world: World) -> None:
    quiet = msgspec.structs.replace(world.scenario, services=[])
    assert services.build(quiet, world.plan, world.network, world.owners, world.people, []) == []
