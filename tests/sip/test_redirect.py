from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import request

from ringfence.ingest.invite import describe
from ringfence.sip.headers import parse_address
from ringfence.sip.message import Message, parse
from ringfence.sip.redirect import Marks, display_text, marked_headers, redirect
from ringfence.sip.uri import parse_uri
from ringfence.sip.validation import check

CALLER = "+447700900001"
PASSED = "TN-Validation-Passed"
SOURCE = ("192.0.2.9", 5060)


def read(data: bytes) -> Message:
    message = parse(data)
    assert isinstance(message, Message), message
    return message


def contact(data: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The Contact's URI without its headers, and those headers, as who obeys reads them."""
    found = read(data)
    assert found.status == 302 and check(found) is None, found.start_line
    address = parse_address(found.get("contact") or "")
    assert address is not None and address.params == ()
    target, _, headers = address.uri.partition("?")
    pairs = [pair.partition("=") for pair in headers.split("&") if pair]
    return target, [(unquote(name), unquote(value)) for name, _, value in pairs]


def obeyed(asked: bytes, sent: bytes) -> bytes:
    """The request as the next hop makes it: what came from outside is gone, the marks are on it."""
    target, headers = contact(sent)
    line, _, rest = asked.partition(b"\r\n")
    marks = "".join(f"{name}: {value}\r\n" for name, value in headers)
    method = line.partition(b" ")[0].decode()
    return f"{method} {target} SIP/2.0\r\n{marks}".encode() + rest


def test_the_call_goes_to_its_own_target_with_the_marks_on_it() -> None:
    asked = request()
    sent = redirect(read(asked), Marks(CALLER, PASSED, "Bank"), SOURCE)
    target, headers = contact(sent)
    assert target == read(asked).uri
    assert headers == [("P-Asserted-Identity", f'"Bank" <tel:{CALLER};verstat={PASSED}>')]
    marked = read(obeyed(asked, sent))
    assert check(marked) is None
    seen = describe(marked)
    assert (seen.verstat, seen.caller, seen.called) == (PASSED, CALLER, "+442079460123")


def test_a_withheld_number_is_not_sent_at_all() -> None:
    asked = request()
    sent = redirect(read(asked), Marks(CALLER, PASSED, "Bank", withheld=True), SOURCE)
    target, headers = contact(sent)
    assert (target, headers) == (read(asked).uri, [("Privacy", "user;id")])
    assert describe(read(obeyed(asked, sent))).caller is None


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sips:+442079460123@[2001:db8::1]:5061;transport=tcp;user=phone", None),
        ("sip:+442079460123;tgrp=x;trunk-context=a@b.example", None),
        ("sip:%2B442079460123@b.example;x=%22%3C", None),
        ("tel:+442079460123", "sip:+442079460123@192.0.2.9;user=phone"),
        (
            "tel:+44-20-7946-0123;npdi;rn=+44123",
            "sip:+44-20-7946-0123;npdi;rn=+44123@192.0.2.9;user=phone",
        ),
        ("tel:+44@evil.example", ""),
        ("tel:+44;x=[]", ""),
        ("sip:a%zz@b.example", ""),
        ("sip:a?b@c.example", ""),
        ("sip:a@b.example?Subject=x", ""),
        ("http://b.example/", ""),
        ("sip:é@b.example", ""),
    ],
)
def test_targets(uri: str, target: str | None) -> None:
    sent = redirect(read(request(uri=uri)), Marks(CALLER, PASSED), SOURCE)
    if target == "":
        assert read(sent).status == 400
    else:
        assert contact(sent)[0] == (uri if target is None else target)


def test_the_domain_of_numbers_is_ours_or_that_of_whoever_asks() -> None:
    def short(source: tuple[str, int] | None, host: str = "") -> str:
        marks = Marks("5550123", PASSED)
        return contact(redirect(read(request(uri="tel:+1")), marks, source, host=host))[0]

    assert short(("2001:db8::9%eth0", 1)) == "sip:+1@[2001:db8::9];user=phone"
    assert short(SOURCE, "tel.example") == "sip:+1@tel.example;user=phone"
    assert short(None) == "sip:+1@anonymous.invalid;user=phone"
    assert marked_headers(Marks("5550123", PASSED), "tel.example") == [
        ("P-Asserted-Identity", f"<sip:5550123;verstat={PASSED}@tel.example;user=phone>")
    ]


def test_another_target() -> None:
    sent = redirect(read(request()), Marks(), SOURCE, target="sip:blocked@media.example;play=a")
    assert contact(sent) == ("sip:blocked@media.example;play=a", [])


@pytest.mark.parametrize(
    ("marks", "value"),
    [
        (Marks(), None),
        (Marks(CALLER), None),  # what nobody vouches for is not asserted
        (Marks("", PASSED), None),
        (Marks("x\r\nEvil: 1", PASSED), None),
        (Marks(CALLER, "a b"), None),
        (Marks(CALLER, "", "Bank"), f'"Bank" <tel:{CALLER}>'),
        (Marks("", "", "Scam?"), '"Scam?" <sip:anonymous@anonymous.invalid>'),
        (Marks("", PASSED, ' a "b" \\ c '), '"a \\"b\\" \\\\ c" <sip:anonymous@anonymous.invalid>'),
    ],
)
def test_marks(marks: Marks, value: str | None) -> None:
    assert marked_headers(marks, "h") == ([] if value is None else [("P-Asserted-Identity", value)])


def test_an_identity_rides_beside_the_other_marks() -> None:
    value = "a.b.c;info=<https://certs.example.org/tn.pem>;alg=ES256;ppt=shaken"
    assert marked_headers(Marks(identity=value), "h") == [("Identity", value)]
    both = Marks("+442079460123", "No-TN-Validation", identity=value)
    assert [name for name, _ in marked_headers(both, "h")] == ["P-Asserted-Identity", "Identity"]
    assert contact(redirect(read(request()), both, SOURCE))[1][1] == ("Identity", value)


def test_what_is_displayed_shows_as_what_it_is() -> None:
    assert display_text("Bank\u202e\x00\u200b of\n\n Wales") == "Bank of Wales"
    assert display_text("Zoë 銀行") == "Zoë 銀行"
    assert display_text("x" * 100) == "x" * 64
    assert display_text("\ud800") == ""


@given(st.text(), st.text(), st.text(), st.text(), st.booleans())
def test_nothing_from_outside_leaves_its_place(
    uri: str, number: str, verstat: str, display: str, withheld: bool
) -> None:
    asked = read(request())
    asked.uri = uri
    for target in (uri, f"sip:{uri}@b.example", f"tel:+44{uri}"):
        sent = redirect(asked, Marks(number, verstat, display, withheld), SOURCE, target=target)
        found = read(sent)
        assert check(found) is None
        if found.status == 302:
            where, headers = contact(sent)
            assert parse_uri(where) is not None
            assert [name for name, _ in headers] in ([], ["P-Asserted-Identity"], ["Privacy"])
            for _, value in headers:
                assert value == "user;id" or parse_address(value) is not None
                assert value.isprintable() or not value.isascii()
