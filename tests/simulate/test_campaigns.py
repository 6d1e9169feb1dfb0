"""A paying customer at work."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from tests.simulate.conftest import World

from ringfence.simulate import services
from ringfence.simulate.campaigns import Made, hash_of, simulate


@pytest.fixture(scope="module")
def made(world: World) -> Made:
    return simulate(world.scenario, world.services, world.people, world.plan, world.origin)


def test_calls_are_in_order_of_time_and_within_the_period(world: World, made: Made) -> None:
    start = made.calls.start
    assert (np.diff(start) >= 0).all()
    assert start[0] >= world.origin and start[-1] < world.origin + world.scenario.days * 86_400_000_000


def test_a_customer_makes_one_call_at_a_time(made: Made) -> None:
    for row in range(len(made.customers)):
        mine = made.calls.take(made.calls.customer == row)
        assert (mine.start[1:] >= mine.end[:-1] - 1_000).all()


def test_nearly_the_whole_quota_is_used(made: Made) -> None:
    planned = sum(c.quota for c in made.customers)
    assert 0.9 * planned <= len(made.calls) <= planned


def test_victims_are_called_again_under_another_owner(made: Made) -> None:
    again = 0
    for row in range(len(made.customers)):
        mine = made.calls.take((made.calls.customer == row) & (made.calls.caller > 0))
        for called in np.unique(mine.called):
            again += len(set(mine.caller[mine.called == called])) > 1
    assert again > 0


def test_about_the_given_share_presents_a_protected_number(world: World, made: Made) -> None:
    listed = {n for o in world.owners.owners for n in o.listed}
    spoofed = made.calls.take(made.calls.person < 0)
    share = np.mean([c in listed for c in spoofed.caller.tolist()])
    assert 0.15 < share < 0.6


def test_a_sim_farm_presents_its_own_numbers(world: World, made: Made) -> None:
    own = made.calls.take(made.calls.person >= 0)
    assert len(own) > 0
    assert (world.people.number[own.person] == own.caller).all()


def test_losses_are_of_people_who_were_called(made: Made) -> None:
    assert set(made.losses) <= set(made.calls.called.tolist())
    assert all(loss > 0 for loss in made.losses.values())


@pytest.mark.parametrize(
    ("kind", "seconds", "share"),
    # 170,000 of 1.3 million calls over five minutes; 350,000 of 3.5 million over one
    [("handset", 300, 0.131), ("web_app", 60, 0.10)],
)
def test_talk_has_the_published_tail(world: World, kind: str, seconds: int, share: float) -> None:
    busy = msgspec.structs.replace(world.scenario, services=[kind], fraud_rate=0.2)
    shapes = services.shapes(busy, world.network)
    at_work = services.build(busy, world.plan, world.network, world.owners, world.people, shapes)
    calls = simulate(busy, at_work, world.people, world.plan, world.origin).calls
    assert len(calls) > 5000
    assert np.mean(np.nan_to_num(calls.talk) > seconds) == pytest.approx(share, rel=0.12)


def test_hash_is_fixed() -> None:
    assert hash_of("handset-1/c001") == hash_of("handset-1/c001")
