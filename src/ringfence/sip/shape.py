"""The shape of generated text: what a program's way of making identifiers shows, without the identifier.

A shape must not change from one call of a program to the next, so it is deliberately coarse.
"""

from __future__ import annotations

import functools
import re

_SEPARATORS = re.compile(r"([^A-Za-z0-9]+)")
_LETTERS_DIGITS = re.compile(r"[^A-Za-z0-9]")
_VERSION = re.compile(
    r"/|[\s_\-]*\(|[\s_\-]+(?:[vVrR]?\d|[0-9A-Fa-f]{12}\b|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})"
)
# a process id, a constant, a counter: sipp and others made like it
_COUNTED_WORD = re.compile(r"\d{3,7}(?=[A-Za-z]*[G-Zg-z])([A-Za-z]{4,16})\d{1,7}")
_MAX = 512


def identifier_shape(text: str) -> str:
    """Alphabet, lengths and separators of a random identifier: `x8-4-4-4-12` for a UUID.

    Alphabet of the whole text: d digits, x lower hexadecimal,
    X upper hexadecimal, a lower-case alphanumeric, A upper-case, m mixed. Lengths of digit runs are
    given in ranges, because decimal numbers vary in length; hexadecimal runs one short of a multiple of 8
    count as full, because a leading zero is often left out. Up to 8 lower-case characters count as
    alphanumeric, also 8 digits without separator: so short a hexadecimal number is often all decimal.
    """
    text = text[:_MAX]
    counted = _COUNTED_WORD.fullmatch(text)
    if counted is not None:
        return f"d{counted[1]}d"
    solid = _LETTERS_DIGITS.sub("", text)
    if solid == text:
        alphabet = "a" if len(text) == 8 and text.isdecimal() else _alphabet(text)
        return alphabet + _length(alphabet, len(text))
    alphabet = _alphabet(solid)
    pieces = _SEPARATORS.split(text)
    return alphabet + "".join(
        piece if index % 2 else (_length(alphabet, len(piece)) if piece else "")
        for index, piece in enumerate(pieces)
    )


def _alphabet(solid: str) -> str:
    length = len(solid)
    if solid.isdecimal():
        return "d"
    if solid == solid.lower():
        return "x" if length > 8 and not solid.strip("0123456789abcdef") else "a"
    if solid == solid.upper():
        return "X" if length > 8 and not solid.strip("0123456789ABCDEF") else "A"
    return "m"


def _length(alphabet: str, length: int) -> str:
    if alphabet == "d":
        for limit, name in ((7, "1..7"), (11, "8..11"), (16, "12..16"), (20, "17..20")):
            if length <= limit:
                return name
        return "21.."
    if alphabet in "xXaA" and (length + 1) % 8 == 0:
        return str(length + 1)
    return str(length)


def number_shape(text: str) -> str:
    """The shape of what is a decimal number by its grammar: only how long it is."""
    return "d" + _length("d", len(text)) if text.isdecimal() else identifier_shape(text)


@functools.lru_cache(maxsize=4096)
def product(text: str) -> str:
    """A product's name without version, build, host or serial: `FPBX-16.0.40(18.12)` gives `FPBX`."""
    text = text.strip()[:_MAX]
    cut = _VERSION.search(text)
    return text[: cut.start()] if cut else text
