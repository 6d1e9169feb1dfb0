"""Forwarded calls."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate.diverts import Diverts


def test_a_third_partys_number_arrives_over_the_diverting_firms_line(world: World) -> None:
    diverts = Diverts(world.scenario, world.people, world.owners, world.materials)
    calls = diverts.day(np.random.default_rng(1), world.origin, 0)
    assert len(calls) > 20
    assert (calls.diverted != 0).all() and (calls.caller != calls.diverted).all()
    assert set(calls.line) <= set(world.materials.firm_lines)


def test_owners_numbers_arrive_diverted_too(world: World) -> None:
    diverts = Diverts(world.scenario, world.people, world.owners, world.materials)
    callers = np.concatenate(
        [diverts.day(np.random.default_rng(s), world.origin, 0).caller for s in range(20)]
    )
    owned = {n for o in world.owners.owners for n in (*o.outbound, *o.stale)}
    assert owned & set(callers.tolist())
