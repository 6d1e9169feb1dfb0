from __future__ import annotations

import pytest

from ringfence.console import signals
from ringfence.hunt.signal import all_detectors

DETECTORS = {detector.SIGNAL.name: detector.SIGNAL for detector in all_detectors()}


def test_every_signal_of_the_hunt_has_words_for_a_reader() -> None:
    for name in DETECTORS:
        assert signals.known(name)
        for text in (signals.label(name), signals.meaning(name)):
            assert "_" not in text
            assert text[0].isupper()
        assert "," not in signals.label(name), "labels are listed with commas between them"
    assert len({signals.label(name) for name in DETECTORS}) == len(DETECTORS)


def test_what_each_signal_needs_is_named_as_an_option_or_a_column() -> None:
    for name, signal in DETECTORS.items():
        for need in signal.needs:
            said = signals.what_is_missing("needs " + need.replace("|", " or "))
            assert "--" in said or "(column " in said, (name, said)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("needs declared", "needs the owners' log of declared calls: ringfence hunt --declared FILE"),
        (
            "needs imei_tac, cell",
            "needs the caller's type of telephone (column imei_tac); and the caller's cell (column cell)",
        ),
        ("needs new_field", "needs new field"),
        ("no reports were given (--reports)", "no reports were given (--reports)"),
        ("", ""),
    ],
)
def test_what_is_missing(why: str, said: str) -> None:
    assert signals.what_is_missing(why) == said


def test_a_pair_that_counted_together_is_its_two_signals() -> None:
    assert signals.labels(["human_pacing", "sim_farm", "human_pacing+sim_farm"]) == [
        "Down a list one by one",
        "SIM farm",
    ]
    assert signals.labels(None) == []


def test_a_line() -> None:
    assert signals.line(["many_owners", "sim_farm", "redial_chain"]) == (
        "Several owners' numbers, SIM farm, quick redials."
    )
    assert signals.line([]) == signals.line(None) == ""


def test_a_signal_without_an_entry_is_shown_as_words() -> None:
    assert signals.label("brand_new_signal") == signals.meaning("brand_new_signal") == "Brand new signal"
    assert not signals.known("brand_new_signal")
    assert "\x1b" not in signals.label("\x1b[31m")
