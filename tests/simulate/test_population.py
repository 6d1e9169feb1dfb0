"""People, their acquaintance, their phones."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate.population import CONTACTS


def test_numbers_are_unique_and_allocated(world: World) -> None:
    people = world.people
    assert len(np.unique(people.number)) == len(people.number)
    assert (world.plan.holder_of(people.number) >= 0).all()


def test_acquaintance_is_mutual(world: World) -> None:
    someone = np.arange(200)
    for rank in range(0, len(CONTACTS), 2):
        friend = world.people.contact(someone, np.full(200, rank))
        assert (world.people.contact(friend, np.full(200, rank + 1)) == someone).all()


def test_only_the_home_networks_mobiles_have_a_handset(world: World) -> None:
    people = world.people
    social = np.arange(people.social)
    has = people.device[: people.social] >= 0
    assert (has == ((social < people.home) & people.mobile[: people.social])).all()
    assert (people.device[people.social :] >= 0).all(), "SIMs in machines, gateways and farms"


def test_a_ported_number_lies_in_another_holders_block(world: World) -> None:
    people = world.people
    home = np.arange(people.social) < people.home
    holder = world.plan.holder_of(people.number[: people.social])
    mine = world.plan.holder("Ringwood Telecom")
    moved = people.ported[: people.social] & people.mobile[: people.social] & home
    assert moved.any() and (holder[moved] != mine).all()


def test_some_people_have_two_banks(world: World) -> None:
    second = world.people.second_bank[: world.people.social]
    assert 0.1 < (second >= 0).mean() < 0.5
    assert (second != world.people.bank[: world.people.social]).all()


def test_at_home_counts_sims_and_not_strangers(world: World) -> None:
    people = world.people
    asked = np.array([-1, 0, people.home, people.social])
    assert people.at_home(asked).tolist() == [False, True, False, True]
