"""The TN Authorization List: for whom and for which numbers a certificate speaks (RFC 8226 section 9)."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

import msgspec

from ringfence.errors import UsageError
from ringfence.model.rejected import Rejected
from ringfence.verify import der

#: id-pe-TNAuthList
OID = "1.3.6.1.5.5.7.1.26"

_DIGITS = frozenset("0123456789")
_CHARACTERS = _DIGITS | frozenset("#*")
_LONGEST = 15
_SPC, _RANGE, _ONE = (der.context(n) for n in range(3))

#: For numbers of one length: first and last of each span, in order and without overlap.
Spans = tuple[list[int], list[int]]


class TNAuthList(msgspec.Struct, frozen=True, dict=True):
    """spcs: service provider codes. ranges: first number and how many, numbers without +. numbers: single
    ones, which may hold # and *. They add up (RFC 9060 section 4.1)."""

    spcs: tuple[str, ...] = ()
    ranges: tuple[tuple[str, int], ...] = ()
    numbers: tuple[str, ...] = ()

    def covers(self, number: str) -> bool:
        """Whether a number, E.164 without +, is in a range or listed.

        Codes cover nothing here: which numbers are a provider's is for policy to say.
        """
        if not self.ranges and not self.numbers:
            return False
        if not _DIGITS.issuperset(number):
            return number in self.numbers
        return 1 <= len(number) <= _LONGEST and self._holds(len(number), int(number), int(number))

    def within(self, parent: TNAuthList) -> bool:
        """Whether a parent certificate's list encompasses this one (RFC 9060 section 4).

        Its codes must be the parent's. Its numbers must be within the parent's numbers, except where the
        parent has a code: that points at numbers which no certificate tells (section 4.1).
        """
        if not set(self.spcs) <= set(parent.spcs):
            return False
        if parent.spcs:
            return True
        odd = {number for number in self.numbers if not _DIGITS.issuperset(number)}
        return odd <= set(parent.numbers) and all(
            parent._holds(length, first, last)
            for length, (firsts, lasts) in self._spans.items()
            for first, last in zip(firsts, lasts, strict=True)
        )

    def _holds(self, length: int, first: int, last: int) -> bool:
        firsts, lasts = self._spans.get(length, ([], []))
        at = bisect_right(firsts, first) - 1
        return at >= 0 and last <= lasts[at]

    @cached_property
    def _spans(self) -> dict[int, Spans]:
        # a list may have thousands of entries, and is asked once a call
        pairs = [(len(start), int(start), int(start) + count - 1) for start, count in self.ranges]
        pairs += [(len(n), int(n), int(n)) for n in self.numbers if _DIGITS.issuperset(n)]
        spans: dict[int, Spans] = {}
        for length, first, last in sorted(pairs):
            firsts, lasts = spans.setdefault(length, ([], []))
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(last, lasts[-1])
            else:
                firsts.append(first)
                lasts.append(last)
        return spans


def parse_tnauthlist(octets: bytes) -> TNAuthList | Rejected:
    """The value of the extension. Rejected: reason bad_certificate, status 437."""
    entries = der.inside(octets, der.SEQUENCE)
    if not entries:
        return _bad("is not a SEQUENCE of entries")
    spcs: list[str] = []
    ranges: list[tuple[str, int]] = []
    numbers: list[str] = []
    for tag, contents in entries:
        held = der.elements(contents)
        if held is None or len(held) != 1 or tag not in (_SPC, _RANGE, _ONE):
            return _bad(f"has an entry that is none, tagged {tag:#04x}")
        kind, value = held[0]
        if kind != (der.SEQUENCE if tag == _RANGE else der.IA5_STRING):
            return _bad(f"has an entry of the wrong type, {kind:#04x}")
        if tag == _RANGE:
            block = _range(value)
            if isinstance(block, Rejected):
                return block
            ranges.append(block)
            continue
        text = der.text(value, "ascii") or ""
        if tag == _ONE and _is_number(text):
            numbers.append(text)
        elif tag == _SPC and _is_code(text):
            spcs.append(text)
        else:
            return _bad(f"has an entry that is no {'code' if tag == _SPC else 'number'}")
    return TNAuthList(tuple(spcs), tuple(ranges), tuple(numbers))


def encode_tnauthlist(tn_auth: TNAuthList) -> bytes:
    """The extension's value: codes, ranges, numbers. Raises UsageError for what must not be in it."""
    if fault := _fault(tn_auth):
        raise UsageError(f"TNAuthList: {fault}")
    return der.element(
        der.SEQUENCE,
        *(der.element(_SPC, _ia5(code)) for code in tn_auth.spcs),
        *(
            der.element(_RANGE, der.element(der.SEQUENCE, _ia5(start), der.from_integer(count)))
            for start, count in tn_auth.ranges
        ),
        *(der.element(_ONE, _ia5(number)) for number in tn_auth.numbers),
    )


def _range(octets: bytes) -> tuple[str, int] | Rejected:
    # the type is extensible: elements after these two belong to a later version
    parts = der.elements(octets) or []
    if [tag for tag, _ in parts[:2]] != [der.IA5_STRING, der.INTEGER]:
        return _bad("has a range that is not a number and a count")
    start = der.text(parts[0][1], "ascii") or ""
    count = der.integer(parts[1][1]) or 0
    if fault := _range_fault(start, count):
        return _bad(f"has {fault}")
    return start, count


def _fault(tn_auth: TNAuthList) -> str:
    if not (tn_auth.spcs or tn_auth.ranges or tn_auth.numbers):
        return "it is empty; name a code, a range or a number"
    if (code := next((c for c in tn_auth.spcs if not _is_code(c)), None)) is not None:
        return f"{code!r:.40} is no service provider code"
    if (number := next((n for n in tn_auth.numbers if not _is_number(n)), None)) is not None:
        return f"{number!r:.40} is no number of 1 to 15 characters 0-9, # and *, without +"
    return next((f for start, count in tn_auth.ranges if (f := _range_fault(start, count))), "")


def _range_fault(start: str, count: int) -> str:
    if not _is_number(start) or not _DIGITS.issuperset(start):
        return f"a range that starts with {start!r:.40}; it must start with 1 to 15 digits"
    if count < 2:
        return "a range of fewer than 2 numbers"
    # section 9 forbids 10 with a count of 91 since 100 is longer; 90 ends with 99
    if int(start) + count > 10 ** len(start):
        return f"a range from {start} that ends with longer numbers"
    return ""


def _is_number(text: str) -> bool:
    return 1 <= len(text) <= _LONGEST and _CHARACTERS.issuperset(text)


def _is_code(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _ia5(text: str) -> bytes:
    return der.element(der.IA5_STRING, text.encode("ascii"))


def _bad(detail: str) -> Rejected:
    return Rejected("bad_certificate", 437, f"the TNAuthList {detail}")
