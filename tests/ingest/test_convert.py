from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import ConfigError
from ringfence.ingest import convert

UTC = dt.UTC
NOON = dt.datetime(2024, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "zone", "expected"),
    [
        ("2024-07-01T12:00:00Z", "UTC", NOON),
        ("2024-07-01 12:00:00+00:00", "Europe/London", NOON),
        ("2024-07-01 13:00:00", "Europe/London", NOON),
        ("2024-07-01T14:00:00.000000 +02:00", "UTC", NOON),
        ("2024-07-01 12:00:00 UTC", "Europe/London", NOON),
        ("20240701130000", "Europe/London", NOON),
        ("1719835200", "UTC", NOON),
        ("1719835200.0", "UTC", NOON),
        ("1719835200000", "UTC", NOON),
        ("1719835200000000", "UTC", NOON),
        ("1719835200000000000", "UTC", NOON),
        ("2024-07-01 13:00:00", "+01:00", NOON),
        ("", "UTC", None),
        ("0", "UTC", None),
        ("NULL", "UTC", None),
        (" 2024-07-01T12:00:00Z ", "UTC", NOON),
    ],
)
@pytest.mark.parametrize(
    "company", ["2024-07-01T12:00:00Z", "2024-07-01 12:00:00", "1719835200", "tomorrow", ""]
)
def test_times_in_any_company(written: str, zone: str, expected: dt.datetime | None, company: str) -> None:
    """A time reads the same whatever else is in its column."""
    found = convert.times(pa.array([written, company]), zone=zone)
    assert found.values[0].as_py() == expected


@pytest.mark.parametrize(
    "text", ["0000-00-00 00:00:00", "2024-13-01 00:00:00", "99999999999999999999", "9e99", "01/07/2024"]
)
def test_no_times(text: str) -> None:
    found = convert.times(pa.array([text]), zone="UTC")
    assert found.values[0].as_py() is None
    assert found.unread == 1


@pytest.mark.parametrize(
    ("array", "unit"),
    [
        (pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ns")), None),
        (pa.array([NOON], pa.timestamp("ms", "Asia/Tokyo")), None),
        (pa.array([1719835200]), None),
        (pa.array([1719835200.0]), None),
        (pa.array([1719835200000], pa.int64()), "ms"),
        (pa.array([28663920.0]), "min"),
        (pa.array(["2024-07-01T12:00:00Z"]).dictionary_encode(), None),
    ],
)
def test_times_of_any_type(array: pa.Array, unit: str | None) -> None:
    assert convert.times(array, zone="UTC", unit=unit).values[0].as_py() == NOON


def test_times_without_zone_are_counted() -> None:
    mixed = pa.array(["2024-07-01 12:00:00", "2024-07-01T12:00:00Z", "x", None])
    assert convert.times(mixed, zone="UTC").without_zone == 1
    assert convert.times(mixed.slice(0, 1), zone="UTC").without_zone == 1
    assert convert.times(mixed.slice(1, 1), zone="UTC").without_zone == 0


TWICE, NEVER = "2024-10-27 01:30:00", "2024-03-31 01:30:00"


@pytest.mark.parametrize(
    ("company", "form"),
    [(None, None), ("2024-07-01T12:00:00Z", None), ("tomorrow", None), (None, "%Y-%m-%d %H:%M:%S"),
     (None, "%Y-%m-%d %H:%M:%S.%f")],
)  # fmt: skip
def test_hours_that_come_twice_or_never(company: str | None, form: str | None) -> None:
    fraction = ".000000" if form and "%f" in form else ""
    column = pa.array([TWICE + fraction, NEVER + fraction, NEVER + fraction, company])
    for written in (column, column.dictionary_encode()):
        found = convert.times(written, zone="Europe/London", form=form)
        assert found.values.to_pylist()[:3] == [
            dt.datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
            dt.datetime(2024, 3, 31, 1, tzinfo=UTC),
            dt.datetime(2024, 3, 31, 1, tzinfo=UTC),
        ]
        assert found.skipped == 2
    assert convert.times(column, zone="+00:00", form=form).skipped == 0
    assert convert.times(column.slice(0, 1), zone="Europe/London", form=form).skipped == 0


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("01/07/2024 13:00:00", "%d/%m/%Y %H:%M:%S"),
        ("01/07/2024 13:00:00.250", "%d/%m/%Y %H:%M:%S.%f"),
        ("Mon Jul 01 13:00:00 +0100 2024", "%a %b %d %H:%M:%S %z %Y"),
    ],
)
def test_formats(text: str, form: str) -> None:
    found = convert.times(pa.array([text, "x"]), zone="Europe/London", form=form)
    assert found.values[0].as_py().replace(microsecond=0) == NOON
    assert found.unread == 1


