"""Those who call for a living."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate import dialling


def test_tenants_of_a_cpaas_share_its_network_number_and_trunks(world: World) -> None:
    made = [dialling.cpaas(world.materials, 2 * i)[0] for i in range(20)]
    assert len({c.network for c in made}) == 1
    trunks = {world.network.trunk_of[int(x)] for c in made for x in c.lines}
    assert trunks == set(world.network.cloud[0])
    accounts = {world.network.account[int(c.lines[0])] for c in made}
    assert 5 < len(accounts) < 20, "some sub-accounts are passed on, some are not"


def test_masking_draws_from_hundreds_of_numbers(world: World) -> None:
    assert len(dialling.masking(world.materials, 0)[0].numbers) == 250


def test_a_survey_works_through_a_town_in_number_order(world: World) -> None:
    crew = dialling.survey(world.materials, 1)[0]
    assert crew.listed and crew.seats == 1 and crew.called is not None
    assert (np.diff(world.people.number[crew.called]) > 0).all()


def test_sales_rotates_numbers_and_debt_collectors_call_the_same_few(world: World) -> None:
    assert len(dialling.sales(world.materials, 0)[0].numbers) >= 3
    crew = dialling.debt(world.materials, 0)[0]
    assert crew.called is not None and len(crew.called) <= 250
    assert dialling.courier(world.materials, 0)[0].redial > 0.2
