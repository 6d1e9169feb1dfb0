from __future__ import annotations

import re
from pathlib import Path

from ringfence.hunt import detectors
from ringfence.hunt.signal import Signal, all_detectors, call, office, person
from ringfence.model.record import CALL_RECORD

#: The stable words of the contract, and the fraud's own farm of SIM cards beside them.
WORDS = (
    "protected_identity undeclared many_owners rare_fingerprint owner_switch foreign_ingress identity_churn "
    "long_tail owner_callback never_originates redial_chain over_capacity weak_attestation human_pacing "
    "near_report sim_farm"
)


def test_every_file_beside_the_detectors_is_one_and_their_order_is_the_published_one() -> None:
    found = all_detectors()
    files = {p.stem for p in Path(detectors.__path__[0]).glob("*.py")} - {"__init__"}
    assert [d.SIGNAL.name for d in found] == WORDS.split()
    assert {d.__name__.rsplit(".", 1)[1] for d in found} == files == {d.SIGNAL.name for d in found}
    assert [d.SIGNAL.number for d in found] == sorted(d.SIGNAL.number for d in found)


def test_what_a_detector_needs_is_a_field_or_a_file() -> None:
    known = {*CALL_RECORD.names, "register", "declared", "reports"}
    for detector in all_detectors():
        signal: Signal = detector.SIGNAL
        assert {part for need in signal.needs for part in need.split("|")} <= known, signal.name
        assert signal.level in ("call", "unit")


def test_reasons_are_plain_words() -> None:
    for detector in all_detectors():
        words = detector.SIGNAL.words
        assert re.fullmatch(r"[a-z].*[^.]", words), words
        assert "_" not in words


def test_the_words_of_an_example() -> None:
    assert call(3, office(1), person(2), 60, trunk="T") == {
        "minute": 3,
        "caller": "office:1",
        "called": "person:2",
        "talk": 60,
        "trunk": "T",
    }
