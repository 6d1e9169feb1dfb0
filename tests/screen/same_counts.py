"""What every `CounterStore` does, in the process or not: one suite, and counting by hand to compare with."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.model.counting import CounterStore, Hit, Meter

CALLS = Meter("calls", ("caller",), 10.0, most=5)
PEOPLE = Meter("people", ("caller",), 10.0, "called", most=3)

_fresh = itertools.count()


def count(counters: CounterStore, meter: Meter, member: str, now: float, key: str = "k") -> int:
    return counters.observe([Hit(meter, key, member)], now)[0]


class ByHand:
    """The definition, slow and without bounds."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], dict[str, float]] = {}

    def observe(self, hits: list[Hit], now: float) -> list[int]:
        counts = []
        for hit in hits:
            seen = self.seen.setdefault((hit.meter.name, hit.key), {})
            newest = max(seen.values(), default=now)
            if newest - hit.meter.seconds > now:  # the clock was set back
                seen.clear()
                newest = now
            ends = seen[hit.member] = max(now, newest)
            within = sum(at > ends - hit.meter.seconds for at in seen.values())
            counts.append(min(within, hit.meter.most))
        return counts


class SameCounts:
    """Subclasses have a fixture `counters`; keys are new in each test, for some stores outlive it."""

    def test_a_window_slides(self, counters: CounterStore) -> None:
        times = (0, 1, 9.9, 10, 11, 30)
        counts = [count(counters, CALLS, str(i), t, "slides") for i, t in enumerate(times)]
        assert counts == [1, 2, 3, 3, 3, 1]

    def test_a_member_counts_once_from_its_latest_time(self, counters: CounterStore) -> None:
        assert count(counters, PEOPLE, "a", 0, "once") == 1
        assert count(counters, PEOPLE, "b", 1, "once") == 2
        assert count(counters, PEOPLE, "a", 9, "once") == 2
        assert count(counters, PEOPLE, "b", 12, "once") == 2  # a of 9, b of 12
        assert count(counters, PEOPLE, "a", 40, "once") == 1

    def test_it_stays_at_its_most(self, counters: CounterStore) -> None:
        assert [count(counters, PEOPLE, str(i), 0, "most") for i in range(6)] == [1, 2, 3, 3, 3, 3]
        one = Meter("one", ("caller",), 10.0, most=1)
        assert [count(counters, one, str(i), i, "most") for i in range(3)] == [1, 1, 1]

    def test_a_late_call_counts_with_the_newest(self, counters: CounterStore) -> None:
        times = (100, 95, 90, 105, 109.9, 110)  # 90: by the whole window
        counts = [count(counters, CALLS, str(i), t, "late") for i, t in enumerate(times)]
        assert counts == [1, 2, 3, 4, 5, 3]

    def test_a_clock_set_back_begins_the_key_again(self, counters: CounterStore) -> None:
        times = (5000, 5001, 100, 101, 102)
        counts = [count(counters, CALLS, str(i), t, "back") for i, t in enumerate(times)]
        assert counts == [1, 2, 1, 2, 3]

    def test_meters_and_keys_are_apart(self, counters: CounterStore) -> None:
        hits = [Hit(CALLS, "x", "1"), Hit(CALLS, "y", "1"), Hit(PEOPLE, "x", "1"), Hit(CALLS, "x", "2")]
        assert counters.observe(hits, 0) == [1, 1, 1, 2]
        assert counters.observe([], 0) == []

    def test_a_policy_loaded_anew_goes_on_counting_what_it_still_counts(self, counters: CounterStore) -> None:
        for i in range(4):
            count(counters, Meter("m", ("caller",), 10.0, most=5), str(i), i, "anew")
        assert count(counters, Meter("m", ("caller",), 3.0, most=5), "x", 4, "anew") == 3
        assert count(counters, Meter("m", ("caller",), 3.0, "called", most=5), "x", 4, "anew") == 1

    def test_members_are_any_text(self, counters: CounterStore) -> None:
        odd = ["", "\x00", "\x1f", "é", "\udcff", "1.5", "x" * 4000, "{k}"]
        wide = Meter("odd", ("caller",), 10.0, most=50)
        assert [count(counters, wide, m, 0, "\udcff*") for m in odd] == list(range(1, 9))

    @settings(
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(
        st.lists(
            st.tuples(
                st.integers(-15, 6),  # rarely more than a window back
                st.lists(st.tuples(st.sampled_from("kl"), st.sampled_from("uvwxyz")), min_size=1, max_size=3),
            ),
            max_size=40,
        ),
        st.integers(1, 7),
        st.sampled_from([0.25, 1.1, 10.0]),
    )
    def test_as_counting_by_hand(
        self,
        counters: CounterStore,
        events: list[tuple[int, list[tuple[str, str]]]],
        most: int,
        seconds: float,
    ) -> None:
        meter = Meter(f"people{next(_fresh)}", ("caller",), seconds, "called", most)
        by_hand, now = ByHand(), 1_700_000_000.123
        for later, pairs in events:
            now += later * seconds / 10
            hits = [Hit(meter, key, member) for key, member in pairs]
            assert counters.observe(hits, now) == by_hand.observe(hits, now)
