from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.hunt.conftest import World
from tests.hunt.stacked import number

from ringfence.hunt.findings import describe
from ringfence.hunt.indicators import LIFE_DAYS, indicators
from ringfence.hunt.linking import link
from ringfence.hunt.signal import call, office, person

BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))


def _rows(world: World, *more: dict[str, Any], innocents: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """Indicators of a service of ten calls that shares its ways in with innocent calls."""
    calls = [call(9 * i, office(i % 3), person(i), 90, **fields) for i in range(10)]
    others = [call(9 * i, person(300 + i), person(500 + i), 90, **fields) for i in range(innocents)]
    context = world(*calls, *others, *more, register=BANKS)
    table = context.engine.collect(context.suspects).to_pandas().sort_values("call_id", ignore_index=True)
    table = table[table["call_id"] < "0000-000010"].assign(score=0.9)
    table["signals"] = [["protected_identity", "many_owners"]] * len(table)
    return indicators(context, describe(context, link(context, table)))


def _of(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def test_a_whole_trunk_needs_two_people(world: World) -> None:
    (trunk,) = _of(_rows(world, trunk="A"), "trunk")
    assert (trunk["value"], trunk["with"], trunk["two_people"]) == ("e0:A", None, True)
    assert trunk["score"] == 1.0


def test_an_account_is_named_with_its_trunk(world: World) -> None:
    rows = _rows(world, trunk="A", account="x")
    (account,) = _of(rows, "account")
    assert (account["value"], account["with"]) == ("e0:x", {"trunk": "e0:A"})
    assert account["two_people"] is False
    assert not _of(rows, "trunk")


def test_shapes_and_addresses(world: World) -> None:
    rows = _rows(world, trunk="A", fingerprint="f1", source_ip="192.0.2.1")
    assert [row["value"] for row in _of(rows, "fingerprint")] == ["e0:f1"]
    assert [row["value"] for row in _of(rows, "source")] == ["e0:192.0.2.1"]


@pytest.mark.parametrize(
    "fields", [{"trunk": "A"}, {"fingerprint": "f1"}, {"trunk": "A", "fingerprint": "f1"}]
)
def test_a_number_only_in_the_company_it_came_in(world: World, fields: dict[str, Any]) -> None:
    numbers = _of(_rows(world, **fields), "number")
    assert {row["value"] for row in numbers} == {number(0, office(i)) for i in range(3)}
    for row in numbers:
        assert row["with"] == {name: f"e0:{value}" for name, value in fields.items()}


def test_without_company_a_number_is_never_named(world: World) -> None:
    rows = _rows(world, source_ip="192.0.2.1")
    assert _of(rows, "source")
    assert not _of(rows, "number")


def test_what_mostly_carries_others_is_not_named(world: World) -> None:
    rows = _rows(world, innocents=40, trunk="BIG", fingerprint="common")
    assert {row["kind"] for row in rows} <= {"number"}


def test_indicators_expire_and_give_their_reason(world: World) -> None:
    for row in _rows(world, trunk="A", fingerprint="f1"):
        assert set(row) == {
            *("kind", "value", "with", "score", "platform", "reason", "from", "expires", "two_people")
        }
        first, last = (dt.datetime.fromisoformat(row[name]) for name in ("from", "expires"))
        assert dt.timedelta(days=LIFE_DAYS) <= last - first < dt.timedelta(days=LIFE_DAYS + 1)
        assert first.utcoffset() == dt.timedelta(0)
        assert row["reason"] and row["platform"].startswith("P-")
        assert 0 <= row["score"] <= 1


def test_a_number_is_not_named_against_its_home(world: World) -> None:
    own = [call(9 * i, office(0), person(300 + i), 90, trunk="A") for i in range(40)]
    numbers = _of(_rows(world, *own, trunk="A", source_ip="192.0.2.1"), "number")
    assert {row["value"] for row in numbers} == {number(0, office(i)) for i in (1, 2)}


def test_a_number_that_others_show_there_too_is_not_named(world: World) -> None:
    # a call centre shows the bank's number on the same trunk and stack
    shared = [
        call(20_000 + 9 * i, office(0), person(900 + i), 90, trunk="A", account="c", fingerprint="f")
        for i in range(40)
    ]
    rows = _of(_rows(world, *shared, trunk="A", account="x", fingerprint="f"), "number")
    assert number(0, office(0)) not in {row["value"] for row in rows}
    assert number(0, office(1)) in {row["value"] for row in rows}


def test_a_trunk_most_of_whose_calls_name_accounts_is_not_named(world: World) -> None:
    accounts = [
        call(9 * i, person(300 + i), person(600 + i), 90, trunk="A", account=f"c{i % 5}") for i in range(40)
    ]
    assert _of(_rows(world, *accounts, trunk="A"), "trunk") == []
