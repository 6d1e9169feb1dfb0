from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import A6, A, B, ethernet, ipv4, ipv6, tcp, udp

from ringfence.ingest.packets import (
    ETHERNET,
    LINUX_SLL,
    LINUX_SLL2,
    LOOP,
    NULL,
    RAW,
    Fragment,
    Segment,
    address_text,
    dissect,
)

DATAGRAM = ipv4(udp(b"hello", 5060, 5062))


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (ETHERNET, ethernet(DATAGRAM)),
        (ETHERNET, ethernet(DATAGRAM, 100)),
        (ETHERNET, ethernet(DATAGRAM, 100, 200)),
        (ETHERNET, ethernet(DATAGRAM) + bytes(12)),  # padded to the least frame size
        (LINUX_SLL, bytes(14) + b"\x08\x00" + DATAGRAM),
        (LINUX_SLL2, b"\x08\x00" + bytes(18) + DATAGRAM),
        (LINUX_SLL, bytes(14) + b"\x81\x00\x00\x64\x08\x00" + DATAGRAM),
        (RAW, DATAGRAM),
        (NULL, b"\x02\x00\x00\x00" + DATAGRAM),
        (LOOP, b"\x00\x00\x00\x02" + DATAGRAM),
    ],
)
def test_a_datagram_is_found_in_every_link_type(link: int, frame: bytes) -> None:
    assert dissect(link, frame) == Segment(17, A, 5060, B, 5062, b"hello")


def test_ipv6_extension_headers_are_passed_over() -> None:
    hop_by_hop = b"\x3c\x00" + bytes(6)
    destination = b"\x33\x01" + bytes(14)  # 16 bytes, then authentication
    authentication = b"\x11\x04" + bytes(22)
    packet = ipv6(udp(b"hello"), 0, extensions=hop_by_hop + destination + authentication)
    piece = dissect(RAW, packet)
    assert isinstance(piece, Segment)
    assert (piece.source, piece.payload) == (A6, b"hello")


def test_fragments_are_told_from_whole_datagrams() -> None:
    first = dissect(RAW, ipv4(udp(bytes(16))[:16], more=True))
    assert isinstance(first, Fragment) and not first.last and first.offset == 0
    rest = dissect(RAW, ipv6(b"tail" * 2, 44, extensions=b"\x11\x00\x00\x10\x00\x00\x00\x09"))
    assert isinstance(rest, Fragment) and rest.last and rest.offset == 16 and rest.protocol == 17
    atomic = dissect(RAW, ipv6(udp(b"hello"), 44, extensions=b"\x11\x00\x00\x00\x00\x00\x00\x09"))
    assert isinstance(atomic, Segment) and atomic.payload == b"hello"


def test_a_snapped_packet_is_marked() -> None:
    piece = dissect(RAW, DATAGRAM[:-2])
    assert isinstance(piece, Segment) and piece.cut and piece.payload == b"hel"


def test_offloaded_segments_have_no_length() -> None:
    packet = bytearray(ipv4(tcp(b"hello", 5), 6))
    packet[2:4] = b"\0\0"
    piece = dissect(RAW, bytes(packet))
    assert isinstance(piece, Segment) and piece.payload == b"hello" and piece.sequence == 5


@pytest.mark.parametrize("link", [ETHERNET, RAW, 9999])
def test_other_protocols_are_nothing(link: int) -> None:
    assert dissect(link, bytes(60)) is None
    assert dissect(ETHERNET, bytes(12) + b"\x08\x06" + bytes(40)) is None  # ARP
    assert dissect(RAW, ipv4(bytes(20), 1)) is None  # ICMP


def test_addresses_as_text() -> None:
    assert address_text(A) == "192.0.2.1"
    assert address_text(A6) == "2001:db8::1"
    assert address_text(b"\0" * 10 + b"\xff\xff" + A) == "192.0.2.1"


@given(st.sampled_from([0, 1, 12, 101, 113, 276]), st.binary(max_size=200))
def test_any_bytes_are_survived(link: int, frame: bytes) -> None:
    dissect(link, frame)


@given(st.sampled_from([DATAGRAM, ipv6(udp(b"hello")), ipv4(tcp(b"x", 1), 6)]), st.data())
def test_damaged_packets_are_survived(packet: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(packet) - 1))
    damaged = packet[:at] + data.draw(st.binary(max_size=4)) + packet[at + 1 :]
    dissect(RAW, damaged)
