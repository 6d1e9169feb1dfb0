from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.sip.headers import (
    Address,
    Via,
    canonical_name,
    parse_address,
    parse_cseq,
    parse_params,
    parse_via,
    split_values,
    tag_of,
)


def test_compact_forms() -> None:
    assert [canonical_name(n) for n in ("v", "I", "Via", "X-Own")] == ["via", "call-id", "via", "x-own"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ('"x, y" <sip:a,b@c>;q=1, <sip:d@e>', ['"x, y" <sip:a,b@c>;q=1', "<sip:d@e>"]),
        ('"a\\",b", c', ['"a\\",b"', "c"]),
        ('"never closed, a', ['"never closed, a']),
        ("a < b, c", ["a < b", "c"]),
    ],
)
def test_lists_are_split_outside_quotes_and_brackets(text: str, expected: list[str]) -> None:
    assert split_values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:a@b;tag=x", Address(None, "sip:a@b", (("tag", "x"),))),
        ("<sip:a@b;lr>;Tag=x", Address(None, "sip:a@b;lr", (("tag", "x"),))),
        ('"A \\"B\\"" <sip:a@b> ; tag = x', Address('A "B"', "sip:a@b", (("tag", "x"),))),
        ("T. Watson <sip:a@b>", Address("T. Watson", "sip:a@b")),
        ("caller<sip:a@b>", Address("caller", "sip:a@b")),
        ('<tel:+1>;p="a;b";q', Address(None, "tel:+1", (("p", "a;b"), ("q", None)))),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "Bell, A <sip:a@b>", '"open <sip:a@b>', "sip:a@b?x=y", "<sip:a@b>;;", "<a"]
)
def test_addresses_that_break_the_grammar(text: str) -> None:
    assert parse_address(text) is None


def test_via() -> None:
    assert parse_via("SIP / 2.0 / TCP  [2001:db8::1]:5060 ;branch=z9hG4bKa;rport") == Via(
        "TCP", "[2001:db8::1]", 5060, (("branch", "z9hG4bKa"), ("rport", None))
    )
    via = parse_via("SIP/2.0/UDP host;received=192.0.2.1")
    assert via is not None and via.branch is None
    assert parse_via("SIP/2.0/UDP 192.0.2.15;;") is None and parse_via("UDP host") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 INVITE", (1, "INVITE")),
        ("0009  INVITE", (9, "INVITE")),
        ("2147483647 X-own", (2147483647, "X-own")),
        ("2147483648 INVITE", None),
        ("36893488147419103232 REGISTER", None),
        ("INVITE", None),
        ("-1 INVITE", None),
        ("1", None),
        ("٣ INVITE", None),
    ],
)
def test_cseq(text: str, expected: tuple[int, str] | None) -> None:
    assert parse_cseq(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<sip:a@b>;tag=x", "x"),
        ("sip:a@b;tag=x;other=y", "x"),
        ("<sip:a@b;tag=no>", ""),
        ('"<>;tag=no" <sip:a@b> ; x=y ; TAG = yes', "yes"),
        ('<sip:a@b>;p=">;tag=no";tag=yes', "yes"),
        ("", ""),
    ],
)
def test_tags(text: str, expected: str) -> None:
    assert tag_of(text) == expected


def test_params() -> None:
    assert parse_params(" ; a = 1 ;b") == (("a", "1"), ("b", None))
    assert parse_params(";a;;b") is None


@given(st.text(alphabet='";<>\\,= a:@\t', max_size=60))
def test_any_text_is_survived(text: str) -> None:
    split_values(text)
    parse_address(text)
    parse_via(text)
    parse_params(text)
    tag_of(text)
    parse_cseq(text)


@pytest.mark.parametrize("unit", ['"', '\\"', "<", "a ", ',"', ";a", " ", "a,", "<a", "((", ';a="'])
def test_long_hostile_text_is_read_in_linear_work(unit: str) -> None:
    # quadratic matching would take minutes here
    text = unit * (500_000 // len(unit))
    split_values(text + ",")
    parse_address(text)
    parse_via(text)
    parse_params(text)
    tag_of(text)
