"""The mix of innocents."""

from __future__ import annotations

import numpy as np
import pytest
from tests.simulate.conftest import World

from ringfence.simulate.lookalikes import FOLLOW_UPS, share_out


def test_every_kind_has_its_share_of_the_traffic(world: World) -> None:
    daily = world.scenario.planned_calls / world.scenario.days
    for kind in {crew.kind for crew in world.crews}:
        week = sum(c.daily * (5 + 1.8 * c.weekend) / 7 for c in world.crews if c.kind == kind)
        assert week == pytest.approx(daily * world.scenario.traffic[kind] / FOLLOW_UPS, rel=1e-6)


def test_sizes_keep_their_proportion(world: World) -> None:
    some = world.crews[:5]
    before = np.array([c.daily for c in some])
    share_out(some, 1000.0)
    after = np.array([c.daily for c in some])
    assert np.allclose(after / after[0], before / before[0])
    share_out(some, float((before * [(5 + 1.8 * c.weekend) / 7 for c in some]).sum()))
