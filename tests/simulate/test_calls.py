"""Batches of calls and the draws they share."""

from __future__ import annotations

import numpy as np
import pytest

from ringfence.simulate.calls import HOURS, Calls, clock, outcome, time_of_day, weekday_factor


def test_columns_get_their_types_and_defaults() -> None:
    calls = Calls(2, start=np.array([1.0, 2.0]), caller=447200000001)
    assert calls.start.dtype == np.int64 and len(calls) == 2
    assert np.isnan(calls.talk).all() and (calls.person == -1).all() and not calls.answered.any()
    with pytest.raises(TypeError, match="no such column: colour"):
        Calls(1, colour=3)


def test_concat_take_and_slice() -> None:
    both = Calls.concat([Calls(2, caller=1), Calls(3, caller=2)])
    assert both.caller.tolist() == [1, 1, 2, 2, 2]
    assert both.take(both.caller == 2).slice(0, 2).caller.tolist() == [2, 2]
    assert len(Calls.concat([])) == 0


def test_end_is_ring_and_talk_after_start() -> None:
    calls = Calls(2, ring=np.array([2.0, 3.0]), talk=np.array([10.0, np.nan]))
    assert calls.end.tolist() == [12_000_000, 3_000_000]


def test_times_follow_the_clock() -> None:
    rng = np.random.default_rng(1)
    office = time_of_day(rng, clock("office"), 2000) / 3.6e9
    assert office.min() >= 6 and office.max() < 21
    mixed = np.repeat([clock("office"), clock("round")], 1000)
    hours = time_of_day(rng, mixed, 2000) / 3.6e9
    assert hours[:1000].min() >= 6 and hours[1000:].min() < 5
    assert all(len(h) == 24 for h in HOURS.values())


def test_outcomes_hold_together() -> None:
    drawn = outcome(np.random.default_rng(1), 5000, 0.7, 4.4, 1.0)
    answered = ~np.isnan(drawn["talk"])
    assert 0.67 < answered.mean() < 0.73
    assert (drawn["status"][answered] == 200).all()
    assert set(drawn["status"][~answered]) == {404, 480, 486, 487}
    assert (drawn["ring"] > 0).all() and drawn["talk"][answered].min() >= 1


def test_weekends_are_quieter() -> None:
    assert weekday_factor(0, 0.1) > weekday_factor(5, 0.1) > weekday_factor(6, 0.1)
