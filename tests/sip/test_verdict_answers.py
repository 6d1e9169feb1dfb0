from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import request

from ringfence.model.verdict import Action, LiveSignal, Mode, Verdict
from ringfence.sip.message import Message, parse
from ringfence.sip.validation import check
from ringfence.sip.verdict_answers import Answering, refusal, refuses, understands_608, verdict_answer

CALLER = "+447700900001"
SOURCE = ("192.0.2.9", 5060)
HOW = Answering(
    announcement="sip:blocked@media.example",
    host="tel.example",
    blocked_url="https://tel.example/blocked?x=1",
    blocked_contact="mailto:appeals@tel.example",
    card_url="https://tel.example/card",
)


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    assert check(message) is None
    return message


def answered(verdict: Verdict, how: Answering | None = HOW, number: str = CALLER, **asked: str) -> Message:
    headers = [f"{name.replace('_', '-')}: {value}" for name, value in asked.items()]
    return read(verdict_answer(read(request(headers=headers)), verdict, number, SOURCE, how))


def blocked(status: int | None, reason: str = "", how: Answering = HOW, **asked: str) -> Message:
    return answered(Verdict(action=Action.BLOCK, sip_status=status, sip_reason=reason), how, **asked)


def test_a_call_goes_on_with_its_marks() -> None:
    for action in (Action.ALLOW, Action.LABEL):
        found = answered(Verdict(action=action, verstat="TN-Validation-Passed", display="Bank"))
        assert found.status == 302
        assert found.get("contact") == (
            "<sip:+442079460123@192.0.2.2;user=phone?P-Asserted-Identity=%22Bank%22%20%3Ctel%3A%2B447700900001"
            "%3Bverstat%3DTN-Validation-Passed%3E>"
        )


def test_nothing_to_say_is_no_opinion() -> None:
    passed = Verdict(verstat="TN-Validation-Passed")
    for found in (
        answered(Verdict()),
        answered(passed, number=""),
        answered(passed, msgspec.structs.replace(HOW, route_on=True)),
        answered(Verdict(), None),
    ):
        assert (found.status, found.get("reason")) == (404, 'SIP;cause=404;text="no opinion"')
    label = Verdict(action=Action.LABEL, display="Scam?")
    assert answered(label, msgspec.structs.replace(HOW, route_on=True)).status == 302


def test_what_a_rule_in_shadow_says_is_not_answered() -> None:
    verdict = Verdict(would=Action.BLOCK, sip_status=603, mode=Mode.SHADOW, verstat="No-TN-Validation")
    assert answered(verdict).status == 302


def test_withholding_shows_no_number() -> None:
    found = answered(Verdict(action=Action.WITHHOLD, verstat="No-TN-Validation", display="x"))
    assert found.get("contact") == "<sip:+442079460123@192.0.2.2;user=phone?Privacy=user%3Bid>"


def test_diverting() -> None:
    divert = Verdict(action=Action.DIVERT)
    assert answered(divert).get("contact") == "<sip:blocked@media.example>"
    # nowhere to divert to: it does not go on
    assert answered(divert, Answering()).start_line == "SIP/2.0 603 Network Blocked"
    there = read(request(uri="sip:blocked@media.example"))
    assert read(verdict_answer(there, divert, "", SOURCE, HOW)).start_line == "SIP/2.0 404 No Opinion"


@pytest.mark.parametrize("status", [None, 603])
def test_analytics_blocking_has_its_exact_form(status: int | None) -> None:
    found = blocked(status)
    assert found.start_line == "SIP/2.0 603 Network Blocked"
    assert found.get("reason") == (
        'SIP;cause=603;text="v=analytics1;url=https://tel.example/blocked?x=1";location=RLN'
    )
    assert found.get("contact") == "<mailto:appeals@tel.example>"
    bare = blocked(status, how=Answering())
    assert bare.get("reason") == 'SIP;cause=603;text="v=analytics1";location=RLN'
    assert bare.get("contact") is None


