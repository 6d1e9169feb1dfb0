"""Counts in sliding windows, in bounded memory."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from tests.screen.same_counts import CALLS, ByHand, SameCounts, count

from ringfence.model.counting import Hit, Meter
from ringfence.screen.counters import LONGEST, Counters, hits_of

CALLERS = Meter("callers", ("caller",), 60.0, most=100)
TRUNKS = Meter("trunks", ("trunk",), 60.0, most=100)


class TestInTheProcess(SameCounts):
    @pytest.fixture
    def counters(self) -> Counters:
        return Counters()


def held(counters: Counters) -> tuple[int, int]:
    """Keys and members, counted by looking."""
    kept = [kept for shelf in counters._shelves.values() for kept in shelf.keys.values()]
    return len(kept), sum(1 if isinstance(k, tuple) else len(k) for k in kept)


def test_a_flood_of_new_numbers_takes_memory_up_to_the_bound() -> None:
    counters = Counters(max_keys=20_000, max_members=30_000)
    tracemalloc.start()
    for i in range(200_000):
        counters.observe([Hit(CALLERS, f"+44770{i:07d}", f"{i:09x}@192.0.2.1-abcd")], i / 4000)
        if i == 40_000:
            full, _ = tracemalloc.get_traced_memory()
    after, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(counters) <= 20_000 and counters.members <= 30_000
    assert held(counters) == (len(counters), counters.members)
    assert after < full * 1.05 and most < 20_000 * 500  # 390 octets a key
    assert count(counters, CALLERS, "z", 50.0, key="+447700199999") == 2  # the newest are kept


def test_members_are_bounded_too() -> None:
    counters = Counters(max_keys=1000, max_members=1500)
    for i in range(5000):
        for member in "xyz":
            count(counters, CALLERS, member, i / 1000, key=str(i))
    assert len(counters) <= 500 and counters.members <= 1500
    for i in range(5000):
        count(counters, CALLERS, f"m{i}", 6.0, key=str(i % 20))
    assert counters.members <= 1500 and held(counters) == (len(counters), counters.members)


def test_a_flood_of_numbers_does_not_push_out_the_counts_of_trunks() -> None:
    counters = Counters(max_keys=1000)
    for i in range(7):
        count(counters, TRUNKS, str(i), 0.0, "T1")
    for i in range(10_000):
        count(counters, CALLERS, "x", i / 1000, str(i))
    assert count(counters, TRUNKS, "x", 10.0, "T1") == 8


def test_keys_whose_window_is_over_go_as_new_ones_come() -> None:
    counters = Counters()
    for i in range(50_000):
        count(counters, CALLS, "x", i / 10, str(i))
    assert len(counters) <= 2 * CALLS.seconds * 10 + 2


def test_what_is_forgotten_would_not_have_counted() -> None:
    # calls late by less than a window, over many keys, so that others make a key go
    counters, by_hand, chance = Counters(), ByHand(), random.Random(7)
    for i in range(20_000):
        now = i / 10 - chance.random() * CALLS.seconds * 0.99
        hits = [Hit(CALLS, str(chance.randrange(i // 50 + 1)), str(chance.randrange(30)))]
        assert counters.observe(hits, now) == by_hand.observe(hits, now)
    assert held(counters) == (len(counters), counters.members)


def test_what_is_missing_is_not_counted() -> None:
    both = Meter("both", ("trunk", "caller"), 10.0, "called")
    values: dict[str, str | None] = {"trunk": "T", "caller": "1", "called": "2"}
    assert [(h.key, h.member) for h in hits_of([both, CALLS], values, "id")] == [("T\x1f1", "2"), ("1", "id")]
    for column in values:
        assert len(hits_of([both], values | {column: None}, "id")) == 0


def test_a_sender_does_not_choose_how_much_memory_a_value_takes() -> None:
    for value in ("x" * 60_000, "é" * 30, "\udcff"):
        (hit,) = hits_of([CALLS], {"caller": value}, value)
        assert len(hit.key) == len(hit.member) == 32 and hit.key == hit.member
    (hit,) = hits_of([CALLS], {"caller": "x" * LONGEST}, "y" * LONGEST)
    assert (hit.key, hit.member) == ("x" * LONGEST, "y" * LONGEST)
