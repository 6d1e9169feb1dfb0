from __future__ import annotations

from pathlib import Path
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
        (1.0, "almost certain"), (0.95, "almost certain"), (0.946, "almost certain"),
        (0.944, "highly likely"), (0.93, "highly likely"), (0.85, "highly likely"), (0.6, "likely"),
        (0.45, "a realistic possibility"), (0.3, "unlikely"), (0.15, "highly unlikely"),
        (0.01, "a remote chance"), (None, "not known"),
    ],
)  # fmt: skip
def test_likelihood_follows_the_yardstick(score: float | None, shown: str) -> None:
    assert words.likelihood(score) == shown


def test_the_scale_is_told_as_it_is_used_and_as_the_docs_tell_it() -> None:
    for bound, said in words.SCALE:
        assert words.likelihood(bound) == said
        assert f"{said} from {bound:.2f}" in words.scale() or not bound
    docs = (Path(__file__).parents[2] / "docs/reference/report.md").read_text("utf-8")
    assert words.scale() in " ".join(docs.split())


def test_reasons_of_rejected_rows_are_words() -> None:
    assert words.rejection("bad_called_number") == "the called number cannot be read as a number"
    assert "--region" in words.rejection_remedy("bad_called_number")
    assert words.rejection("brand_new") == "brand new"
    assert words.rejection_remedy("brand_new") == ""


def test_in_the_name_of() -> None:
    assert words.in_the_name_of([]) == ""
    assert words.in_the_name_of(["A", "B"]) == "In the name of A, B."
    assert words.in_the_name_of(list("ABCDEF")) == "In the name of A, B, C, D and 2 more."


def test_headline_of_one_platform() -> None:
    head = words.headline(SUMMARY, [_platform("P-1", 0.97)])
    assert head.title == "One spoofing platform found"
    assert head.sentences == [
        "It made 120 calls to 65 numbers in one campaign, among 990 call records of 5 to 11 October 2026.",
        "1 called number is a likely victim (five minutes of talk or more); 4 more are possible.",
        "That a spoofing service made these calls is almost certain (score 0.97).",
    ]


def test_headline_says_how_sure_of_which() -> None:
    head = words.headline(SUMMARY, [_platform("P-1", 0.97), _platform("P-2", 0.7), _platform("P-3", 0.99)])
    assert head.title == "Three spoofing platforms found"
    assert head.sentences[-2:] == [
        "That a spoofing service made its calls is almost certain for two and likely for one.",
        "A platform is what the records show of one service. A service whose parts share nothing rare shows "
        "as several, so there may be fewer services than platforms.",
    ]
    same = words.headline(SUMMARY, [_platform("P-1", 0.97), _platform("P-2", 0.99)])
    assert same.sentences[-2] == "For each of them, that a spoofing service made its calls is almost certain."


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
