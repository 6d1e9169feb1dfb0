"""DER as found in the wild: elements that a strict parser refuses are still taken apart.

The lint must say what is wrong with a certificate, so it cannot stop where a parser would. Lengths that are
longer than need be are followed; indefinite ones, and elements that do not fit, are not (X.690 section 10.1).
Nothing here raises: what cannot be read is None.
"""

from __future__ import annotations

from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, NUMERIC_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING = 0x0C, 0x12, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME, VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING = 0x17, 0x18, 0x1A, 0x1C, 0x1E
SEQUENCE, SET = 0x30, 0x31

#: No object identifier of any registry comes near; longer ones would only cost time to write down.
LONGEST_OID = 64

_CHARACTER_SETS = {
    UTF8_STRING: "utf-8",
    NUMERIC_STRING: "ascii",
    PRINTABLE_STRING: "ascii",
    T61_STRING: "latin-1",
    IA5_STRING: "ascii",
    VISIBLE_STRING: "ascii",
    UNIVERSAL_STRING: "utf-32-be",
    BMP_STRING: "utf-16-be",
}


class Element(NamedTuple):
    """One element: its identifier octet, its content, and all of its octets."""

    tag: int
    content: bytes
    raw: bytes


def context(number: int, *, constructed: bool = True) -> int:
    """The identifier octet of the context-specific tag [number], 0 to 30."""
    return (0xA0 if constructed else 0x80) | number


def first(data: bytes) -> tuple[Element, bytes] | None:
    """The element that data begins with, and what follows it."""
    read = _read(data, 0)
    return (read[0], data[read[1] :]) if read else None


def elements(data: bytes) -> tuple[Element, ...] | None:
    """The elements that data is made of, one after the other, to its last octet."""
    found, at = [], 0
    while at < len(data):
        read = _read(data, at)
        if read is None:
            return None
        found.append(read[0])
        at = read[1]
    return tuple(found)


def _read(data: bytes, at: int) -> tuple[Element, int] | None:
    """The element that begins at a place, and the place after it."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:  # tags above 30 have no use in certificates
        return None
    length, start = data[at + 1], at + 2
    if length == 0x80:
        return None
    if length > 0x80:
        start += length & 0x7F
        if start > len(data):
            return None
        length = int.from_bytes(data[at + 2 : start])
    end = start + length
    if end > len(data):
        return None
    return Element(data[at], data[start:end], data[at:end]), end


def sole(data: bytes, tag: int) -> Element | None:
    """The one element that data is, if it has this tag."""
    read = first(data)
    return read[0] if read and not read[1] and read[0].tag == tag else None


def parts(data: bytes, tag: int = SEQUENCE) -> tuple[Element, ...] | None:
    """What the one constructed element that data is holds: SEQUENCE by default."""
    whole = sole(data, tag)
    return elements(whole.content) if whole else None


def oid(content: bytes) -> str | None:
    """An object identifier in dotted form."""
    if not content or content[-1] & 0x80 or len(content) > LONGEST_OID:
        return None
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    root = min(arcs[0] // 40, 2)
    return ".".join(map(str, (root, arcs[0] - 40 * root, *arcs[1:])))


def text(tag: int, content: bytes) -> str | None:
    """A character string; None if the tag is none of theirs, or the octets are not of its character set."""
    charset = _CHARACTER_SETS.get(tag)
    if charset is None:
        return None
    try:
        return content.decode(charset)
    except UnicodeDecodeError:
        return None


def integer(content: bytes) -> int | None:
    """A whole number, in two's complement."""
    return int.from_bytes(content, signed=True) if content else None
