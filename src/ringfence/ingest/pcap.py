"""Classic pcap files (draft-ietf-opsawg-pcap): both byte orders, µs and ns, with SIP or HEP inside."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import CaptureFormat, Fault
from ringfence.ingest.packets import Packet

_ORDERS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1000),
}
MAX_FRAME = 1 << 20  # bytes; libpcap's own largest snapshot is 256 KiB


def recognises(head: bytes) -> bool:
    return head[:4] in _ORDERS


def packets(stream: ByteStream) -> Iterator[Packet | Fault]:
    """The packets of a file in order; the last item is a Fault if the file ends or breaks inside a packet."""
    head = stream.take(24)
    if len(head) < 24:
        yield Fault(1, "truncated_packet", "the file ends inside its header")
        return
    order, divisor = _ORDERS[head[:4]]
    link = struct.unpack_from(order + "I", head, 20)[0] & 0x0FFFFFFF  # the top bits hold the FCS length
    unpack = struct.Struct(order + "IIII").unpack
    read = stream.take
    number = 0
    while header := read(16):
        number += 1
        if len(header) < 16:
            yield Fault(number, "truncated_packet", "the file ends inside a packet header")
            return
        seconds, fraction, captured, original = unpack(header)
        if captured > MAX_FRAME:
            # nothing tells where the next packet begins
            yield Fault(number, "corrupt_packet", f"a packet claims {captured} bytes; the rest is unreadable")
            return
        data = read(captured)
        if len(data) < captured:
            yield Fault(number, "truncated_packet", f"the file ends {captured - len(data)} bytes early")
            return
        yield number, seconds * 1_000_000 + fraction // divisor, link, data, original


FORMAT = CaptureFormat("pcap", recognises, packets)
