"""What the hunt looks at again, around calls that it is taken to have found, on worlds of a few calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.inputs import load_context
from ringfence.hunt.scoring import Scores, score
from ringfence.hunt.second_look import Around, look_again
from ringfence.hunt.signal import call, office, person
from ringfence.hunt.weights import shipped_weights
from ringfence.store.engines import open_engine

#: Further apart than called numbers of one list.
FAR = 50_000


def crowd(trunk: str = "BIG", calls: int = 120, **fields: Any) -> list[dict[str, Any]]:
    """Honest calls of two numbers over a large trunk, to people whom nobody else calls."""
    return [
        call(3 * i, office(80 + i % 2), person(19 * FAR + i % 10), 30, trunk=trunk, **fields)
        for i in range(calls)
    ]


def found(context: Context, *rows: int) -> pd.DataFrame:
    """These calls as the evidence would show them, whether or not the first look chose them."""
    units = context.ground.units.select("source", "entry", "shape")
    table = context.engine.collect(context.calls.join(units, "source")).to_pandas()
    return table[table["call_id"].isin([f"0000-{row:06d}" for row in rows])].sort_values("call_id")


def ids(context: Context) -> list[int]:
    rows = context.engine.collect(context.suspects.select("call_id"))["call_id"].to_pylist()
    return sorted(int(row.split("-")[1]) for row in rows)


def whole(context: Context) -> set[int]:
    """Entries all of whose calls are suspects."""
    rows = context.engine.collect(context.whole).to_pandas()
    return {int(unit) for unit in rows.loc[rows["kind"] == "entry", "unit"]}


def added(context: Context, seeds: pd.DataFrame, around: Around | None = None) -> list[int]:
    """Calls beside these that a second look adds."""
    before = {*ids(context), *(int(i.split("-")[1]) for i in seeds["call_id"])}
    after = ids(look_again(context, seeds, around))
    assert set(ids(context)) <= set(after) and len(set(after)) == len(after)
    return [row for row in after if row not in before]


def test_who_else_called_a_person_is_looked_at(world: World) -> None:
    context = world(
        call(0, office(0), person(0), 60, trunk="X"),
        call(60, office(1), person(0), 60, trunk="BIG"),
        call(60 + 49 * 60, office(1), person(0), 60, trunk="BIG"),  # two days later
        call(60, office(1), person(FAR), 60, trunk="BIG"),  # somebody else
        *crowd(),
    )
    assert added(context, found(context, 0)) == [1]


def test_whoever_rings_a_switchboard_is_not(world: World) -> None:
    context = world(
        call(0, office(0), office(5), 60, trunk="X"),
        *(call(5 * i, office(80), office(5), 60, trunk="BIG") for i in range(200)),
        *crowd(),
    )
    assert added(context, found(context, 0)) == []


def test_a_number_found_is_looked_at_wherever_it_is_no_firms(world: World) -> None:
    home = [call(2000 + i, office(0), person(2 * FAR + i), 60, trunk="HOME") for i in range(5)]
    context = world(
        call(0, office(0), person(0), 60, trunk="X"),
        call(9000, office(0), person(FAR), 60, trunk="BIG"),
        call(9000, None, person(3 * FAR), 60, trunk="BIG"),
        *home,
        *crowd(),
    )
    seeds = found(context, 0)
    assert added(context, seeds) == [1]  # but not the calls from its home
    assert added(context, seeds, Around(number_calls=1)) == []


def test_withheld_calls_have_no_number_in_common(world: World) -> None:
    context = world(
        call(0, None, person(0), 60, trunk="X"), call(9000, None, person(FAR), 60, trunk="BIG"), *crowd()
    )
    assert added(context, found(context, 0)) == []


def test_the_list_is_followed_along_one_entry(world: World) -> None:
    context = world(
        call(0, office(0), person(100), 60, trunk="BIG"),
        call(30, office(1), person(900), 60, trunk="BIG"),
        call(30, office(1), person(FAR), 60, trunk="BIG"),  # far down
        call(30, office(1), person(901), 60, trunk="ELSE"),
        call(500, office(1), person(902), 60, trunk="BIG"),  # hours later
        *crowd(),
        *crowd("ELSE"),
    )
    assert added(context, found(context, 0)) == [1]


def test_list_neighbours_are_met_across_the_edge_of_a_block(world: World) -> None:
    edge = next(i for i in range(20_000) if (99920000000000 + i) % 20_000 == 0)
    context = world(
        call(0, office(0), person(edge), 60, trunk="BIG"),
        call(30, office(1), person(edge + 19_999), 60, trunk="BIG"),
        call(40, office(1), person(edge + 20_001), 60, trunk="BIG"),
        *crowd(),
    )
    assert added(context, found(context, 0)) == [1]


def test_tokens_lie_on_no_list(world: World) -> None:
    people = [f"t1:{'a' * 8}:{letter * 26}" for letter in "bcde"]
    context = world(
        *(call(5 * i, office(i), token, 60, trunk="BIG") for i, token in enumerate(people)), *crowd()
    )
    assert added(context, found(context, 0)) == []


def test_a_rare_shape_is_looked_at_whole_once_enough_of_it_was_found(world: World) -> None:
    rare = [
        call(700 * i, office(80 + i % 2), person(i * FAR), 60, trunk="BIG", fingerprint="rare")
        for i in range(18)
    ]
    context = world(*rare, *crowd(fingerprint="common"))
    seeds = found(context, 0, 5, 10)
    alone = Around(person_hours=0, list_hours=0, number_calls=-1)
    assert ids(context) == [] and added(context, seeds, alone) == [
        i for i in range(18) if i not in (0, 5, 10)
    ]
    few = found(context, 0, 5)
    assert added(context, few, alone) == []
    common = found(context, 20, 40, 60)
    assert added(context, common, msgspec.structs.replace(alone, shape_found=0.1)) == []


def test_nothing_found_or_nothing_near_leaves_the_context_as_it_is(world: World) -> None:
    register = ((office(0), "Bank 0", "inbound_only"),)
    context = world(call(0, office(0), person(0), 60, trunk="X"), *crowd(), register=register)
    assert ids(context) == [0]
    assert look_again(context, found(context)) is context
    assert look_again(context, found(context, 0)) is context


def test_more_than_a_second_look_is_worth_is_not_looked_at(world: World) -> None:
    context = world(*(call(0.1 * i, office(80), person(i), 60, trunk="BIG") for i in range(1100)))
    assert ids(context) == []
    # the list is too much; the person, who is in this one call alone, is looked at all the same
    assert len(added(context, found(context, 500))) <= 1


def test_what_was_added_is_known_as_well_as_the_rest(world: World) -> None:
    register = ((office(0), "Bank 0", "inbound_only"),)
    small = [call(100 + i, office(60), person((2 + i) * FAR), 60, trunk="SMALL") for i in range(5)]
    context = world(call(0, office(0), person(100), 60, trunk="X"), *small, *crowd(), register=register)
    before = whole(context)
    first = found(context, 1).assign(caller=float("nan"))
    seeds = pd.concat([first, *(first.assign(called=c) for c in found(context, 2, 3, 4, 5)["called"])])
    again = look_again(context, seeds)
    assert again.suspects.schema() == context.suspects.schema()
    assert set(ids(again)) - set(ids(context)) == {1, 2, 3, 4, 5}
    table = again.engine.collect(again.suspects).to_pandas().set_index("call_id")
    assert table.loc["0000-000000", "use"] == "inbound_only"
    assert table.loc["0000-000003", "at_home"]
    # all the calls of SMALL are suspects now, so it can be judged as a unit
    entry = int(table.loc["0000-000003", "entry"])
    assert entry in whole(again) - before
    assert again.sizes["entry"][entry] == 5


@pytest.fixture(scope="module")
def fresh(small_net: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A context of our own: a second look replaces tables of the first."""
    with open_engine("duckdb", workdir=tmp_path_factory.mktemp("fresh")) as engine:
        yield load_context(engine, [small_net / "calls"], region="GB", numbers=small_net / "numbers.csv")


