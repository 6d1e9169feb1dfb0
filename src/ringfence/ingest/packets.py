"""Frames to datagrams: link layer, VLAN tags, IPv4 and IPv6, UDP and TCP headers. No I/O, no state.

Link types are those of https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

import socket
from struct import Struct

import msgspec

NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP = 0, 1, 12, 14, 101, 108
LINUX_SLL, IPV4, IPV6, LINUX_SLL2 = 113, 228, 229, 276
#: Not a libpcap number: the "frame" is one HEP packet, for files of those.
HEP = -1
SUPPORTED_LINKS = frozenset(
    {NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP, LINUX_SLL, IPV4, IPV6, LINUX_SLL2, HEP}
)

UDP, TCP = 17, 6
FIN, SYN, RST = 0x01, 0x02, 0x04

_VLANS = (b"\x81\x00", b"\x88\xa8", b"\x91\x00", b"\x92\x00")
_IP_TYPES = (b"\x08\x00", b"\x86\xdd")
_V4 = Struct(">BxHHHxBxx4s4s")
_V6 = Struct(">4xHB")
_UDP = Struct(">HHH")
_TCP = Struct(">HHI4xBB")
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})  # RFC 8200 section 4, RFC 6275, RFC 7401, RFC 5533
_FRAGMENT, _AUTHENTICATION = 44, 51
_MAX_EXTENSIONS = 16

#: One packet of a capture: number in the file from 1, time in µs since 1970 (None: unknown), link type,
#: captured bytes, bytes there were on the wire.
Packet = tuple[int, int | None, int, bytes, int]


class Fragment(msgspec.Struct, frozen=True):
    """One piece of an IP datagram. key: what its pieces share. last: no more follow."""

    key: tuple[bytes, bytes, int, int]
    protocol: int
    source: bytes
    destination: bytes
    offset: int
    last: bool
    data: bytes
    cut: bool


class Segment(msgspec.Struct, frozen=True):
    """A UDP datagram or TCP segment. Addresses are 4 or 16 raw bytes; sequence and flags are 0 for UDP.

    cut: the capture holds less of it than was on the wire.
    """

    protocol: int
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    payload: bytes
    sequence: int = 0
    flags: int = 0
    cut: bool = False


def ip_offset(link: int, frame: bytes) -> int:
    """Where the IP header begins in a frame; -1 if it carries no IP."""
    if link == ETHERNET:
        offset = 12
    elif link == LINUX_SLL:
        offset = 14
    elif link == LINUX_SLL2:
        offset = 20 if frame[:2] in _IP_TYPES or frame[:2] in _VLANS else -1
        if offset < 0:
            return -1
        return offset if frame[:2] in _IP_TYPES else _after_vlans(frame, 20, frame[:2])
    elif link in (NULL, LOOP):
        return 4 if len(frame) > 4 else -1  # the family differs between systems; the IP version tells
    elif link in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        return 0
    else:
        return -1
    kind = frame[offset : offset + 2]
    if kind in _IP_TYPES:
        return offset + 2
    return _after_vlans(frame, offset + 2, kind)


def _after_vlans(frame: bytes, offset: int, kind: bytes) -> int:
    """Skip 802.1Q and 802.1ad tags: two bytes of tag, then the next type."""
    for _ in range(4):
        if kind in _IP_TYPES:
            return offset
        if kind not in _VLANS:
            return -1
        kind = frame[offset + 2 : offset + 4]
        offset += 4
    return -1


def dissect(link: int, frame: bytes) -> Segment | Fragment | None:
    """What a frame carries; None if it is neither UDP nor TCP over IP, or its headers are cut or wrong."""
    offset = ip_offset(link, frame)
    size = len(frame)
    if offset < 0 or size < offset + 20:
        return None
    version = frame[offset] >> 4
    if version == 4:
        first, total, identity, flags, protocol, source, destination = _V4.unpack_from(frame, offset)
        start = offset + (first & 15) * 4
        # 0 is what segmentation offload leaves behind: all that was captured
        end = offset + total if total else size
        if start > size or end < start or start < offset + 20:
            return None
        if flags & 0x3FFF:
            key = (source, destination, identity, protocol)
            position, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
            return Fragment(
                key, protocol, source, destination, position, not more, frame[start:end], end > size
            )
        return transport(protocol, source, destination, frame, start, end)
    if version == 6 and size >= offset + 40:
        return _dissect_v6(frame, offset)
    return None


def _dissect_v6(frame: bytes, offset: int) -> Segment | Fragment | None:
    length, protocol = _V6.unpack_from(frame, offset)
    source, destination = frame[offset + 8 : offset + 24], frame[offset + 24 : offset + 40]
    start, size = offset + 40, len(frame)
    end = start + length if length else size
    for _ in range(_MAX_EXTENSIONS):
        if protocol in (UDP, TCP):
            return transport(protocol, source, destination, frame, start, end)
        if size < start + 8:
            return None
        following = frame[start]
        if protocol in _EXTENSIONS:
            start += 8 + frame[start + 1] * 8
        elif protocol == _AUTHENTICATION:
            start += 8 + frame[start + 1] * 4
        elif protocol == _FRAGMENT:
            place = int.from_bytes(frame[start + 2 : start + 4], "big")
            identity = int.from_bytes(frame[start + 4 : start + 8], "big")
            if place & 0xFFF9 == 0:  # an atomic fragment (RFC 6946) is a whole datagram
                protocol, start = following, start + 8
                continue
            key = (source, destination, identity, following)
            data = frame[start + 8 : end]
            return Fragment(
                key, following, source, destination, place & 0xFFF8, not place & 1, data, end > size
            )
        else:
            return None
        protocol = following
    return None


def transport(
    protocol: int, source: bytes, destination: bytes, data: bytes, start: int, end: int
) -> Segment | None:
    """The UDP datagram or TCP segment in data[start:end]; end may lie beyond what was captured."""
    cut = end > len(data)
    if protocol == UDP:
        if len(data) < start + 8:
            return None
        source_port, destination_port, length = _UDP.unpack_from(data, start)
        if 8 <= length < end - start:
            end = start + length
            cut = end > len(data)
        return Segment(
            UDP, source, source_port, destination, destination_port, data[start + 8 : end], 0, 0, cut
        )
    if protocol == TCP:
        if len(data) < start + 20:
            return None
        source_port, destination_port, sequence, size, flags = _TCP.unpack_from(data, start)
        body = start + (size >> 4) * 4
        if body < start + 20 or body > end:
            return None
        return Segment(
            TCP, source, source_port, destination, destination_port, data[body:end], sequence, flags, cut
        )
    return None


def address_text(address: bytes) -> str:
    """An address as text; IPv4-mapped IPv6 as IPv4."""
    if len(address) == 4:
        return socket.inet_ntop(socket.AF_INET, address)
    if address[:12] == b"\x00" * 10 + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, address[12:])
    return socket.inet_ntop(socket.AF_INET6, address)
