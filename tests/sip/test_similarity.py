from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sip.similarity import count_parts, differences, near_pairs, similarity

BASE = [f"p{i}:common" for i in range(10)] + ["rare:one", "agent:x"]


def changed(name: str, value: str) -> list[str]:
    return [f"{name}:{value}" if part.startswith(f"{name}:") else part for part in BASE]


COUNTS = count_parts([BASE, [f"p{i}:common" for i in range(10)]], [5, 9_995])
TOTAL = 10_000


def test_equal_shapes_are_wholly_alike() -> None:
    assert similarity(BASE, list(BASE), COUNTS, TOTAL) == 1.0
    assert similarity([], [], COUNTS, TOTAL) == 1.0


def test_a_rare_part_weighs_more_than_a_common_one() -> None:
    without_rare = similarity(BASE, changed("rare", "two"), COUNTS, TOTAL)
    without_common = similarity(BASE, changed("p3", "common2"), COUNTS, TOTAL)
    only_common = similarity(BASE, [p for p in BASE if p.startswith("p")], COUNTS, TOTAL)
    assert only_common < 0.02 < without_rare < 1
    assert 0 < without_common < 1


def test_differences_are_told_by_name() -> None:
    other = [*changed("rare", "two")[:-1], "extra:1"]
    assert differences(BASE, other) == [("rare", "one", "two"), ("agent", "x", None), ("extra", None, "1")]


@given(
    st.lists(st.lists(st.sampled_from([f"{n}:{v}" for n in "abcdef" for v in "xyz"]), max_size=6), max_size=8)
)
def test_pairs_agree_with_the_definition(shapes: list[list[str]]) -> None:
    shapes = [list({p[0]: p for p in parts}.values()) for parts in shapes]
    counts, total = count_parts(shapes), max(len(shapes), 1)
    found = {(i, j): score for i, j, score in near_pairs(shapes, counts, total, 0.5)}
    for j in range(len(shapes)):
        for i in range(j):
            score = similarity(shapes[i], shapes[j], counts, total)
            assert similarity(shapes[j], shapes[i], counts, total) == pytest.approx(score)
            if abs(score - 0.5) > 1e-9:
                assert ((i, j) in found) == (score > 0.5)
            if (i, j) in found:
                assert found[i, j] == pytest.approx(score)
