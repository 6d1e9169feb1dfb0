"""Counts in sliding windows, in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.counting import Hit, Meter
from ringfence.screen.counters import Counters, hits_of

CALLS = Meter("calls", ("caller",), 10.0, most=5)
PEOPLE = Meter("people", ("caller",), 10.0, "called", most=3)


def count(counters: Counters, meter: Meter, member: str, now: float, key: str = "k") -> int:
    return counters.observe([Hit(meter, key, member)], now)[0]


def test_a_window_slides() -> None:
    counters = Counters()
    assert [count(counters, CALLS, str(i), t) for i, t in enumerate((0, 1, 9.9, 10, 11, 30))] == [
        1,
        2,
        3,
        3,
        3,
        1,
    ]


def test_a_member_counts_once_from_its_latest_time() -> None:
    counters = Counters()
    assert count(counters, PEOPLE, "a", 0) == 1
    assert count(counters, PEOPLE, "b", 1) == 2
    assert count(counters, PEOPLE, "a", 9) == 2
    assert count(counters, PEOPLE, "b", 12) == 2  # a of 9, b of 12
    assert count(counters, PEOPLE, "a", 40) == 1


def test_it_stays_at_its_most() -> None:
    counters = Counters()
    assert [count(counters, PEOPLE, str(i), 0) for i in range(6)] == [1, 2, 3, 3, 3, 3]
    assert counters.members == 3
    one = Meter("one", ("caller",), 10.0, most=1)
    assert [count(counters, one, str(i), 0) for i in range(3)] == [1, 1, 1]


def test_a_late_call_counts_with_the_newest() -> None:
    counters = Counters()
    assert [count(counters, CALLS, str(i), t) for i, t in enumerate((100, 95, 50, 105))] == [1, 2, 3, 4]


def test_a_flood_of_new_numbers_is_bounded() -> None:
    counters = Counters(max_keys=1000, max_members=1500)
    for i in range(5000):
        count(counters, CALLS, "x", i / 1000, key=str(i))
        count(counters, CALLS, "y", i / 1000, key=str(i))
    assert len(counters) <= 1000 and counters.members <= 1500
    assert count(counters, CALLS, "z", 5.0, key="4999") == 3  # the newest are kept


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("uvwxyz"), st.integers(0, 6)), max_size=60))
def test_as_counting_by_hand(events: list[tuple[str, str, int]]) -> None:
    counters, now = Counters(), 0.0
    seen: dict[str, dict[str, float]] = {"a": {}, "b": {}}
    wide = Meter("people", ("caller",), 10.0, "called", most=100)
    for key, member, later in events:
        now += later
        seen[key][member] = now
        expected = sum(at > now - 10 for at in seen[key].values())
        assert count(counters, wide, member, now, key) == expected
    assert counters.members == sum(1 if isinstance(k, tuple) else len(k) for k in counters._kept.values())


def test_what_is_missing_is_not_counted() -> None:
    both = Meter("both", ("trunk", "caller"), 10.0, "called")
    values: dict[str, str | None] = {"trunk": "T", "caller": "1", "called": "2"}
    assert [(h.key, h.member) for h in hits_of([both, CALLS], values, "id")] == [("T\x1f1", "2"), ("1", "id")]
    for column in values:
        assert len(hits_of([both], values | {column: None}, "id")) == 0
