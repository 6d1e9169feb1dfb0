from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.verify import der


@given(st.lists(st.tuples(st.sampled_from([2, 12, 22, 48, 0xA0, 0xA2]), st.binary(max_size=300))))
def test_what_is_written_reads_the_same(items: list[tuple[int, bytes]]) -> None:
    octets = b"".join(der.element(tag, contents) for tag, contents in items)
    assert der.elements(octets) == items
    assert der.inside(der.element(der.SEQUENCE, octets), der.SEQUENCE) == items


@given(st.integers(-(2**70), 2**70))
def test_integers_read_the_same(value: int) -> None:
    ((tag, contents),) = der.elements(der.from_integer(value)) or []
    assert tag == der.INTEGER and der.integer(contents) == value


@pytest.mark.parametrize(
    "octets",
    [
        b"\x30",  # no length
        b"\x30\x03\x02\x01",  # ends early
        b"\x30\x80\x00\x00",  # indefinite
        b"\x30\x81\x01\x00",  # a long form that need not be
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x30\x81",
        b"\x1f\x22\x00",  # a tag of several octets
        b"\x30\x00\x05",  # something after it
    ],
)
def test_what_is_no_der_is_none(octets: bytes) -> None:
    assert der.elements(octets) is None
    assert der.inside(octets, der.SEQUENCE) is None


def test_inside_wants_one_element_of_the_tag() -> None:
    assert der.inside(b"\x30\x00", der.SEQUENCE) == []
    assert der.inside(b"\x31\x00", der.SEQUENCE) is None
    assert der.inside(b"\x30\x00\x30\x00", der.SEQUENCE) is None


@pytest.mark.parametrize("contents", [b"", b"\x00\x01", b"\xff\x80"])
def test_integers_longer_than_need_be_are_none(contents: bytes) -> None:
    assert der.integer(contents) is None


def test_text_of_another_encoding_is_none() -> None:
    assert der.text(b"caf\xe9", "ascii") is None
    assert der.text("café".encode(), "utf-8") == "café"
