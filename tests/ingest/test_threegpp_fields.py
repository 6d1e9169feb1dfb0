from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest.threegpp_fields import directory_number, joined, moment, tbcd


@pytest.mark.parametrize(
    ("octets", "number", "restricted"),
    [
        ("91 447700091032", "+447700900123", False),
        ("81 0277000932f1", "20770090231", False),
        ("a1 7700091032", "7700900123", False),
        ("11 a0 447700091032", "+447700900123", True),
        ("11 80 447700091032", "+447700900123", False),
        ("91 51f9", "+159", False),
        ("91 bafc", "+*#a", False),
        ("91", None, False),
        ("", None, False),
    ],
)
def test_directory_numbers(octets: str, number: str | None, restricted: bool) -> None:
    assert directory_number(bytes.fromhex(octets)) == (number, restricted)


def test_tbcd_letters() -> None:
    assert tbcd(bytes.fromhex("badcfe")) == "*#abc"


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        ("240701100000 2b 0100", dt.datetime(2024, 7, 1, 9, tzinfo=dt.UTC)),
        ("240701100000 2d 0530", dt.datetime(2024, 7, 1, 15, 30, tzinfo=dt.UTC)),
        ("240731235959 2b 0000", dt.datetime(2024, 7, 31, 23, 59, 59, tzinfo=dt.UTC)),
        ("241301100000 2b 0100", None),
        ("24070110", None),
        ("24ab01100000 2b 0100", None),
    ],
)
def test_timestamps(octets: str, expected: dt.datetime | None) -> None:
    assert moment(bytes.fromhex(octets)) == expected


def test_timestamps_with_milliseconds() -> None:
    found = moment(bytes.fromhex("240701100000 2b 0000"), 250)
    assert found is not None
    assert found.microsecond == 250_000


def test_joined_parts_begin_with_the_first_and_end_with_the_last() -> None:
    first = {"start_time": 1, "answer_time": 2, "end_time": 3, "trunk": "a"}
    later = {"start_time": 3, "answer_time": None, "end_time": 9, "trunk": None}
    assert joined(first, later) == {"start_time": 1, "answer_time": 2, "end_time": 9, "trunk": "a"}


@given(st.binary(max_size=20))
def test_any_octets(octets: bytes) -> None:
    directory_number(octets)
    moment(octets)
