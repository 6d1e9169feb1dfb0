"""INVITEs as attempts: a blocked number is seen however it is spelt and wherever it stands."""

from __future__ import annotations

import pytest

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Action
from ringfence.numbers.register import parse_register
from ringfence.screen.attempts import Edge, attempt_of
from ringfence.screen.policy import read_policy
from ringfence.screen.screen import UNVERIFIED, Knowledge, Screen
from ringfence.screen.signal import NOW
from ringfence.sip.message import Message, parse

BANK = "+442079460001"
REGISTER = parse_register(f"number,owner,use\n{BANK},Bank,inbound_only\n", "GB")
SCREEN = Screen(Knowledge(read_policy('base = "gb"\nmode = "live"', "p.toml"), register=REGISTER))
NATIONAL = Edge(trunk="T1", ingress="national")


def attempt(*lines: str, uri: str = "sip:+447700900123@h", edge: Edge = NATIONAL) -> Attempt:
    head = [f"INVITE {uri} SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "Call-ID: 1", "CSeq: 1 INVITE",
            f"To: <{uri}>", *lines, "", ""]  # fmt: skip
    message = parse("\r\n".join(head).encode())
    assert isinstance(message, Message)
    return attempt_of(message, edge, "192.0.2.1", NOW)


@pytest.mark.parametrize(
    "line",
    [
        f"From: <sip:{BANK}@h>;tag=1", "From: <tel:+44-20-7946-0001>;tag=1", "f: sip:02079460001@h;tag=1",
        "FROM: <sip:%2B442079460001@h>;tag=1", "From: <sip:+44%32079460001@h;user=phone>;tag=1",
        "From: <SIP:00442079460001@h>;tag=1", 'From: "x" <sip:+44(0)2079460001@h>;tag=1',
        "From: <sip:442079460001@h>;tag=1", "From: <sip:+442079460001;phone-context=+1@h>;tag=1",
        "From:\r\n  <sip:+442079460001@h>;tag=1", "From: <tel:2079460001;phone-context=+44>;tag=1",
        "From: <sip:+44.20.7946.0001:pw@h>;tag=1", "From: <sips:+442079460001@h?Subject=x>;tag=1",
        "From: <sip:+442079460001;verstat=TN-Validation-Passed@h>;tag=1",
        'From: "020 7946 0001" <sip:+447700900999@h>;tag=1',
        "From: <sip:\N{FULLWIDTH DIGIT ZERO}2079460001@h>;tag=1",
        f"From: <sip:anonymous@anonymous.invalid>;tag=1\r\nP-Asserted-Identity: <tel:{BANK}>",
        f"From: <sip:1@h>;tag=1\r\nP-Asserted-Identity: <sip:x@h>, <tel:{BANK}>",
        f"From: <sip:+447700900999@h>;tag=1\r\nRemote-Party-ID: <sip:{BANK}@h>;party=calling",
        f"From: <sip:+447700900999@h>;tag=1\r\nP-Asserted-Identity: <sip:+447700900998@h>\r\n"
        f"P-Asserted-Identity: <sip:{BANK}@h>",
        f"From: <sip:+447700900999@h>;tag=1\r\nf: <sip:{BANK}@h>;tag=2",
    ],
    ids=lambda line: str(abs(hash(line)) % 1),
)  # fmt: skip
def test_no_spelling_hides_a_blocked_number(line: str) -> None:
    verdict = SCREEN.screen(attempt(line), UNVERIFIED, NOW)
    assert verdict.action is Action.BLOCK, (line, verdict)


def test_what_it_reads() -> None:
    found = attempt(
        "From: <sip:020 7946 0002@h>;tag=1".replace(" 7946 ", "7946"), "User-Agent: x", "Priority: emergency",
        "P-Asserted-Identity: <tel:+442079460009>", "Diversion: <tel:+442079460008>",
    )  # fmt: skip
    assert (found.caller, found.called, found.diverted_from) == (
        "+442079460002",
        "+447700900123",
        "+442079460008",
    )
    assert (found.network_number, found.also_shown) == (None, ("+442079460009",))
    assert (found.trunk, found.ingress, found.source_ip, found.call_id) == (
        "T1",
        "national",
        "192.0.2.1",
        "1",
    )
    assert found.priority == ("emergency",) and found.fingerprint and found.fingerprint_parts


def test_a_trusted_side_asserts() -> None:
    trusted = Edge(ingress="national", trusted=True)
    line = "P-Asserted-Identity: <tel:+442079460009>"
    assert attempt("From: <sip:+442079460002@h>;tag=1", line, edge=trusted).network_number == "+442079460009"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("From: <sip:anonymous@anonymous.invalid>;tag=1", "withheld"),
        ("From: <sip:x@h>;tag=1", "not_a_number"),
        ("From: %%%", "not_a_number"), ("From: <sip:+442079460002@h>;tag=1\r\nPrivacy: id", "withheld"),
        (f"From: <sip:{'1' * 200}@h>;tag=1", "too_long"),
    ],
)  # fmt: skip
def test_callers_that_are_no_numbers(line: str, fault: str) -> None:
    found = attempt(line)
    assert found.caller is None and found.caller_fault == fault
