from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ringfence.console import words
from ringfence.store.run import Counts, Period, Rows, SignalReport, Summary, Victims

SUMMARY = Summary(
    rows=Rows(read=1_000, accepted=990),
    period=Period("2026-10-05T00:00:00Z", "2026-10-11T23:00:00Z"),
    counts=Counts(flagged_calls=120, campaigns=1, platforms=1, victims=Victims(1, 4, 60)),
    tiers={"likely": "five minutes of talk or more"},
)


def _platform(name: str, score: float) -> dict[str, Any]:
    return {"platform": name, "score": score}


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (1.0, "almost certain"), (0.95, "almost certain"), (0.85, "highly likely"), (0.6, "likely"),
        (0.45, "a realistic possibility"), (0.3, "unlikely"), (0.15, "highly unlikely"),
        (0.01, "a remote chance"), (None, "not known"),
    ],
)  # fmt: skip
def test_likelihood_follows_the_yardstick(score: float | None, shown: str) -> None:
    assert words.likelihood(score) == shown


def test_headline_of_one_service() -> None:
    head = words.headline(SUMMARY, [_platform("P-1", 0.97)])
    assert head.title == "One spoofing service found"
    assert head.sentences == [
        "It made 120 calls to 65 numbers in one campaign, among 990 call records of 5 to 11 October 2026.",
        "1 called number is a likely victim (five minutes of talk or more); 4 more are possible.",
        "That it is a spoofing service is almost certain (score 0.97).",
    ]


def test_headline_says_how_sure_of_which() -> None:
    head = words.headline(SUMMARY, [_platform("P-1", 0.97), _platform("P-2", 0.7), _platform("P-3", 0.99)])
    assert head.title == "Three spoofing services found"
    assert (
        head.sentences[-1] == "That they are spoofing services is almost certain for two and likely for one."
    )
    same = words.headline(SUMMARY, [_platform("P-1", 0.97), _platform("P-2", 0.99)])
    assert same.sentences[-1] == "For each of them, that it is a spoofing service is almost certain."


def test_headline_of_nothing_found_does_not_claim_that_there_is_nothing() -> None:
    aside = [
        SignalReport("undeclared", status="stood_aside"),
        SignalReport("near_report", status="stood_aside"),
    ]
    head = words.headline(msgspec.structs.replace(SUMMARY, signals=aside), [])
    assert head.title == "No spoofing service found"
    assert "not proof" in head.sentences[1]
    assert head.sentences[2].startswith("Two signals stood aside")


def test_an_unknown_period_is_said() -> None:
    assert words.records_period(Summary()) == "a period that the records do not tell"
    assert words.covers_days(Summary()) is None
    assert words.covers_days(SUMMARY) == 7


def test_a_signal_without_an_entry_is_shown_as_words() -> None:
    assert words.signal("brand_new_signal") == "Brand new signal"
    assert words.signal("many_owners") == words.SIGNALS["many_owners"]