def test_a_603_with_another_phrase_is_only_that() -> None:
    found = blocked(603, "Decline")
    assert found.start_line == "SIP/2.0 603 Decline" and found.get("reason") is None


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (403, "403 Forbidden"),
        (428, "428 Use Identity Header"),
        (433, "433 Anonymity Disallowed"),
        (436, "436 Bad Identity Info"),
        (437, "437 Unsupported Credential"),
        (438, "438 Invalid Identity Header"),
        (607, "607 Unwanted"),
        (499, "499 Refused"),
    ],
)
def test_refusals_have_their_phrases(status: int, line: str) -> None:
    found = blocked(status)
    assert found.start_line == "SIP/2.0 " + line
    assert found.get("reason") is None and found.get("contact") is None


def test_a_policy_may_word_it_otherwise() -> None:
    assert blocked(403, "Stale Date").start_line == "SIP/2.0 403 Stale Date"


def test_the_reason_of_a_bad_identity_where_set() -> None:
    how = Answering(stir_reason=True)
    assert blocked(438, how=how).get("reason") == 'STIR;cause=438;text="Invalid Identity Header"'
    assert blocked(403, how=how).get("reason") is None


def test_608_needs_a_card_and_a_caller_that_understands_it() -> None:
    found = blocked(608, Feature_Caps="*;+sip.608")
    assert found.start_line == "SIP/2.0 608 Rejected"
    assert found.get("call-info") == "<https://tel.example/card>;purpose=jwscard"
    assert blocked(608).status == 603
    assert blocked(608, how=Answering(), Feature_Caps="*;+sip.608").status == 603


@pytest.mark.parametrize(
    ("value", "understood"),
    [("*;+sip.607", False), ('*;x="+sip.608"', False), ("*;x, * ; +SIP.608", True), ("*;+sip.6080", False)],
)
def test_who_understands_608(value: str, understood: bool) -> None:
    assert understands_608(read(request(headers=[f"Feature-Caps: {value}"]))) is understood


@pytest.mark.parametrize("status", [200, 302, 401, 404, 407, 408, 420, 500, 503, 504, 700, 99])
def test_a_status_that_routes_on_is_no_refusal(status: int) -> None:
    assert not refuses(status)
    assert blocked(status, "x").start_line == "SIP/2.0 403 Forbidden"


def test_a_refusal_never_says_what_was_seen() -> None:
    verdict = Verdict(
        action=Action.BLOCK,
        reasons=("the trunk of platform P1",),
        signals=(LiveSignal("rare_fingerprint", 1.0, "seen"),),
        rule="hunt-7",
        policy="gb-1",
    )
    sent = refusal(read(request()), verdict, SOURCE, HOW)
    assert not any(word in sent for word in (b"P1", b"fingerprint", b"hunt", b"gb-1"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("announcement", "tel:+441"),
        ("announcement", "sip:a@b?x=y"),
        ("announcement", "x"),
        ("host", "a b"),
        ("host", "2001:db8::1"),
        ("blocked_url", 'https://a/";x'),
        ("blocked_url", "https://a/;x"),
        ("card_url", "ftp://a/"),
        ("blocked_contact", "a@b"),
        ("blocked_contact", "mailto:a>"),
        ("retry_after", -1),
    ],
)
def test_settings_that_nobody_could_read_are_refused(field: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: value}, Answering)


@given(
    st.builds(
        Verdict,
        action=st.sampled_from(Action),
        sip_status=st.none() | st.integers(-1, 1000),
        sip_reason=st.text(),
        verstat=st.text(),
        display=st.text(),
    ),
    st.text(),
)
def test_every_verdict_is_one_message(verdict: Verdict, number: str) -> None:
    sent = verdict_answer(read(request()), verdict, number, SOURCE, HOW)
    assert sent.count(b"\r\n\r\n") == 1
    found = read(sent)
    assert [name for name, _ in found.headers[:5]] == ["Via", "From", "To", "Call-ID", "CSeq"]
    if verdict.action is Action.BLOCK:
        assert found.status >= 400 and refuses(found.status)
