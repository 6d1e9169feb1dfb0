from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.console import display


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+447700900123", "+4477••••••23"),
        ("+442079460101", "+4420••••••01"),
        ("+15550100", "••••••••"),
        ("159", "•••"),
        ("447700900123", "4477••••••23"),
        (None, "–"),
        ("t1:abcdefgh:abcdefghijklmnopqrstuvwxyz", "t1:abcdefgh:abcdefghijklmnopqrstuvwxyz"),
        ("sip:jo@example.com", "si••••••"),
    ],
)
def test_mask(number: str | None, shown: str) -> None:
    assert display.mask(number) == shown


@given(st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True))
def test_mask_never_shows_six_digits_in_a_row_nor_changes_what_it_shows(number: str) -> None:
    shown = display.mask(number)
    hidden = shown.count("•")
    assert hidden >= min(len(number) - 1, 3)
    assert len(number) - 1 - hidden <= 6


def test_mask_text_hides_what_reads_like_a_number() -> None:
    assert display.mask_text("caller 07700 900123 is no number") == "caller 0770•••••23 is no number"
    assert display.mask_text("row 2026") == "row 2026"


@pytest.mark.parametrize(
    "written",
    [
        "07700-900-123", "07700.900.123", "(07700) 900123", "07700/900123", "07700\u00a0900\u00a0123",
        "07700\u202f900123", "07700\u2011900\u2013123", "07700\u200b900123", "0-7-7-0-0-9-0-0-1-2-3",
    ],
)  # fmt: skip
def test_mask_text_knows_how_numbers_are_written(written: str) -> None:
    assert display.mask_text(f"fx,{written},x") == "fx,0770•••••23,x"


def test_mask_text_keeps_the_plus_and_takes_a_country_code_in_brackets() -> None:
    assert display.mask_text("+44 (7700) 900-123") == "+4477••••••23"
    assert display.mask_text("(+44) 7700 900123") == "(+4477••••••23"


@given(st.text(max_size=60))
def test_clean_leaves_nothing_that_steers(text: str) -> None:
    shown = display.clean(text)
    assert not set(shown) & set("\x00\x07\x1b\u202e\u2066\u200b\x7f\r")
    assert len(shown) == len(text)


def test_clean_keeps_words_and_cuts_a_megabyte() -> None:
    assert display.clean("Müller & Söhne 電話") == "Müller & Söhne 電話"
    assert len(display.clean("x" * 1_000_000)) < 3_000


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (dt.date(2026, 10, 5), dt.date(2026, 10, 18), "5 to 18 Oct 2026"),
        (dt.date(2026, 10, 5), dt.date(2026, 10, 5), "5 Oct 2026"),
        (dt.date(2026, 9, 28), dt.date(2026, 10, 5), "28 Sep to 5 Oct 2026"),
        (dt.date(2025, 12, 30), dt.date(2026, 1, 2), "30 Dec 2025 to 2 Jan 2026"),
        (None, dt.date(2026, 1, 2), "–"),
    ],
)
def test_period(first: dt.date | None, last: dt.date | None, shown: str) -> None:
    assert display.period(first, last) == shown


def test_times_are_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=5))
    assert display.moment(dt.datetime(2026, 10, 5, 2, 0, tzinfo=east)) == "4 Oct 2026, 21:00"
    assert display.day(dt.datetime(2026, 10, 5, 2, 0, tzinfo=east)) == "4 Oct 2026"
    assert display.parse_moment("2026-10-05T08:00:00Z") == dt.datetime(2026, 10, 5, 8, tzinfo=dt.UTC)
    assert display.parse_moment("yesterday") is None


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.6, "1 min 00 s"),
        (303, "5 min 03 s"),
        (7800, "2 h 10 min"),
        (400_000, "111 h"),
    ],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert display.duration(seconds) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(None, "–"), (0, "0.0 %"), (0.00001, "< 0.1 %"), (0.0131, "1.3 %"), (0.71, "71 %")]
)
def test_percent(share: float | None, shown: str) -> None:
    assert display.percent(share) == shown


def test_a_score_is_never_rounded_to_certainty() -> None:
    assert display.score(0.9999) == display.score(1.0) == "> 0.99"
    assert display.score(0.0) == display.score(0.004) == "< 0.01"
    assert display.score(0.914) == "0.91"
    assert display.score(None) == "–"


def test_sentence() -> None:
    assert display.sentence("rare shape; two trunks") == "Rare shape; two trunks."
    assert display.sentence("") == "–"


def test_capital() -> None:
    assert [display.capital(text) for text in ("the SIM", "", "A")] == ["The SIM", "", "A"]
