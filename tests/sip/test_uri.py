from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sip.uri import Uri, parse_uri


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:192.0.2.1", Uri("sip", host="192.0.2.1")),
        ("sips:a@[2001:db8::1]:5061", Uri("sips", "a", host="[2001:db8::1]", port=5061)),
        (
            "SIP:+442079460123;tgrp=T%201;trunk-context=x@example.com;user=phone;lr?Subject=hi",
            Uri(
                "sip",
                "+442079460123",
                (("tgrp", "T 1"), ("trunk-context", "x")),
                "example.com",
                None,
                (("user", "phone"), ("lr", None)),
                "Subject=hi",
            ),
        ),
        (
            "sip:sips%3Auser%40example.com@example.net",
            Uri("sip", "sips:user@example.com", host="example.net"),
        ),
        ("sip:alice:secret@example.com", Uri("sip", "alice", host="example.com")),
        ("tel:+1-555-0100;phone-context=x", Uri("tel", "+1-555-0100", (("phone-context", "x"),))),
        ("urn:service:sos", Uri("urn")),
    ],
)
def test_values(text: str, expected: Uri) -> None:
    assert parse_uri(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@",
        "<sip:a@b>",
        "sip:a b@c",
        "sip:a@b:99999",
        "sip:a@b; lr",
        "a@b",
        "tel:",
        "sip:a@b\x00",
    ],
)
def test_what_breaks_the_grammar(text: str) -> None:
    assert parse_uri(text) is None


def test_parameters_of_the_user_part_come_first() -> None:
    uri = parse_uri("sip:1;verstat=No-TN-Validation@h;verstat=TN-Validation-Passed")
    assert uri is not None and uri.param("verstat") == "No-TN-Validation" and uri.param("x") is None


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    for start in ("", "sip:", "tel:"):
        uri = parse_uri(start + text)
        assert uri is None or (uri.user or "").encode() is not None
