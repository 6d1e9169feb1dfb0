from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.call import Call
from ringfence.model.passport import Claims, Parties, Party
from ringfence.verify.binding import Sides, anonymous, as_uri, canonical, diversions, parties, party


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sip:+442079460123@a.example;user=phone", "442079460123"),
        ("sips:+442079460123:secret@a.example:5061", "442079460123"),
        ("tel:+44-20-7946-0123", "442079460123"),
        ("tel:+442079460123;verstat=TN-Validation-Passed", "442079460123"),
        ("sip:+442079460123;tgrp=T1;trunk-context=a.example@b.example", "442079460123"),
        ("tel:2079460123;phone-context=+44", "442079460123"),
        ("sip:02079460123@a.example", "442079460123"),
        ("sip:00442079460123@a.example", "442079460123"),
        ("sip:%2B442079460123@a.example", "442079460123"),
        ("020 7946 0123", "442079460123"),
        ("+442079460123", "442079460123"),
        ("442079460123", "442079460123"),
        ("tel:999", "999"),
        ("sip:*67@a.example", "*67"),
        ("sip:Alice:pw@Example.COM:5060;x=y?a=b", "sip:alice@example.com"),
        ("sip:%61lice@example.com", "sip:alice@example.com"),
        ("sip:example.com", "sip:example.com"),
        ("mailto:Alice@example.com", "mailto:alice@example.com"),
        ("", ""),
        ("alice", ""),
        ("tel:alice", ""),
    ],
)
def test_canonical_forms(text: str, number: str) -> None:
    assert canonical(text, "GB") == number


def test_national_numbers_depend_on_the_region() -> None:
    assert canonical("sip:2025550123@a.example", "US") == "12025550123"
    assert canonical("sip:1234567890123456@a.example", "US", longer=True) == "1234567890123456"


@pytest.mark.parametrize(
    ("uri", "nobody"),
    [
        ("sip:anonymous@anonymous.invalid", True),
        ("sip:x@anonymous.invalid", True),
        ("sip:restricted@a.example", True),
        ("", True),
        ("sip:+442079460123@a.example", False),
        ("not a uri", False),
    ],
)
def test_nobody(uri: str, nobody: bool) -> None:
    assert anonymous(uri) == nobody


def test_claims_of_uris() -> None:
    assert party(Party(uri="SIP:Alice@Example.com")) == "sip:alice@example.com"
    assert parties(Parties(("1",), ("sip:B@c",))) == ("1", "sip:b@c")
    # a signer of URIs may not be entitled to the number in one
    assert party(Party(uri="sip:+442079460123@a.example")) == "sip:+442079460123@a.example"
    assert as_uri("sip:+442079460123@A.example;user=phone") == "sip:+442079460123@a.example"


CALL = Call(
    request_uri="sip:+447700900123@b.example",
    to="sip:+447700900199@b.example",
    caller="sip:+442079460123@a.example",
)


def test_sides_of_a_call() -> None:
    sides = Sides(CALL, "GB", False)
    assert sides.calls("442079460123", CALL) and sides.calls("sip:+442079460123@a.example", CALL)
    assert not sides.calls("442079460124", CALL) and not sides.calls("", CALL)
    assert sides.reaches(("447700900123",), CALL) and not sides.reaches(("447700900199",), CALL)
    assert sides.was_for(("447700900199",), CALL) and not sides.was_for((), CALL)


def test_the_networks_word_stands_before_the_callers() -> None:
    asserted = ("tel:+442079460199", "sip:x@a.example")
    call = Call(CALL.request_uri, CALL.to, "sip:anonymous@anonymous.invalid", asserted)
    sides = Sides(call, "GB", False)
    assert sides.calls("442079460199", call) and not sides.anonymous
    assert Sides(Call(caller="sip:anonymous@anonymous.invalid"), "GB", False).anonymous


def _claims(orig: str, dest: str, div: str | None = None) -> Claims:
    return Claims(Parties((dest,)), 0, Party(orig), div=Party(div) if div else None)


def test_chains_of_diversions() -> None:
    origin = _claims("1", "2")
    call = Call(request_uri="tel:+447700900123", to="tel:+2")
    sides = Sides(call, "001", False)
    last = _claims("1", "447700900123", "3")
    assert diversions(origin, [last, _claims("1", "3", "2")], sides, call) == [1, 0]
    assert diversions(origin, [last], sides, call) is None
    assert diversions(origin, [_claims("9", "447700900123", "2")], sides, call) is None
    loop = [_claims("1", "3", "2"), _claims("1", "2", "3")]
    assert diversions(origin, loop, sides, call) is None


@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    for prefix in ("", "sip:", "tel:"):
        assert isinstance(canonical(prefix + text, "GB"), str)
        anonymous(prefix + text)
        as_uri(prefix + text)
