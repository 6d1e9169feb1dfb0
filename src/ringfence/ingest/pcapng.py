"""pcapng files (draft-ietf-opsawg-pcapng): sections in either byte order, any number of interfaces."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import CaptureFormat, Fault
from ringfence.ingest.packets import Packet

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_TSRESOL, _TSOFFSET = 9, 14
MAX_BLOCK = 16 << 20


class _Layout:
    """The fixed parts of blocks in one byte order."""

    def __init__(self, order: str) -> None:
        self.pair = Struct(order + "II")
        self.word = Struct(order + "I")
        self.option = Struct(order + "HH")
        self.interface = Struct(order + "HHI")
        self.enhanced = Struct(order + "IIIII")
        self.old = Struct(order + "HHIIII")
        self.signed = Struct(order + "q")


_LITTLE, _BIG = _Layout("<"), _Layout(">")


class _Interface:
    """link type, ticks per second, offset in µs, snapshot length (0: no limit)."""

    __slots__ = ("link", "offset", "snap", "ticks")

    def __init__(self, layout: _Layout, body: bytes) -> None:
        self.link, _, self.snap = layout.interface.unpack_from(body)
        self.ticks = 1_000_000
        self.offset = 0
        position = 8
        while position + 4 <= len(body):
            code, length = layout.option.unpack_from(body, position)
            value = body[position + 4 : position + 4 + length]
            if code == 0:
                break
            if code == _TSRESOL and value:
                power = value[0] & 0x7F
                self.ticks = 1 << power if value[0] & 0x80 else 10 ** min(power, 30)
            elif code == _TSOFFSET and len(value) == 8:
                self.offset = layout.signed.unpack(value)[0] * 1_000_000
            position += 4 + (length + 3 & ~3)

    def time(self, high: int, low: int) -> int:
        ticks = high << 32 | low
        if self.ticks == 1_000_000:
            return ticks + self.offset
        return ticks * 1_000_000 // self.ticks + self.offset


def recognises(head: bytes) -> bool:
    return head[:4] == b"\x0a\x0d\x0d\x0a" and head[8:12] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d")


def packets(stream: ByteStream) -> Iterator[Packet | Fault]:
    """The packets of a file in order, blocks of other kinds skipped.

    Simple Packet Blocks carry no time: theirs is None. The last item is a Fault if the file ends or breaks
    inside a block; packets of an undeclared interface are Faults too.
    """
    read = stream.take
    layout, interfaces = _LITTLE, list[_Interface]()
    number = 0
    while head := read(8):
        if len(head) < 8:
            yield Fault(number + 1, "truncated_packet", "the file ends inside a block header")
            return
        kind, length = layout.pair.unpack(head)
        opening = b""
        if kind == _SECTION:  # the same number in both byte orders
            opening = read(4)
            if opening not in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
                reason = "truncated_packet" if len(opening) < 4 else "corrupt_packet"
                yield Fault(number + 1, reason, "a section header without a byte order")
                return
            layout = _LITTLE if opening == b"\x4d\x3c\x2b\x1a" else _BIG
            interfaces = []
            length = layout.word.unpack_from(head, 4)[0]
        if length < 12 + len(opening) or length % 4:
            yield Fault(
                number + 1, "corrupt_packet", f"a block claims {length} bytes; the rest is unreadable"
            )
            return
        wanted = length - 8 - len(opening)  # with the length repeated at the end
        if length > MAX_BLOCK or kind not in (_INTERFACE, _ENHANCED, _SIMPLE, _OLD_PACKET):
            if length > MAX_BLOCK and kind in (_ENHANCED, _SIMPLE, _OLD_PACKET):
                number += 1
                yield Fault(number, "corrupt_packet", f"a packet block of {length} bytes is skipped")
            if not stream.skip(wanted):
                yield Fault(number + 1, "truncated_packet", "the file ends inside a block")
                return
            continue
        body = read(wanted)
        if len(body) < wanted:
            yield Fault(number + 1, "truncated_packet", f"the file ends {wanted - len(body)} bytes early")
            return
        body = body[:-4]
        if kind == _INTERFACE:
            if len(body) >= 8:
                interfaces.append(_Interface(layout, body))
            continue
        number += 1
        yield _packet(layout, interfaces, kind, body, number)


def _packet(
    layout: _Layout, interfaces: list[_Interface], kind: int, body: bytes, number: int
) -> Packet | Fault:
    start = 4 if kind == _SIMPLE else 20
    if len(body) < start:
        return Fault(number, "corrupt_packet", "a packet block is too short")
    high = low = 0
    if kind == _ENHANCED:
        index, high, low, captured, original = layout.enhanced.unpack_from(body)
    elif kind == _SIMPLE:
        index, original = 0, layout.word.unpack_from(body)[0]
        captured = min(original, len(body) - 4)
        if interfaces and interfaces[0].snap:
            captured = min(captured, interfaces[0].snap)
    else:
        index, _, high, low, captured, original = layout.old.unpack_from(body)
    if index >= len(interfaces):
        return Fault(number, "corrupt_packet", f"interface {index} is not declared")
    if captured > len(body) - start:
        return Fault(number, "corrupt_packet", f"a packet claims {captured} bytes in a smaller block")
    interface = interfaces[index]
    time = None if kind == _SIMPLE else interface.time(high, low)
    return number, time, interface.link, body[start : start + captured], original


FORMAT = CaptureFormat("pcapng", recognises, packets)
