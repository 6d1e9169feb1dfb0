from __future__ import annotations

import base64
import json

import pytest
from tests.ingest.wire import SDP, request

from ringfence.ingest.invite import Described, describe, egress_trunk
from ringfence.sip.message import Message, parse


def message(**options: object) -> Message:
    parsed = parse(request(**options))  # type: ignore[arg-type]
    assert isinstance(parsed, Message)
    return parsed


def described(*headers: str, **options: object) -> Described:
    return describe(message(headers=headers, **options))


def passport(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    header = {"alg": "ES256", "typ": "passport", "ppt": "shaken"}
    return f"Identity: {part(header)}.{part(claims)}.c2ln;info=<https://example.com/c.pem>;alg=ES256"


def test_plain_call() -> None:
    found = described("User-Agent: Drama Phone/1.2", body=SDP)
    assert (found.caller, found.called, found.network_number) == ("+447700900001", "+442079460123", None)
    assert found.user_agent == "Drama Phone/1.2"
    assert found.fingerprint is not None and found.fingerprint_parts is not None


def test_the_asserted_number_is_the_network_number_where_it_differs() -> None:
    assert described("P-Asserted-Identity: <tel:+442079460555>").network_number == "+442079460555"
    assert described("P-Asserted-Identity: <tel:+447700900001>").network_number is None
    two = described('P-Asserted-Identity: "A, B" <sip:alice@example.com>, <tel:+442079460555>')
    assert two.network_number == "+442079460555"


@pytest.mark.parametrize(
    ("headers", "options"),
    [
        (("Privacy: id",), {}),
        (("Privacy: user;critical",), {}),
        ((), {"caller": "anonymous"}),
        ((), {"caller": "Restricted"}),
    ],
)
def test_withheld_callers(headers: tuple[str, ...], options: dict[str, str]) -> None:
    found = described("P-Asserted-Identity: <tel:+447700900001>", *headers, **options)
    assert found.caller is None
    assert found.network_number == "+447700900001"


def test_privacy_none_withholds_nothing() -> None:
    assert described("Privacy: none").caller == "+447700900001"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ["Diversion: <sip:+442079460777@a>;reason=unconditional", "Diversion: <sip:+442079460888@a>"],
            "+442079460777",
        ),
        (["Diversion: <tel:+442079460777>;reason=no-answer, <tel:+442079460888>"], "+442079460777"),
        (
            [
                "History-Info: <sip:+442079460777@a>;index=1",
                "History-Info: <sip:+442079460123@a;cause=302?Reason=SIP%3Bcause%3D302>;index=1.1",
            ],
            "+442079460777",
        ),
        (
            [
                "History-Info: <sip:+442079460777@a>;index=1, <sip:x@b>;index=1.1;rc=1",
                "History-Info: <sip:+442079460123@c>;index=1.2;mp=1",
            ],
            "+442079460777",
        ),
        (["History-Info: <sip:+442079460777@a>;index=1, <sip:+442079460123@b>;index=1.1;rc=1"], None),
        (["Diversion: rubbish"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_last_diverting_number(headers: list[str], expected: str | None) -> None:
    assert described(*headers).diverted_from == expected


def test_trunk_groups_of_rfc_4904() -> None:
    contact = "Contact: <sip:+447700900001;tgrp=T-1;trunk-context=example.com@192.0.2.1>"
    uri = "sip:+442079460123;tgrp=OUT-9;trunk-context=example.com@192.0.2.2;user=phone"
    found = described(contact, uri=uri)
    assert (found.trunk, found.egress_trunk, found.called) == ("T-1", "OUT-9", "+442079460123")
    assert egress_trunk(message()) is None
    assert described("Contact: <sip:+447700900001@192.0.2.1>").trunk is None


def test_claims_are_decoded_and_not_verified() -> None:
    found = described(passport(attest="B", origid="123e4567-e89b-12d3-a456-426655440000"))
    assert (found.attestation, found.origid) == ("B", "123e4567-e89b-12d3-a456-426655440000")
    assert described("Identity: ..sig;info=<https://example.com/c.pem>").attestation is None


def test_verstat_and_its_endings() -> None:
    found = described("P-Asserted-Identity: <tel:+447700900001;verstat=TN-Validation-Passed-C>")
    assert (found.verstat, found.attestation) == ("TN-Validation-Passed", "C")
    found = described(
        "P-Asserted-Identity: <sip:+447700900001;verstat=no-tn-validation@example.com>", passport(attest="A")
    )
    assert (found.verstat, found.attestation) == ("No-TN-Validation", "A")
    assert described("P-Asserted-Identity: <tel:+447700900001;verstat=perhaps>").verstat is None


def test_local_numbers_take_their_context() -> None:
    found = described(uri="tel:7946;phone-context=+4420")
    assert found.called == "+44207946"
    assert described(uri="tel:159;phone-context=example.com").called == "159"


def test_unreadable_targets_have_no_number() -> None:
    assert described(uri="sip:192.0.2.2").called is None
    assert described(uri="soap.beep://192.0.2.2").called is None
