from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.lint.certificates import integer, oid, tlv

from ringfence.verify.lint import der


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x05abc",  # shorter than it says
        b"\x30\x80\0\0",  # indefinite
        b"\x1f\x81\x00\x00",  # a tag of more octets
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\xff",
    ],
)
def test_what_is_no_element_is_none(data: bytes) -> None:
    assert der.first(data) is None
    assert der.sole(data, 0x30) is None
    assert der.parts(data) is None
    assert der.elements(data) in (None, ())


def test_lengths_longer_than_need_be_are_followed() -> None:
    assert der.first(b"\x04\x82\x00\x02abc") == (der.Element(0x04, b"ab", b"\x04\x82\x00\x02ab"), b"c")


def test_elements_go_to_the_last_octet() -> None:
    both = tlv(0x02, b"\1") + tlv(0x04, b"x")
    assert [e.tag for e in der.elements(both) or ()] == [0x02, 0x04]
    assert der.elements(both + b"\x04") is None
    assert der.sole(both, 0x02) is None


@pytest.mark.parametrize(
    "dotted", ["2.5.29.15", "1.2.840.10045.4.3.2", "2.16.840.1.114569.1.1.4", "0.9", "1.39.0"]
)
def test_object_identifiers(dotted: str) -> None:
    assert der.oid(oid(dotted)[2:]) == dotted


@pytest.mark.parametrize("content", [b"", b"\x81", b"\x2a" * 65])
def test_what_is_no_object_identifier(content: bytes) -> None:
    assert der.oid(content) is None


def test_text_of_each_character_set() -> None:
    assert der.text(der.UTF8_STRING, "é".encode()) == "é"
    assert der.text(der.BMP_STRING, b"\0A\x20\xac") == "A€"
    assert der.text(der.T61_STRING, b"\xe9") == "é"
    assert der.text(der.PRINTABLE_STRING, b"\xe9") is None
    assert der.text(der.BMP_STRING, b"\xd8\0") is None
    assert der.text(der.OCTET_STRING, b"x") is None


@given(st.integers(-(2**900), 2**900))
def test_whole_numbers(value: int) -> None:
    assert der.integer(value.to_bytes(120, signed=True)) == value
    assert der.integer(integer(255)[2:]) == 255
    assert der.integer(b"") is None


@given(st.binary(max_size=60))
def test_nothing_raises(data: bytes) -> None:
    found = der.elements(data)
    if found is not None:
        assert b"".join(element.raw for element in found) == data
    der.oid(data)
    der.integer(data)
    for tag in range(0x20):
        der.text(tag, data)
