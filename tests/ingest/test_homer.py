from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import A6, B6, START, A, B, hep

from ringfence.ingest.homer import MAX_INFLATED, Encapsulated, decode


def test_a_packet_is_read() -> None:
    assert decode(hep(b"sip", START + 5)) == Encapsulated(START + 5, 1, A, B, b"sip")
    assert decode(hep(b"sip", source=A6)) == Encapsulated(START, 1, A6, B6, b"sip")


@pytest.mark.parametrize("compress", [zlib.compress, gzip.compress])
def test_compressed_payloads_are_inflated_within_bounds(compress) -> None:  # type: ignore[no-untyped-def]
    inner = decode(hep(compress(b"sip"), compressed=True))
    assert isinstance(inner, Encapsulated) and inner.payload == b"sip"
    bomb = decode(hep(compress(bytes(8 << 20)), compressed=True))
    assert isinstance(bomb, Encapsulated) and len(bomb.payload) == MAX_INFLATED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HEP3",
        b"HEP3\x00\x02",
        b"HEP3\xff\xff",
        b"HEP3\x00\x06",
        b"HEP3\x00\x09\x00\x00\x00",
        b"HEP3\x00\x0c\x00\x00\x00\x0f\x00\x05",
        hep(b"not compressed", compressed=True),
    ],
)
def test_damage_is_a_reason(data: bytes) -> None:
    assert isinstance(decode(data), str)


@given(st.binary(max_size=100))
def test_any_bytes_are_survived(tail: bytes) -> None:
    decode(b"HEP3" + tail)
    decode(b"HEP3" + (len(tail) + 6).to_bytes(2, "big") + tail)
