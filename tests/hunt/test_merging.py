"""Which groups of calls are joined, on tables of a few calls and on random ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ringfence.hunt.merging import Tying, merge, shape_rarity
from ringfence.hunt.records import DAY, HOUR


def table(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    """Calls from (time, caller, called, shape)."""
    frame = pd.DataFrame(list(rows), columns=["t", "caller", "called", "shape"]).astype("int64")
    return frame.assign(
        call_id=[f"{i:04d}" for i in range(len(frame))], caller=frame["caller"].astype("Int64")
    )


def together(groups: Any) -> list[set[int]]:
    return [set(np.flatnonzero(groups == g).tolist()) for g in pd.unique(groups)]


def test_rarity_of_a_shape_grows_with_each_power_of_ten() -> None:
    tying = Tying()
    sizes = pd.Series({1: 900_000, 2: 90_000, 3: 9_000, 4: 900, 5: 90, 6: 10})
    rarity = shape_rarity(np.array([-1, 1, 2, 3, 4, 5, 6]), sizes, tying)
    assert rarity[:3].tolist() == [0.0, 0.0, 0.0]  # none, and common ones
    assert 0 < rarity[3] < rarity[4] <= rarity[5] == rarity[6] == tying.most_shape


def test_a_person_reached_by_both_within_hours_joins_strays_and_not_owners() -> None:
    calls = table((0, 1, 100, -1), (1, 1, 101, -1), (2, 2, 102, -1), (HOUR, 2, 101, -1))
    groups, rarity = np.array([0, 0, 1, 1]), np.zeros(4)
    assert together(merge(calls, groups, np.zeros(4, bool), rarity)) == [{0, 1, 2, 3}]
    need = Tying(join_anchored=1.5)
    assert together(merge(calls, groups, np.ones(4, bool), rarity, need)) == [{0, 1}, {2, 3}]


def test_days_apart_nothing_is_shared() -> None:
    calls = table((0, 1, 100, -1), (3 * DAY, 1, 100, -1))
    assert together(merge(calls, np.array([0, 1]), np.zeros(2, bool), np.zeros(2))) == [{0}, {1}]


def test_a_rare_shape_ties_as_much_as_both_have_of_it() -> None:
    calls = table(*((i * DAY, i, 100 + i, 1 if i in (0, 1, 3) else 2) for i in range(8)))
    groups = np.array([7, 7, 7, 5, 5, 5, 5, 9])
    anchored = np.ones(8, bool)
    rarity = np.where(calls["shape"] == 1, 2.0, 0.0)
    # a quarter of one group and two thirds of the other: 2 x 1/4
    assert len(together(merge(calls, groups, anchored, rarity, Tying(join_anchored=0.4, growth=0.0)))) == 2
    assert len(together(merge(calls, groups, anchored, rarity, Tying(join_anchored=0.6, growth=0.0)))) == 3


def test_stray_calls_of_one_rare_shape_are_one() -> None:
    calls = table(*((i * 3 * DAY, i, 100 + i, 1) for i in range(4)))
    merged = merge(calls, np.arange(4), np.zeros(4, bool), np.full(4, 1.5))
    assert together(merged) == [{0, 1, 2, 3}]


calls_made = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 4), st.integers(1, 6), st.integers(-1, 2)),
    min_size=1,
    max_size=14,
)


@given(calls_made, st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=14, max_size=14))
def test_groups_are_only_ever_joined_and_always_alike(rows: list[Any], given: list[tuple[int, bool]]) -> None:
    calls = table(*((hours * HOUR, caller, called, shape) for hours, caller, called, shape in rows))
    groups = np.array([g for g, _ in given][: len(rows)])
    owners = {g for g, owns in given if owns}
    anchored = np.isin(groups, list(owners))
    rarity = np.where(calls["shape"] == 0, 1.2, 0.0)
    merged = merge(calls, groups, anchored, rarity)
    assert len(merged) == len(rows)
    for group in np.unique(groups):
        assert len(set(merged[groups == group].tolist())) == 1
    assert set(merged.tolist()) <= set(groups.tolist())
    assert (merge(calls, groups, anchored, rarity) == merged).all()


def test_shapes_one_part_apart_tie_by_their_family() -> None:
    calls = table(*((i * 3 * DAY, i, 100 + i, 1 if i < 30 else 2) for i in range(60)))
    groups, anchored, rarity = np.arange(60) // 30, np.ones(60, bool), np.full(60, 2.0)
    assert len(together(merge(calls, groups, anchored, rarity))) == 2
    assert len(together(merge(calls, groups, anchored, rarity, near={(1, 2): 0.0002}))) == 1
    assert len(together(merge(calls, groups, anchored, rarity, near={(1, 2): 0.02}))) == 2


def test_people_of_one_list_on_one_day_are_one_meeting() -> None:
    # two services' customers bought the same list: three of its people were rung by both
    near = table(*((i * 60_000_000, i // 3, 441_220_000_000 + i % 3, -1) for i in range(6)))
    far = near.assign(called=[441_220_000_000 + 50_000 * (i % 3) for i in range(6)])
    groups, owners, none = np.arange(6) // 3, np.ones(6, bool), np.zeros(6)
    need = Tying(join_anchored=1.5)
    assert len(together(merge(near, groups, owners, none, need))) == 2
    assert len(together(merge(far, groups, owners, none, need))) == 1


def test_groups_of_one_rare_shape_are_one_and_those_that_mix_are_weighed() -> None:
    calls = table(*((i * 3 * DAY, i, 100 + 50_000 * i, 1) for i in range(300)))
    groups, anchored, rarity = np.arange(300) // 3, np.ones(300, bool), np.full(300, 2.0)
    assert len(together(merge(calls, groups, anchored, rarity))) == 1
    mixed = calls.assign(shape=np.where(np.arange(300) % 3 == 0, 2, 1))
    assert len(together(merge(mixed, groups, anchored, rarity))) == 1
    weak = np.full(300, 0.5)  # for strays alone
    assert len(together(merge(calls, groups, anchored, weak))) == 100
    assert len(together(merge(calls, groups, ~anchored, weak))) == 1


def test_a_clique_of_near_shapes_is_one_to_begin_with() -> None:
    shapes = 120
    calls = table(*((i * 3 * DAY, i, 100 + 50_000 * i, i // 2) for i in range(2 * shapes)))
    groups = np.arange(2 * shapes) // 2
    near = {(a, b): 0.0002 for a in range(shapes) for b in range(a + 1, shapes)}
    anchored, rarity = np.ones(2 * shapes, bool), np.full(2 * shapes, 2.0)
    assert len(together(merge(calls, groups, anchored, rarity, near=near))) == 1
    assert len(together(merge(calls, groups, anchored, rarity))) == shapes
