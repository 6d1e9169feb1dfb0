"""The engine of calling organisations."""

from __future__ import annotations

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate.calls import KIND, Calls
from ringfence.simulate.crews import Crew, Crews, redial, ring_back, rings_afterwards


def day(world: World, *crews: Crew, seed: int = 1) -> Calls:
    return Crews(list(crews)).day(np.random.default_rng(seed), world.people, world.owners, 0, 1)


def lines(n: int) -> np.ndarray:
    return np.arange(n)


def test_each_crew_presents_its_own_numbers_over_its_own_lines(world: World) -> None:
    calls = day(
        world,
        Crew("pbx", lines(1), np.array([441201000001]), 200, ring_back=0),
        Crew("survey", lines(3)[1:], np.array([441201000002, 441201000003]), 200, ring_back=0),
    )
    first = calls.kind == KIND["pbx"]
    assert set(calls.caller[first]) == {441201000001} and set(calls.line[first]) == {0}
    assert set(calls.caller[~first]) == {441201000002, 441201000003} and set(calls.line[~first]) == {1, 2}


def test_weights_hold(world: World) -> None:
    weights = np.array([0.9, 0.1])
    calls = day(
        world, Crew("bank_team", lines(1), np.array([1, 2]) + 441201000000, 4000, weights, ring_back=0)
    )
    assert 0.07 < (calls.caller == 441201000002).mean() < 0.13


def test_one_seat_makes_one_call_at_a_time(world: World) -> None:
    crew = Crew("pbx", lines(1), np.array([441201000001]), 60, seats=1, redial=0, ring_back=0)
    other = Crew("sales", lines(1), np.array([441201000002]), 500, redial=0, ring_back=0)
    for seed in range(5):
        calls = day(world, crew, other, seed=seed)
        mine = calls.take(calls.kind == KIND["pbx"])
        mine = mine.take(np.argsort(mine.start))
        assert (mine.start[1:] > mine.end[:-1]).all()


def test_a_list_is_worked_in_order_and_taken_up_the_next_day(world: World) -> None:
    wanted = np.arange(40)
    crew = Crew("survey", lines(1), np.array([441201000001]), 15, called=wanted, listed=True, redial=0)
    crew.ring_back = 0
    crews = Crews([crew])
    heard: list[int] = []
    for seed in range(2):
        calls = crews.day(np.random.default_rng(seed), world.people, world.owners, seed * 86_400_000_000, 1)
        heard += calls.called_person[np.argsort(calls.start)].tolist()
    assert heard == [i % 40 for i in range(len(heard))]


def test_follow_ups_come_after_the_call(world: World) -> None:
    rng, people = np.random.default_rng(1), world.people
    calls = Calls(
        500,
        start=10**9,
        ring=np.full(500, 20.0),
        status=480,
        caller=441201000001,
        called_person=np.arange(500),
    )
    calls.called = people.number[calls.called_person]
    again = redial(rng, calls, 1.0)
    assert len(again) == 500 and (again.start > calls.end[0]).all()
    back = ring_back(rng, people, calls, 1.0)
    assert set(back.called) == {441201000001} and set(back.caller) == set(calls.called)
    assert set(back.kind) == {KIND["callback"]}
    rings = rings_afterwards(rng, people, calls, np.ones(500), np.full(500, 159))
    assert set(rings.called) == {159} and (rings.start > calls.end[0]).all()


def test_nobody_rings_back_a_withheld_number_or_from_another_network(world: World) -> None:
    rng, people = np.random.default_rng(1), world.people
    withheld = Calls(50, status=480, called_person=np.arange(50))
    stranger = Calls(50, status=480, caller=441201000001, called_person=people.home + np.arange(50))
    assert len(ring_back(rng, people, withheld, 1.0)) == 0
    assert len(ring_back(rng, people, stranger, 1.0)) == 0


def test_a_quiet_day_is_empty(world: World) -> None:
    assert len(day(world, Crew("pbx", lines(1), np.array([441201000001]), 0.0))) == 0
