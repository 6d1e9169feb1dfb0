from __future__ import annotations

import pytest

from ringfence.ingest.column_profile import KINDS, profile_of


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("2024-07-01T10:00:00Z", {"time"}),
        ("2024-07-01", {"date"}),
        ("01.07.2024", {"date"}),
        ("20240701", {"date"}),
        ("10:00", {"clock", "duration"}),
        ("10:00:05 PM", {"clock"}),
        ("02079460101", {"number"}),
        ("1719835200", {"time"}),
        ("7000123", {"number"}),
        ("192.0.2.1", {"address"}),
    ],
)
def test_kinds(value: str, kinds: set[str]) -> None:
    found = {kind for kind, looks in KINDS.items() if looks(value)} - {"text", "short"}
    assert found == kinds | ({"number"} if value == "192.0.2.1" else set())


@pytest.mark.parametrize(
    ("values", "serial"),
    [
        (range(1, 41), True),
        (range(9_000_040, 9_000_000, -1), True),
        ([*range(20), 21, 20, *range(22, 60)], True),  # two threads
        (range(9), False),  # too few to tell
        ([n * 377 % 1000 for n in range(40)], False),
        ([*range(20), *range(20)], False),
    ],
)
def test_serial(values: list[int], serial: bool) -> None:
    found = profile_of("Row No", [str(value) for value in values])
    assert (found.serial, found.counts_rows) == (serial, serial)
    assert found.words == ("row", "no")


def test_numbers_written_as_such_are_not_serial() -> None:
    assert not profile_of("a", [f"0770090{n:04}" for n in range(40)]).serial
    in_order = profile_of("a", [str(447700900000 + n) for n in range(40)])
    assert (in_order.serial, in_order.counts_rows) == (True, False)


def test_distinct_values() -> None:
    values = [f"{n % 100}" for n in range(400)]
    assert len(profile_of("a", values).distinct) == 100
    assert profile_of("a", values).unique == 0.25
    assert profile_of("a", ["x", "", "NULL"]).unique == 1.0
