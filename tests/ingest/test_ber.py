from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest.ber import DEEPEST, context_tag, element, elements, wrap


@pytest.mark.parametrize(
    ("octets", "tag", "content"),
    [
        ("80 01 05", "80", "05"),
        ("a3 03 80 01 05", "a3", "800105"),
        ("bf 52 02 05 00", "bf52", "0500"),
        ("9f 83 48 00", "9f8348", ""),
        ("04 81 02 aa bb", "04", "aabb"),
        ("30 80 80 01 05 00 00", "30", "800105"),
        ("30 80 30 80 80 01 05 00 00 00 00", "30", "30808001050000"),
    ],
)
def test_elements_as_x_690_has_them(octets: str, tag: str, content: str) -> None:
    data = bytes.fromhex(octets)
    found = element(data, 0)
    assert found is not None
    assert (found.tag.hex(), data[found.content : found.content_end].hex()) == (tag, content)
    assert found.end == len(data)


@pytest.mark.parametrize(
    "octets",
    ["", "80", "80 05 00", "bf", "bf ff ff ff ff 01 00", "04 85 01 00 00 00 00", "04 80", "30 80 80 01"],
)
def test_what_does_not_hold(octets: str) -> None:
    assert element(bytes.fromhex(octets), 0) is None


def test_nesting_ends() -> None:
    assert element(b"\x30\x80" * 500 + b"\0\0" * 500, 0) is None
    assert element(b"\x30\x80\0\0", 0, DEEPEST) is None


@given(st.binary(max_size=300), st.integers(0, 5_000))
def test_wrapping_and_unwrapping(content: bytes, number: int) -> None:
    tag = context_tag(number, constructed=True)
    data = wrap(tag, content)
    found = element(data, 0)
    assert found is not None
    assert (found.tag, data[found.content : found.content_end], found.end) == (tag, content, len(data))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for found in elements(data, 0, len(data)):
        assert found.start < found.content <= found.content_end <= found.end <= len(data)
