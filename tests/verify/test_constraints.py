from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import UsageError
from ringfence.model.rejected import Rejected
from ringfence.verify import der
from ringfence.verify.constraints import ClaimConstraints, encode_constraints, parse_constraints

BASE: dict[str, Any] = {
    "iat": 1,
    "orig": {"tn": "447700900000"},
    "dest": {"tn": ["447700900001"]},
}
NAMES = st.lists(st.text("abcdef-", min_size=1, max_size=8), max_size=3).map(tuple)
PERMITTED = st.dictionaries(
    st.text("abcdef-", min_size=1, max_size=8),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=3).map(tuple),
    max_size=3,
)
CONSTRAINTS = st.builds(ClaimConstraints, NAMES, PERMITTED, NAMES).filter(lambda c: c != ClaimConstraints())

#: RFC 9118 section 5, figure 2
FIGURE_2 = bytes.fromhex(
    "3040a00e300c160a636f6e666964656e6365a120301e301c160a636f6e666964656e6365300e0c04686967680c066d656469756d"
    "a20c300a16087072696f72697479"
)


@given(CONSTRAINTS)
def test_what_is_written_reads_the_same(constraints: ClaimConstraints) -> None:
    octets = encode_constraints(constraints)
    assert parse_constraints(octets, enhanced=True) == constraints
    plain = parse_constraints(octets, enhanced=False)
    assert isinstance(plain, Rejected) if constraints.must_exclude else plain == constraints


def test_the_example_of_rfc_9118() -> None:
    read = parse_constraints(FIGURE_2, enhanced=True)
    assert read == ClaimConstraints(("confidence",), {"confidence": ("high", "medium")}, ("priority",))
    assert encode_constraints(read) == FIGURE_2
    assert read.violation(BASE | {"confidence": "high"}) is None
    assert read.violation(BASE) == "the claim confidence must be in the token"
    assert "permitted" in (read.violation(BASE | {"confidence": "low"}) or "")
    assert "must not be" in (read.violation(BASE | {"confidence": "high", "priority": 1}) or "")


def test_a_permitted_value_is_asked_for_only_where_the_claim_is_there() -> None:
    constraints = ClaimConstraints(permitted={"attest": ("B", "C")})
    assert constraints.violation(BASE) is None
    assert constraints.violation(BASE | {"attest": "B"}) is None
    assert constraints.violation(BASE | {"attest": "A"})


@pytest.mark.parametrize("missing", ["iat", "orig", "dest"])
def test_the_baseline_must_be_there(missing: str) -> None:
    claims = {name: value for name, value in BASE.items() if name != missing}
    assert ClaimConstraints(must_include=("attest",)).violation(claims)


@pytest.mark.parametrize(
    ("claim", "value", "allowed"),
    [
        ({"auth": ["ets.0"], "b": 1}, '{ "b": 1, "auth": ["ets.0"] }', True),
        ({"auth": ["ets.1"]}, '{"auth":["ets.0"]}', False),
        (["a", "b"], "a", False),
        (True, "true", True),
        (True, "1", False),
        (1, "1", True),
        (1, "no json", False),
        (10**400, "1", False),
        ({"a": object()}, "1", False),
        ("1", "1", True),
        ("x", '"x"', False),
    ],
)
def test_a_claim_that_is_no_text_is_compared_as_json(claim: Any, value: str, allowed: bool) -> None:
    violation = ClaimConstraints(permitted={"c": (value,)}).violation(BASE | {"c": claim})
    assert (violation is None) is allowed


def test_excluding_the_baseline_is_as_if_there_were_none() -> None:
    octets = encode_constraints(ClaimConstraints(must_include=("x",), must_exclude=("y",)))
    octets = octets.replace(b"\x16\x01y", b"\x16\x03iat").replace(b"\x30\x03\x16\x03", b"\x30\x05\x16\x03")
    octets = octets.replace(b"\xa2\x05", b"\xa2\x07").replace(b"\x30\x0e\xa0", b"\x30\x10\xa0")
    assert parse_constraints(octets, enhanced=True) == ClaimConstraints()


def test_a_claim_listed_twice_must_be_in_both_lists() -> None:
    def listed(*values: bytes) -> bytes:
        texts = b"".join(der.element(der.UTF8_STRING, value) for value in values)
        return der.element(der.SEQUENCE, der.element(der.IA5_STRING, b"c"), der.element(der.SEQUENCE, texts))

    both = der.element(der.SEQUENCE, listed(b"1", b"2"), listed(b"2", b"3"))
    octets = der.element(der.SEQUENCE, der.element(der.context(1), both))
    assert parse_constraints(octets, enhanced=False) == ClaimConstraints(permitted={"c": ("2",)})


INCLUDE, PERMITTED_TAG = der.context(0), der.context(1)


def _sequence(*parts: bytes) -> bytes:
    return der.element(der.SEQUENCE, *parts)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30\x00",
        b"\x04\x00",
        _sequence(der.element(der.context(3))),
        _sequence(der.element(INCLUDE)),
        _sequence(der.element(INCLUDE, _sequence())),
        _sequence(der.element(INCLUDE, _sequence(der.element(der.UTF8_STRING, b"x")))),
        _sequence(der.element(INCLUDE, _sequence(der.element(der.IA5_STRING, b"\xe9")))),
        _sequence(der.element(INCLUDE, _sequence(der.element(der.IA5_STRING, b"")))),
        _sequence(*[der.element(INCLUDE, _sequence(der.element(der.IA5_STRING, b"x")))] * 2),
        _sequence(der.element(PERMITTED_TAG, _sequence())),
        _sequence(der.element(PERMITTED_TAG, _sequence(_sequence(der.element(der.IA5_STRING, b"x"))))),
        _sequence(
            der.element(
                PERMITTED_TAG,
                _sequence(_sequence(der.element(der.IA5_STRING, b"x"), _sequence(b"\x0c\x01\xff"))),
            )
        ),
    ],
)
def test_what_are_no_constraints_says_so(octets: bytes) -> None:
    for enhanced in (True, False):
        rejected = parse_constraints(octets, enhanced)
        assert isinstance(rejected, Rejected)
        assert (rejected.reason, rejected.status) == ("bad_certificate", 437)


@pytest.mark.parametrize(
    "constraints",
    [
        ClaimConstraints(),
        ClaimConstraints(must_include=("é",)),
        ClaimConstraints(must_exclude=("orig",)),
        ClaimConstraints(permitted={"attest": ()}),
    ],
)
def test_what_must_not_be_written(constraints: ClaimConstraints) -> None:
    with pytest.raises(UsageError, match="claim constraints"):
        encode_constraints(constraints)