def test_zones_are_checked() -> None:
    assert convert.check_zone("Europe/London") == "Europe/London"
    with pytest.raises(ConfigError, match="Europe/Nowhere"):
        convert.check_zone("Europe/Nowhere")


@pytest.mark.parametrize(
    ("values", "unit", "seconds"),
    [
        ([90], "s", 90.0),
        (["90"], None, 90.0),
        (["1:30", "90"], "s", 90.0),
        (["00:01:30"], "s", 90.0),
        ([90_500], "ms", 90.5),
        ([dt.timedelta(seconds=90)], None, 90.0),
        (["long"], "s", None),
        ([1e300], "s", None),
    ],
)
def test_durations(values: list[Any], unit: str | None, seconds: float | None) -> None:
    found = convert.durations(pa.array(values), unit).values[0].as_py()
    assert found == (None if seconds is None else int(seconds * 1e6))


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.statuses, "486 Busy Here", 486),
        (convert.statuses, 200, 200),
        (convert.statuses, 486.0, 486),
        (convert.statuses, "ANSWERED", None),
        (convert.statuses, "16", None),
        (convert.truths, "Yes", True),
        (convert.truths, 0, False),
        (convert.truths, True, True),
        (convert.truths, "perhaps", None),
        (convert.addresses, "192.0.2.1:5060", "192.0.2.1"),
        (convert.addresses, "[2001:db8::1]:5061", "2001:db8::1"),
        (convert.addresses, "udp:192.0.2.1:5060", "192.0.2.1"),
        (convert.addresses, "sip.example.net", None),
        (convert.word_lists, '["a","b"]', ["a", "b"]),
        (convert.word_lists, ["a", "b"], ["a", "b"]),
        (convert.word_lists, "[1", ["[1"]),
    ],
)
def test_one_value(function: Any, value: Any, expected: Any) -> None:
    assert function(pa.array([value])).values.to_pylist() == [expected]


def test_signed_addresses_of_cucm() -> None:
    found = convert.addresses(pa.array(["-2097020736", "16908480", "0", "192.0.2.9"]), "signed_le")
    assert found.values.to_pylist() == ["192.0.2.131", "192.0.2.1", None, "192.0.2.9"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([" a ", "", "NULL", "\\N", None]), ["a", None, None, None, None]),
        (pa.array([447700900123.0, 1.5, None]), ["447700900123", "1.5", None]),
        (pa.array([b"a", b"\xff"]), ["a", "�"]),
        (pa.array([1, 2]), ["1", "2"]),
        (pa.nulls(1), [None]),
        (pa.array([["x"]]), ["['x']"]),
        (pa.array([" a", "b"]).dictionary_encode(), ["a", "b"]),
    ],
)
def test_text(array: pa.Array, expected: list[str | None]) -> None:
    assert convert.text(array).to_pylist() == expected


ANY = st.one_of(
    st.lists(st.text(max_size=30) | st.none(), min_size=1, max_size=5).map(
        lambda v: pa.array(v, pa.string())
    ),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5).map(lambda v: pa.array(v, pa.int64())),
    st.lists(st.floats(), min_size=1, max_size=5).map(lambda v: pa.array(v, pa.float64())),
)


@given(ANY, st.sampled_from([None, "s", "ms", "us", "ns"]), st.sampled_from([None, "iso", "epoch", "%H:%M"]))
def test_any_values_convert_without_an_exception(array: pa.Array, unit: str | None, form: str | None) -> None:
    for found in (
        convert.times(array, zone="Europe/London", form=form, unit=unit),
        convert.durations(array, unit),
        convert.statuses(array),
        convert.truths(array),
        convert.addresses(array, "signed_le"),
        convert.word_lists(array),
    ):
        assert len(found.values) == len(array)
