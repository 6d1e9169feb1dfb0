"""What a presented number is, on worlds of a few calls."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
from tests.hunt.conftest import World
from tests.hunt.stacked import number

from ringfence.hunt.context import Context
from ringfence.hunt.identities import (
    HELP_CODES,
    Habit,
    calls_for_help,
    named_numbers,
    protected_numbers,
    quiet_numbers,
    settled_numbers,
    usual_homes,
    who_shows_what,
)
from ringfence.hunt.records import text_to_code
from ringfence.hunt.signal import call, office, person
from ringfence.hunt.units import number_units
from ringfence.model.engine import Engine
from ringfence.numbers.register import REGISTER

SHOP, BANK = number(0, office(0)), number(0, office(1))


def homes_of(context: Context) -> dict[int, dict[str, Any]]:
    units = number_units(context.records.sources)[["source", "entry"]]
    engine = context.engine
    entries = engine.upload(pa.Table.from_pandas(units, preserve_index=False), "entries")
    homes = usual_homes(engine, who_shows_what(engine, context.calls), entries)
    return {row["caller"]: row for row in engine.collect(homes).to_pylist()}


def entry_of(context: Context, trunk: str) -> int:
    frame = number_units(context.records.sources).set_index("trunk")
    return int(frame.loc[f"e0:{trunk}", "entry"])


def test_a_number_is_at_home_where_it_mostly_calls_from(world: World) -> None:
    calls = [call(i, office(0), person(i), trunk="B") for i in range(3)]
    calls += [call(10 + i, office(0), person(i), trunk="A") for i in range(2)]
    context = world(*calls)
    home = homes_of(context)[text_to_code(str(SHOP))]
    assert (home["total"], home["top"], home["entries"]) == (5, 3, 2)
    assert home["main"] == entry_of(context, "B")
    assert home["last"] - home["first"] == 11 * 60_000_000


def test_between_equal_homes_the_lower_entry_wins(world: World) -> None:
    context = world(call(0, office(0), person(0), trunk="B"), call(1, office(0), person(1), trunk="A"))
    assert homes_of(context)[text_to_code(str(SHOP))]["main"] == entry_of(context, "A")


def register(*rows: tuple[str, str, str, bool, dt.datetime | None]) -> pa.Table:
    entries = [
        {"number": n, "owner": o, "use": u, "prefix": p, "sector": "bank", "source": "", "valid_until": until}
        for n, o, u, p, until in rows
    ]
    return pa.Table.from_pylist(entries, schema=pa.schema([f.with_nullable(True) for f in REGISTER]))


def test_the_most_specific_entry_speaks_for_a_number(world: World) -> None:
    context = world(*(call(i, office(i), person(i), trunk="A") for i in range(3)))
    until = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    prefix = str(SHOP)[:8]
    table = register(
        (prefix[:4], "Whole Country", "unallocated", True, None),
        (prefix, "Block Owner", "inbound_only", True, None),
        (str(BANK), "Bank", "outbound", False, until),
    )
    engine = context.engine
    homes = engine.upload(
        pa.table({"caller": pa.array([text_to_code(str(n)) for n in (SHOP, BANK)], pa.int64())}), "callers"
    )
    protected, owners = protected_numbers(engine, table, homes)
    assert protected is not None
    assert owners == ["Bank", "Block Owner", "Whole Country"]
    # the Bank's entry ends, and the block's speaks from then on
    entries = engine.collect(protected).sort_by([("code", "ascending"), ("valid_until", "descending")])
    rows = {row["code"]: row for row in reversed(entries.to_pylist())}
    shop, bank = rows[text_to_code(str(SHOP))], rows[text_to_code(str(BANK))]
    assert (owners[shop["owner_code"]], shop["use"], shop["valid_until"]) == (
        "Block Owner",
        "inbound_only",
        None,
    )
    assert (owners[bank["owner_code"]], bank["use"]) == ("Bank", "outbound")
    assert bank["valid_until"] == round(until.timestamp() * 1e6)


def test_an_entry_speaks_only_while_it_is_in_force(each_engine: Engine) -> None:
    """Where the exact entry has expired the prefix above it speaks, and before it began too."""
    day = [dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in range(1, 7)]
    number_, prefix = "+442079460159", "+4420794601"

    def entry(number: str, owner: str, from_: int | None, until: int | None) -> dict[str, object]:
        return {
            "number": number,
            "prefix": number == prefix,
            "owner": owner,
            "use": "inbound_only",
            "sector": "bank",
            "source": "",
            "valid_from": None if from_ is None else day[from_],
            "valid_until": None if until is None else day[until],
        }

    entries = [
        entry(prefix, "Block", None, 5),
        entry(number_, "Bank", 1, 2),
        entry(number_, "Bank", 3, 4),
        entry(number_, "Shop", 3, None),
    ]
    table = pa.Table.from_pylist(entries, schema=REGISTER)
    codes = pa.array([text_to_code(number_), text_to_code("+442079460101")], pa.int64())
    homes = each_engine.upload(pa.table({"caller": codes}), "callers")
    protected, owners = protected_numbers(each_engine, table, homes)
    assert protected is not None
    speaks: dict[int, set[tuple[object, object, str]]] = {}
    for row in each_engine.collect(protected).to_pylist():
        times = [
            None if t is None else day.index(_moment(t)) for t in (row["valid_from"], row["valid_until"])
        ]
        speaks.setdefault(row["code"], set()).add((times[0], times[1], owners[row["owner_code"]]))
    assert speaks[codes[1].as_py()] == {(None, 5, "Block")}
    assert speaks[codes[0].as_py()] == {
        *((None, 1, "Block"), (1, 2, "Bank"), (2, 3, "Block")),
        *((3, 4, "Bank"), (3, 4, "Shop"), (4, 5, "Shop"), (5, None, "Shop")),
    }


def _moment(micros: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(micros / 1e6, dt.UTC)


def test_an_empty_register_protects_nothing(world: World) -> None:
    context = world(call(0, office(0), person(0), trunk="A"))
    assert protected_numbers(context.engine, REGISTER.empty_table(), context.calls) == (None, [])


def test_quiet_numbers_are_rung_by_many_and_hardly_call(world: World) -> None:
    rung = [call(i, person(i), office(0), 60, trunk="H") for i in range(12)]
    again = [call(100 + i, person(0), office(1), 60, trunk="H") for i in range(12)]  # by one fan
    busy = [call(200 + i, person(i), office(2), 60, trunk="H") for i in range(12)]
    busy += [call(300 + i, office(2), person(i), 60, trunk="H") for i in range(6)]
    shown = [call(400, office(i), person(50), 60, trunk="X") for i in range(2)]
    context = world(*rung, *again, *busy, *shown)
    engine = context.engine
    units = number_units(context.records.sources)[["source", "entry"]]
    entries = engine.upload(pa.Table.from_pandas(units, preserve_index=False), "entries")
    homes = usual_homes(engine, who_shows_what(engine, context.calls), entries)
    quiet = quiet_numbers(engine, context.calls, context.inbound, homes, least_callers=10, most_calls=0.1)
    rows = engine.collect(quiet).to_pylist()
    assert [(row["code"], row["n_in"], row["total"]) for row in rows] == [(text_to_code(str(SHOP)), 12, 1)]
    # without a register a quiet number is its own owner, which no owner of a register can be
    named = engine.collect(named_numbers(engine, None, quiet)).to_pylist()
    assert [(row["owner"], row["use"]) for row in named] == [(-text_to_code(str(SHOP)), "quiet")]


def test_a_line_of_a_range_that_calls_from_the_same_place_is_not_quiet(world: World) -> None:
    rung = [call(i, person(i), office(0), 60, trunk="H") for i in range(12)]
    shown = [call(400, office(0), person(50), 60, trunk="X")]
    beside = [call(410 + i, office(3 + i % 3), person(51 + i), 60, trunk="X") for i in range(9)]

    def quiet(*calls: dict[str, Any]) -> int:
        context = world(*calls)
        engine = context.engine
        units = number_units(context.records.sources)[["source", "entry"]]
        entries = engine.upload(pa.Table.from_pandas(units, preserve_index=False), "entries")
        homes = usual_homes(engine, who_shows_what(engine, context.calls), entries)
        found = quiet_numbers(engine, context.calls, context.inbound, homes, least_callers=10, most_calls=0.1)
        return engine.collect(found).num_rows

    assert quiet(*rung, *shown) == 1
    assert quiet(*rung, *shown, *beside) == 0
    assert quiet(*rung, *shown, *beside[:3]) == 1  # a neighbour or two may be anybody's
    assert quiet(*rung, *shown, *({**row, "trunk": "Y"} for row in beside)) == 1


def test_calls_for_help_go_to_protected_owners_and_short_codes(world: World) -> None:
    context = world(
        call(0, person(0), office(0), 60, trunk="H"),
        call(1, person(1), HELP_CODES[0], 60, trunk="H"),
        call(2, person(2), office(5), 60, trunk="H"),
        call(3, None, office(0), 60, trunk="H"),
        call(4, office(0), person(3), 60, trunk="X"),
        register=((office(0), "Bank", "inbound_only"),),
    )
    found = context.engine.collect(context.rings).to_pylist()
    assert {(row["person"], row["rang"]) for row in found} == {
        (text_to_code(str(number(0, person(0)))), text_to_code(str(SHOP))),
        (text_to_code(str(number(0, person(1)))), text_to_code("159")),
    }
    without_register = calls_for_help(context.engine, context.calls, None)
    assert context.engine.collect(without_register)["rang"].to_pylist() == [text_to_code("159")]


DAY = 24 * 60


def daily(trunk: str, days: int, calls: int = 2, shown: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """So many calls a day with one number over one trunk, to people of their own."""
    return [
        call(d * DAY + 9 * i, office(shown), person(50 * d + i), 60, trunk=trunk, **fields)
        for d in range(days)
        for i in range(calls)
    ]


def settled(context: Context) -> set[tuple[int, int]]:
    rows = context.engine.collect(context.ground.settled).to_pylist()
    return {(row["settled"], row["settled_entry"]) for row in rows}


TEAM = ((office(0), "Bank", "inbound_only"),)


def test_a_number_that_calls_day_after_day_from_one_place_is_settled_there(world: World) -> None:
    context = world(*daily("TEAM", 8), call(3 * DAY, office(0), person(900), 60, trunk="X"), register=TEAM)
    assert settled(context) == {(text_to_code(str(SHOP)), entry_of(context, "TEAM"))}


def test_a_number_that_is_borrowed_over_several_ways_in_is_not(world: World) -> None:
    calls = [row for i in range(6) for row in daily(f"T{i}", 1 + i % 2, calls=3)]
    assert settled(world(*calls, register=TEAM)) == set()


def test_a_few_days_or_a_few_calls_make_no_habit(world: World) -> None:
    assert settled(world(*daily("X", 3, calls=20), *daily("H", 14, shown=5), register=TEAM)) == set()
    assert settled(world(*daily("X", 4, calls=1), register=TEAM)) == set()


def test_where_strangers_show_other_owners_no_number_is_settled(world: World) -> None:
    banks = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(4))
    steady = daily("X", 6)
    others = [
        call(3 * DAY + 7 * i, office(1 + i % 3), person(900 + i), 60, trunk="X")
        for i in range(len(steady) + 1)
    ]
    assert settled(world(*steady, *others, register=banks)) == set()
    assert settled(world(*steady, *others[1:], register=banks))
    # an outsourcer calls for several banks day after day; one more of its own numbers is no stranger's
    outsourced = [row for i in range(3) for row in daily("X", 6, shown=i)]
    assert len(settled(world(*outsourced, *others[:9], register=banks))) == 3


def test_the_longer_the_records_the_more_days_a_habit_takes(world: World) -> None:
    later = call(40 * DAY, office(5), person(1), 60, trunk="H")
    assert settled(world(*daily("TEAM", 6), register=TEAM))
    assert not settled(world(*daily("TEAM", 6), later, register=TEAM))


def test_an_owner_may_call_steadily_from_several_places(world: World) -> None:
    calls = [row for i in range(5) for row in daily(f"T{i}", 6, calls=6)]
    context = world(*calls, register=TEAM)
    assert len(settled(context)) == 5  # none has a good part of the calls, each has many
    habits = settled_numbers(
        context.engine,
        context.calls,
        context.ground.named,
        context.ground.units,
        context.days,
        Habit(many_calls=1000),
    )
    assert context.engine.collect(habits).num_rows == 0


def test_forwarded_calls_make_no_habit(world: World) -> None:
    forwarded = daily("DIVERT", 8, diverted_from=office(7))
    assert settled(world(*forwarded, register=TEAM)) == set()
    # nor do they take the team's away
    context = world(*forwarded, *daily("TEAM", 8, calls=1), register=TEAM)
    assert settled(context) == {(text_to_code(str(SHOP)), entry_of(context, "TEAM"))}


def test_only_the_numbers_of_a_register_settle(world: World) -> None:
    rung = [call(i, person(i), office(1), 60, trunk="H") for i in range(400)]  # a quiet one, learned
    context = world(*rung, *daily("SHOP", 8, calls=1, shown=1), *daily("FIRM", 8, shown=2), register=TEAM)
    named = context.engine.collect(context.ground.named).to_pylist()
    assert "quiet" in {row["use"] for row in named}
    assert settled(context) == set()
