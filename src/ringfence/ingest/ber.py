"""The skeleton of BER (ITU-T X.690 §8.1): where elements begin and end. What they mean is decoded elsewhere.

Bytes are hostile: nothing here raises for them, a skeleton that does not hold is None.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

#: No charging record is longer; a length beyond this is damage.
LONGEST = 1 << 20
DEEPEST = 16


class Element(msgspec.Struct, frozen=True):
    """tag: its identifier octets. start, content, end: offsets; `end` is past any end-of-contents."""

    tag: bytes
    start: int
    content: int
    content_end: int
    end: int


def element(data: bytes, at: int, depth: int = 0) -> Element | None:
    """The element that begins at `at`; None if it is damaged or not whole.

    Cost: constant where lengths are definite; depth=DEEPEST refuses the others.
    """
    tag = _tag(data, at)
    if tag is None:
        return None
    after = at + len(tag)
    if after >= len(data):
        return None
    first = data[after]
    if first == 0x80:  # indefinite: elements until two zero octets
        return _indefinite(data, at, tag, depth)
    content, length = after + 1, first
    if first > 0x80:
        octets = first & 0x7F
        content = after + 1 + octets
        if octets > 4 or content > len(data):
            return None
        length = int.from_bytes(data[after + 1 : content])
    end = content + length
    return Element(tag, at, content, end, end) if length <= LONGEST and end <= len(data) else None


def _tag(data: bytes, at: int) -> bytes | None:
    if at >= len(data):
        return None
    end = at + 1
    if data[at] & 0x1F == 0x1F:
        while end < len(data) and data[end] & 0x80 and end - at < 4:
            end += 1
        end += 1
        if end > len(data) or data[end - 1] & 0x80:
            return None
    return data[at:end]


def _indefinite(data: bytes, at: int, tag: bytes, depth: int) -> Element | None:
    if depth >= DEEPEST or not tag[0] & 0x20:
        return None
    content = here = at + len(tag) + 1
    while data[here : here + 2] != b"\0\0":
        inner = element(data, here, depth + 1)
        if inner is None or inner.end - at > LONGEST:
            return None
        here = inner.end
    return Element(tag, at, content, here, here + 2)


def elements(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements between two offsets, as far as they hold."""
    while start < end:
        found = element(data, start)
        if found is None or found.end > end:
            return
        yield found
        start = found.end


def wrap(tag: bytes, content: bytes) -> bytes:
    """An element of definite length."""
    length = len(content)
    if length < 0x80:
        return tag + bytes([length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return tag + bytes([0x80 | len(octets)]) + octets + content


def context_tag(number: int, constructed: bool) -> bytes:
    """The identifier octets of a context-specific tag."""
    lead = 0xA0 if constructed else 0x80
    if number < 31:
        return bytes([lead | number])
    low = [number & 0x7F]
    while number := number >> 7:
        low.append(0x80 | number & 0x7F)
    return bytes([lead | 0x1F, *reversed(low)])
