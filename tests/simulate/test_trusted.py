"""Genuine callers for protected owners."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate import trusted
from ringfence.simulate.organisations import BANKS


def test_a_call_centre_presents_several_owners_over_one_trunk(world: World) -> None:
    crews = trusted.call_centre(world.materials, 1)
    assert len(crews) >= 4
    assert len({int(x) for c in crews for x in c.lines}) == 1
    owners = {c.bank for c in crews}
    assert len(owners) == len(crews)


def test_fraud_teams_call_from_entries_that_went_stale_at_the_given_rate(world: World) -> None:
    banks = world.owners.sector("bank")
    share = []
    for i, owner in enumerate(banks):
        crew = trusted.bank_team(world.materials, i)[0]
        assert crew.weights is not None and abs(crew.weights.sum() - 1) < 1e-9
        stale = np.isin(crew.numbers, owner.stale)
        assert stale.sum() == len(owner.stale)
        share.append(float(crew.weights[stale].sum()))
    assert max(share) > 0 and 0.02 < np.mean(share) < 0.4


def test_banks_call_their_own_customers(world: World) -> None:
    people = world.people
    crew = trusted.bank_team(world.materials, 2)[0]
    assert crew.called is not None
    assert ((people.bank[crew.called] == 2) | (people.second_bank[crew.called] == 2)).all()


def test_a_shared_desk_answers_for_several_banks_over_one_line(world: World) -> None:
    owners = world.owners.sector("bank")
    for _ in range(5):
        crews = trusted.bank_team(world.materials, BANKS)
        assert 2 <= len(crews) <= 4
        assert {c.kind for c in crews} == {"bank_team"}
        assert len({int(line) for c in crews for line in c.lines}) == 1
        assert len({c.bank for c in crews}) == len(crews)
        for crew in crews:
            owner = next(o for o in owners if o.inbound[0] == crew.bank)
            assert set(crew.numbers) == {*owner.outbound[:1], *owner.stale}
            assert crew.weights is not None and len(crew.weights) == len(crew.numbers)
            assert abs(crew.weights.sum() - 1) < 1e-9
            assert crew.called is not None
            bank = owners.index(owner)
            of_bank = (world.people.bank == bank) | (world.people.second_bank == bank)
            assert of_bank[crew.called].all()


def test_every_network_has_a_shared_desk(world: World) -> None:
    teams = [crew for crew in world.crews if crew.kind == "bank_team"]
    lines = [{int(line) for line in crew.lines} for crew in teams]
    shared = [
        crew for crew, own in zip(teams, lines, strict=True) if sum(own == other for other in lines) > 1
    ]
    assert len({crew.bank for crew in shared}) >= 2
