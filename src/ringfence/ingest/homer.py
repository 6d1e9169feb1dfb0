"""One HEP version 3 packet (Homer Encapsulation Protocol) as a value.

Chunk numbers are those of the HEP/EEP specification, revision 12 (github.com/sipcapture/HEP).
"""

from __future__ import annotations

import zlib

import msgspec

_SOURCE_V4, _DESTINATION_V4, _SOURCE_V6, _DESTINATION_V6 = 3, 4, 5, 6
_SECONDS, _MICROSECONDS, _KIND, _PAYLOAD, _COMPRESSED = 9, 10, 11, 15, 16
SIP = 1
MAX_INFLATED = 1 << 20


class Encapsulated(msgspec.Struct, frozen=True):
    """What an agent saw. time: µs since 1970, None if it does not say. kind: 1 is SIP. Addresses are raw
    bytes, empty if missing."""

    time: int | None
    kind: int
    source: bytes
    destination: bytes
    payload: bytes


def is_hep(data: bytes) -> bool:
    return data[:4] == b"HEP3"


def decode(data: bytes) -> Encapsulated | str:
    """One packet; or, as text, why it cannot be read."""
    if not is_hep(data) or len(data) < 6:
        return "no HEP3 header"
    length = int.from_bytes(data[4:6], "big")
    if length < 6 or length > len(data):
        return f"the header claims {length} bytes of {len(data)}"
    found: dict[int, bytes] = {}
    position = 6
    while position < length:
        if position + 6 > length:
            return "a chunk header is cut"
        vendor = int.from_bytes(data[position : position + 2], "big")
        number = int.from_bytes(data[position + 2 : position + 4], "big")
        size = int.from_bytes(data[position + 4 : position + 6], "big")
        if size < 6 or position + size > length:
            return f"chunk {number} claims {size} bytes"
        if vendor == 0 and number not in found:
            found[number] = data[position + 6 : position + size]
        position += size
    payload = found.get(_PAYLOAD)
    if payload is None:
        compressed = found.get(_COMPRESSED)
        if compressed is None:
            return "no payload"
        payload = _inflate(compressed)
        if payload is None:
            return "the compressed payload cannot be read"
    time: int | None = None
    if len(found.get(_SECONDS, b"")) == 4:
        time = int.from_bytes(found[_SECONDS], "big") * 1_000_000
        time += int.from_bytes(found.get(_MICROSECONDS, b"")[:4], "big")
    return Encapsulated(
        time,
        int.from_bytes(found.get(_KIND, b"\x01")[:1], "big"),
        _address(found, _SOURCE_V4, _SOURCE_V6),
        _address(found, _DESTINATION_V4, _DESTINATION_V6),
        payload,
    )


def _address(found: dict[int, bytes], v4: int, v6: int) -> bytes:
    if len(found.get(v4, b"")) == 4:
        return found[v4]
    return found[v6] if len(found.get(v6, b"")) == 16 else b""


def _inflate(data: bytes) -> bytes | None:
    """zlib or gzip, at most MAX_INFLATED bytes."""
    try:
        inflater = zlib.decompressobj(wbits=47)  # 32 + 15: either header
        return inflater.decompress(data, MAX_INFLATED)
    except zlib.error:
        return None
