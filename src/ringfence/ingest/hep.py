"""Files of HEP version 3 packets, one after the other, as capture agents' streams are saved."""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import CaptureFormat, Fault
from ringfence.ingest.homer import is_hep
from ringfence.ingest.packets import HEP, Packet


def packets(stream: ByteStream) -> Iterator[Packet | Fault]:
    """The packets of a file in order; the last item is a Fault if the file ends or breaks inside one."""
    number = 0
    while head := stream.take(6):
        number += 1
        if len(head) < 6:
            yield Fault(number, "truncated_packet", "the file ends inside a packet header")
            return
        length = int.from_bytes(head[4:6], "big")
        if not is_hep(head) or length < 6:
            yield Fault(number, "corrupt_packet", "no HEP3 header where one must be; the rest is unreadable")
            return
        body = stream.take(length - 6)
        if len(body) < length - 6:
            yield Fault(number, "truncated_packet", f"the file ends {length - 6 - len(body)} bytes early")
            return
        yield number, None, HEP, head + body, length


FORMAT = CaptureFormat("hep", is_hep, packets)
