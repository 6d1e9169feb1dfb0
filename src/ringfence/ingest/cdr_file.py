"""Cutting a file of charging records into records: one after the other, or framed as TS 32.297 says.

A plain file is BER records, with zero or 0xFF octets as padding between them. A TS 32.297 file has a header
(§6.1.1) and before each record the record's length, release and encoding (§6.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.ingest.ber import DEEPEST, LONGEST, Element, element, elements
from ringfence.ingest.format import Reject
from ringfence.ingest.source import Reader

BLOCK = 4 << 20

#: Records by the number in their recordType: those of a call (True), and those of something else.
CALLS = frozenset({0, 1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 68, 69, 70, 82, 89, 90, 91})
_KNOWN = CALLS | frozenset(range(0, 31)) | frozenset(range(63, 71)) | {82, 83, 87, 88, 89, 90, 91, 99}
_START = re.compile(rb"[\xa0-\xb6]|\xbf[\x3f-\x7f]|[\x30\x31]")
_LEAST_HEADER = 50
_BER = 1


class Record(msgspec.Struct, frozen=True):
    """One record: `content` is what is inside its outermost element. offset: in the file, from 1."""

    offset: int
    kind: int
    content: bytes


def record_at(data: bytes, at: int) -> tuple[int, Element] | None:
    """The record that begins at `at` and its recordType; None if none does, or it is not whole."""
    if not _START.match(data, at):
        return None
    found = element(data, at)
    if found is None:
        return None
    for number, inner in enumerate(elements(data, found.content, found.content_end)):
        if inner.tag == b"\x80" and inner.content_end - inner.content <= 2:
            kind = int.from_bytes(data[inner.content : inner.content_end])
            return (kind, found) if kind in _KNOWN else None
        if number > 60:
            break
    return None


def _surely_record(data: bytes, at: int) -> bool:
    """Whether a record begins at `at` in its commonest form. Constant cost, as it is asked at any octet."""
    found = element(data, at, DEEPEST)
    first = element(data, found.content, DEEPEST) if found else None
    return (
        found is not None
        and first is not None
        and first.tag == b"\x80"
        and first.content_end - first.content <= 2
        and first.end <= found.content_end
        and int.from_bytes(data[first.content : first.content_end]) in _KNOWN
    )


def framed(head: bytes) -> int | None:
    """The header length of a TS 32.297 file that begins with `head`; None if it is none."""
    if len(head) < _LEAST_HEADER + 4:
        return None
    file_length, header_length = int.from_bytes(head[:4]), int.from_bytes(head[4:8])
    if not (_LEAST_HEADER <= header_length <= len(head) - 4 and header_length <= file_length):
        return None
    first = _cdr_header(head, header_length)
    if first is None:
        return header_length if file_length == header_length else None
    _, _, start = first
    return header_length if record_at(head, start) or len(head) >= 60_000 else None


def _cdr_header(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Length of the record, data record format, and where the record begins."""
    if at + 4 > len(data):
        return None
    length = int.from_bytes(data[at : at + 2])
    extended = data[at + 2] >> 5 == 7  # the release does not fit three bits: one octet more
    return length, data[at + 3] >> 5, at + 4 + extended


def records(path: Path) -> Iterator[Record | Reject]:
    """Every record of a file, and a reject for each stretch that is none. Flat memory."""
    with Reader(path) as reader:
        data = reader.read(BLOCK)
        last = len(data) < BLOCK
        header = framed(data[:65_536])
        base, at = 0, header or 0
        while True:
            step = _framed_record if header is not None else _plain_record
            found, at = step(str(path), data, at, base, last)
            if found is not None:
                yield found
                continue
            if last:
                break
            base, data = base + at, data[at:]
            more = reader.read(BLOCK)
            last = len(more) < BLOCK
            at, data = 0, data + more
        if reader.damage:
            yield Reject(str(path), base + at + 1, "file_truncated", reader.damage)


def _plain_record(
    file: str, data: bytes, at: int, base: int, last: bool
) -> tuple[Record | Reject | None, int]:
    """The next record from `at` on and where it ends; None where more data are needed."""
    while at < len(data) and data[at] in (0x00, 0xFF):
        at += 1
    if at == len(data) or (not last and len(data) - at < LONGEST + 16):
        return None, at
    found = record_at(data, at)
    if found is not None:
        kind, whole = found
        return Record(base + at + 1, kind, data[whole.content : whole.content_end]), whole.end
    # damage: go on where the next record begins
    for match in _START.finditer(data, at + 1):
        if _surely_record(data, match.start()):
            return _damage(file, data, at, base, match.start()), match.start()
    if last:
        return _damage(file, data, at, base, len(data)), len(data)
    keep = max(at + 1, len(data) - LONGEST)
    return _damage(file, data, at, base, keep), keep


def _framed_record(
    file: str, data: bytes, at: int, base: int, last: bool
) -> tuple[Record | Reject | None, int]:
    if at >= len(data) or (not last and len(data) - at < 70_000):
        return None, at
    header = _cdr_header(data, at)
    if header is None or header[0] == 0 or header[2] + header[0] > len(data):
        return _damage(file, data, at, base, len(data), "the file ends inside a record"), len(data)
    length, encoding, start = header
    end = start + length
    if encoding != _BER:
        text = f"encoded as number {encoding} of TS 32.297, not BER"
        return _damage(file, data, at, base, end, text), end
    found = record_at(data[:end], start)
    if found is None:
        return _damage(file, data, at, base, end), end
    kind, whole = found
    return Record(base + start + 1, kind, data[whole.content : whole.content_end]), end


def _damage(file: str, data: bytes, at: int, base: int, end: int, why: str = "") -> Reject:
    why = why or f"{end - at:,} bytes that are no charging record"
    return Reject(file, base + at + 1, "bad_ber", why, data[at : min(end, at + 500)].hex())
