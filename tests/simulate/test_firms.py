"""Firms, and the ways they go wrong."""

from __future__ import annotations

from tests.simulate.conftest import World

from ringfence.simulate import firms


def test_hosted_firms_share_a_platforms_shape_and_have_an_account_each(world: World) -> None:
    network = world.network
    made = [firms.hosted_pbx(world.materials, i)[0] for i in range(30)]
    on_one = [int(c.lines[0]) for c in made[::3]]
    assert len({network.shape[x] for x in on_one}) == 1
    assert len({network.account[x] for x in on_one}) > 4


def test_some_web_phones_show_the_very_shape_of_a_service(world: World) -> None:
    network = world.network
    shared = world.materials.shared[0][0]
    trunks = [firms.web_phone(world.materials, 0)[0].lines[0] for _ in range(12)]
    assert shared in {network.shape[int(x)] for x in trunks}


def test_misconfigured_exchanges_send_four_kinds_of_rubbish(world: World) -> None:
    made = [firms.misconfigured(world.materials, i)[0] for i in range(4)]
    wrong = [c.numbers[1:] for c in made]
    assert (world.plan.holder_of(wrong[0]) == -1).all()
    assert (wrong[1] < 10_000).all()
    assert len(str(wrong[2][0])) == 5
    assert int(wrong[3][0]) in {n for o in world.owners.owners for n in o.listed}


def test_a_switchboard_has_one_number_on_two_unrelated_trunks(world: World) -> None:
    crew = firms.switchboard(world.materials, 0)[0]
    trunks = {world.network.trunk_of[int(x)] for x in crew.lines}
    assert len(crew.numbers) == 1 and len(trunks) == 2


def test_a_cloud_abroad_presents_national_numbers_from_an_international_trunk(world: World) -> None:
    crew = firms.cloud_abroad(world.materials, 0)[0]
    assert all(str(n).startswith("441") for n in crew.numbers)
    ways = {world.network.trunks[world.network.trunk_of[int(x)]].ingress for x in crew.lines}
    assert ways == {"international"}


def test_machines_and_gateways_stand_still(world: World) -> None:
    for make in (firms.machine, firms.gsm_gateway):
        crew = make(world.materials, 0)[0]
        assert crew.sims is not None and world.people.still[crew.sims].all()
        assert (world.people.number[crew.sims] == crew.numbers).all()


def test_a_hospital_shows_one_number_or_none(world: World) -> None:
    crew = firms.hospital(world.materials, 0)[0]
    assert crew.numbers[1] == 0 and crew.network == crew.numbers[0]
