"""What calling organisations are made of."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World


def test_numbers_and_clients(world: World) -> None:
    m = world.materials
    assert len(np.unique(m.numbers(30))) == 30
    assert (world.plan.holder_of(m.numbers(3, town=2)) >= 0).all()
    clients = m.clients(50)
    assert 15 <= len(clients) <= 50 and (clients < world.people.social).all()


def test_sims_stand_still_in_their_cells(world: World) -> None:
    rows, lines = world.materials.sims(5, 200, town=3, cells=1)
    assert len(lines) == 5 and world.people.still[rows].all()
    assert len(set(world.people.cell[rows])) == 1
    assert len(set(world.people.number[rows])) == 5


def test_firms_have_one_path_or_two(world: World) -> None:
    assert {len(world.materials.firm_paths()) for _ in range(60)} == {1, 2}
