"""The skeleton of DER (ITU-T X.690 sections 8.1 and 10.1): tags, lengths, contents.

For the few structures that no library reads. Bytes are hostile: what does not hold is None, nothing raises.
"""

from __future__ import annotations

INTEGER = 0x02
UTF8_STRING = 0x0C
IA5_STRING = 0x16
SEQUENCE = 0x30


def context(number: int) -> int:
    """The identifier octet of a constructed context-specific tag, 0 to 30."""
    return 0xA0 | number


def elements(octets: bytes) -> list[tuple[int, bytes]] | None:
    """The elements that fill `octets`, each as identifier octet and contents.

    None where they do not fill it exactly, where a length is indefinite or written longer than need be, and
    for tag numbers above 30, which no structure read here has.
    """
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(octets)
    while at < end:
        tag = octets[at]
        if tag & 0x1F == 0x1F or at + 1 >= end:
            return None
        length = octets[at + 1]
        at += 2
        if length >= 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or at + size > end:
                return None
            length = int.from_bytes(octets[at : at + size])
            if length < 0x80 or length >> 8 * (size - 1) == 0:
                return None
            at += size
        if at + length > end:
            return None
        found.append((tag, octets[at : at + length]))
        at += length
    return found


def inside(octets: bytes, tag: int) -> list[tuple[int, bytes]] | None:
    """The elements inside the one element of this tag that `octets` must be."""
    outer = elements(octets)
    return elements(outer[0][1]) if outer and len(outer) == 1 and outer[0][0] == tag else None


def text(contents: bytes, encoding: str) -> str | None:
    """The text of a string, None where its octets are not of that encoding."""
    try:
        return contents.decode(encoding)
    except UnicodeDecodeError:
        return None


def integer(contents: bytes) -> int | None:
    """The value of an INTEGER's contents; None where empty or longer than need be (X.690 section 8.3.2)."""
    if not contents or (
        len(contents) > 1 and contents[0] in (0, 0xFF) and contents[0] >> 7 == contents[1] >> 7
    ):
        return None
    return int.from_bytes(contents, signed=True)


def element(tag: int, *contents: bytes) -> bytes:
    """One element round these contents, its length definite and as short as can be."""
    octets = b"".join(contents)
    length = len(octets)
    if length < 0x80:
        return bytes((tag, length)) + octets
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + octets


def from_integer(value: int) -> bytes:
    """An INTEGER element."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, signed=True))
