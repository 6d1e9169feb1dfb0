"""Genuine callers for protected owners."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate import trusted


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