@pytest.fixture(scope="module")
def looked(fresh: Context) -> tuple[Scores, Context, Scores]:
    weights = shipped_weights()
    first = score(fresh, weights)
    again = look_again(fresh, first.evidence.calls[first.score >= 0.5])
    return first, again, score(again, weights)


def test_a_second_look_finds_more_of_the_fraud(
    looked: tuple[Scores, Context, Scores], fresh: Context, small_net: Path
) -> None:
    first, again, second = looked
    assert again is not fresh
    truth = set(pq.read_table(small_net / "truth.parquet")["call_id"].to_pylist())
    before, after = set(first.evidence.calls["call_id"]), set(second.evidence.calls["call_id"])
    assert before < after
    assert truth & (after - before)
    assert len(after - before) <= Around().most * len(before) + 1000
    hits = [truth & set(s.evidence.calls.loc[s.score >= 0.5, "call_id"]) for s in (first, second)]
    assert len(hits[1]) >= len(hits[0])


def test_a_second_look_twice_gives_the_same(looked: tuple[Scores, Context, Scores], fresh: Context) -> None:
    first, again, _second = looked
    once = again.engine.collect(again.suspects).sort_by("call_id")
    twice = look_again(fresh, first.evidence.calls[first.score >= 0.5])
    assert twice.engine.collect(twice.suspects).sort_by("call_id").equals(once)
