from __future__ import annotations

import msgspec
import pytest

from ringfence.serve.stir_messages import REASON_TEXTS, SigningBody, VerificationBody
from ringfence.verify.reasons import REASONS


def test_the_messages_of_the_document() -> None:
    body = b"""{"signingRequest": {"attest": "A", "orig": {"tn": "12155550112"},
        "dest": {"tn": ["12355550112"]}, "iat": 1443208345,
        "origid": "de305d54-75b4-431b-adb2-eb6b9e546014", "later": 1}}"""
    asked = msgspec.json.decode(body, type=SigningBody).signing_request
    assert asked.orig is not None
    assert (asked.attest, asked.orig.tn, asked.dest.tn) == ("A", "12155550112", ("12355550112",))
    body = b"""{"verificationRequest": {"from": {"tn": "12155550112"}, "to": {"tn": ["12355550112"]},
        "time": 1443208345, "identity": "a.b.c"}}"""
    request = msgspec.json.decode(body, type=VerificationBody).verification_request
    assert (request.caller.tn, request.identity) == ("12155550112", "a.b.c")


@pytest.mark.parametrize("number", ["", "+", "0044 20", "tel:1", "1" * 33])
def test_numbers_are_numbers(number: str) -> None:
    body = msgspec.json.encode({"signingRequest": {"dest": {"tn": [number]}}})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=SigningBody)


def test_each_status_has_its_phrase() -> None:
    assert {reason.status for reason in REASONS.values()} - {None} == set(REASON_TEXTS)
