"""People calling people."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulate.conftest import World

from ringfence.simulate.calls import KIND, Calls
from ringfence.simulate.ordinary import Ordinary


@pytest.fixture(scope="module")
def monday(world: World) -> Calls:
    ordinary = Ordinary(world.scenario, world.people, world.owners, world.network)
    return ordinary.day(np.random.default_rng(1), world.origin, 0)


def test_every_call_touches_the_recording_network(world: World, monday: Calls) -> None:
    people = monday.take(monday.kind == KIND["person"])
    home = world.people.home
    assert ((people.person < home) | (people.called_person < home)).all()


def test_calls_are_returned_and_friends_are_called_again(monday: Calls) -> None:
    assert (monday.kind == KIND["callback"]).sum() > 50
    pairs = np.stack([monday.caller, monday.called])
    assert pairs.shape[1] > np.unique(pairs, axis=1).shape[1]


def test_roamers_come_from_abroad_with_a_mobile_number(world: World, monday: Calls) -> None:
    roamers = monday.take(monday.kind == KIND["roamer"])
    assert (roamers.caller // 10**9 == 447).all()
    ways = {world.network.trunks[world.network.trunk_of[i]].ingress for i in roamers.line}
    assert ways == {"international"}
    proof = (roamers.roaming == 1).mean()
    assert 0.5 < proof < 1.0, "some are not confirmed by their home network"


def test_short_codes_are_called(monday: Calls) -> None:
    emergency = monday.called[monday.kind == KIND["emergency"]]
    assert set(emergency) <= {999, 112, 111, 101, 159, 7726}


def test_sundays_are_quieter(world: World, monday: Calls) -> None:
    ordinary = Ordinary(world.scenario, world.people, world.owners, world.network)
    sunday = ordinary.day(np.random.default_rng(1), world.origin, 6)
    assert len(sunday) < len(monday)
