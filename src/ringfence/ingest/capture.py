"""Captures of SIP traffic become call records: what pcap, pcapng and HEP files have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pyarrow as pa

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.dialogs import Call, Calls
from ringfence.ingest.format import Batch, Reject
from ringfence.ingest.fragments import Fragments
from ringfence.ingest.homer import SIP, decode, is_hep
from ringfence.ingest.packets import (
    HEP,
    SUPPORTED_LINKS,
    TCP,
    UDP,
    Fragment,
    Packet,
    Segment,
    address_text,
    dissect,
)
from ringfence.ingest.source import Reader
from ringfence.ingest.streams import Streams
from ringfence.model.record import CALL_RECORD
from ringfence.model.rejected import Rejected
from ringfence.sip.glance import glance, glance_of
from ringfence.sip.message import Message, looks_like_sip, parse

ROWS = 20_000  # a batch goes out once it holds so many calls,
PACKETS = 200_000  # or once so many packets were read, so that progress shows
_LATEST = 4_102_444_800_000_000  # µs: the year 2100; clocks beyond are broken
_RAW = 1000

_COLUMNS = (
    "called", "caller", "network_number", "diverted_from", "trunk", "egress_trunk", "attestation", "origid",
    "verstat", "user_agent", "fingerprint", "fingerprint_parts",
)  # fmt: skip


class Fault(msgspec.Struct, frozen=True):
    """Where a file cannot be read as it should: a packet's number, a stable word and a line for people."""

    position: int
    reason: str
    detail: str


class CaptureFormat(msgspec.Struct, frozen=True):
    """A file format of packets. mark: recognises a file's head. packets: its packets in order."""

    name: str
    mark: Callable[[bytes], bool]
    packets: Callable[[ByteStream], Iterator[Packet | Fault]]

    def recognises(self, head: bytes, path: Path) -> bool:
        return self.mark(head)

    def read(self, path: Path) -> Iterator[Batch]:
        """Calls in the order in which they ended; source_row is the packet of a call's first INVITE.

        Rejects: see docs/reference/captures.md. Memory is bounded by the caps of `Calls`, `Streams` and
        `Fragments`, not by the file. Raises InputError if the file cannot be opened.
        """
        with Reader(path) as reader:
            capture = Capture(str(path))
            count = 0
            for item in self.packets(ByteStream(reader)):
                if isinstance(item, Fault):
                    capture.fault(item)
                    continue
                capture.packet(item)
                count += 1
                if count >= PACKETS or len(capture.calls.finished) >= ROWS:
                    yield capture.batch(reader.position)
                    count = 0
            if reader.damage is not None:
                capture.fault(Fault(capture.number + 1, "truncated_packet", reader.damage))
            capture.close()
            yield capture.batch(reader.position)


class Capture:
    """The state of one pass over a capture: packets in, calls and rejects out."""

    def __init__(self, file: str) -> None:
        self.calls = Calls()
        self.number = 0
        self._file = file
        self._fragments = Fragments()
        self._streams = Streams()
        self._rejects: list[Reject] = []
        self._unsupported: set[int] = set()

    def fault(self, fault: Fault) -> None:
        """Something is wrong with the file itself."""
        self._rejects.append(Reject(self._file, fault.position, fault.reason, fault.detail))

    def packet(self, packet: Packet) -> None:
        """One packet, whatever is in it."""
        self.number, time, link, frame, _ = packet
        if link == HEP:
            self._hep(frame, time)
            return
        piece = dissect(link, frame)
        if piece is None:
            if link not in SUPPORTED_LINKS and link not in self._unsupported:
                self._unsupported.add(link)
                self._reject("unsupported_link", f"link type {link} is not read; its packets are left out")
            return
        if isinstance(piece, Fragment):
            lost = self._fragments.lost
            whole = self._fragments.add(piece, time or 0)
            if self._fragments.lost > lost:
                self._reject("missing_fragment", "a SIP datagram's other fragments were not captured")
            if whole is None:
                return
            piece = whole
        if piece.protocol == UDP:
            payload = piece.payload
            if looks_like_sip(payload):
                self.sip(payload, time, piece.source, piece.cut)
            elif is_hep(payload):
                self._hep(payload, time)
        elif piece.protocol == TCP:
            self._tcp(piece, time)

    def _tcp(self, segment: Segment, time: int | None) -> None:
        gaps = self._streams.gaps
        for message in self._streams.add(segment, time or 0):
            if is_hep(message):
                self._hep(message, time)
            else:
                self.sip(message, time, segment.source, False)
        if self._streams.gaps > gaps:
            self._reject("tcp_gap", "segments are missing in a stream of SIP; messages in the gap are lost")

    def _hep(self, data: bytes, time: int | None) -> None:
        inner = decode(data)
        if isinstance(inner, str):
            self._reject("bad_hep", inner, data)
        elif inner.kind == SIP and looks_like_sip(inner.payload):
            self.sip(inner.payload, time if inner.time is None else inner.time, inner.source, False)

    def sip(self, data: bytes, time: int | None, source: bytes, cut: bool) -> None:
        """One message of SIP. time: µs since 1970. source: its sender's address, packed. cut: whether the
        capture holds only its beginning."""
        message: Message | None = None
        seen = None if data[:7] == b"INVITE " else glance(data)
        if seen is None:
            parsed = parse(data)
            if isinstance(parsed, Rejected):
                reason = "truncated_message" if cut or parsed.reason == "truncated_head" else parsed.reason
                # the parser's own words quote the start line, and with it people's numbers: `raw` has them
                self._reject(reason, "", data)
                return
            message, seen = parsed, glance_of(parsed)
        if time is None or not 0 < time < _LATEST:
            self._reject("no_time" if time is None else "bad_time", "the packet's time is unusable", data)
            return
        trouble = self.calls.see(seen, message, self.number, time, source)
        if trouble is not None:
            self._reject(trouble, "the message cannot be tied to a call", data)

    def _reject(self, reason: str, detail: str, raw: bytes = b"") -> None:
        text = raw[:_RAW].decode("utf-8", "replace")
        self._rejects.append(Reject(self._file, self.number, reason, detail, text))

    def close(self) -> None:
        """The file is at its end: finish what is open."""
        lost = self._fragments.lost
        self._fragments.close()
        for _ in range(self._fragments.lost - lost):
            self._reject("missing_fragment", "a SIP datagram's other fragments were not captured")
        self.calls.close()

    def batch(self, bytes_read: int) -> Batch:
        """What has been finished since the last batch."""
        rejects, self._rejects = self._rejects, []
        for number, call_id in self.calls.orphans:
            rejects.append(
                Reject(self._file, number, "no_invite", "the call's INVITE was not captured", call_id)
            )
        self.calls.orphans = []
        finished, self.calls.finished = self.calls.finished, []
        calls = []
        for call in finished:
            if call.described.called:
                calls.append(call)
            else:
                detail = "the Request-URI holds no number"
                rejects.append(Reject(self._file, call.number, "no_called_number", detail, call.call_id))
        calls.sort(key=lambda call: call.number)
        return Batch(_table(calls), rejects, bytes_read, _notes(calls))


def _notes(calls: list[Call]) -> dict[str, int]:
    without_end = sum(call.end is None for call in calls)
    return {"end_not_captured": without_end} if without_end else {}


def _table(calls: list[Call]) -> pa.Table:
    values: dict[str, list[object]] = {
        "call_id": [f"{call.call_id}#{call.number}" for call in calls],
        "sip_call_id": [call.call_id for call in calls],
        "start_time": [call.start for call in calls],
        "answer_time": [call.answer for call in calls],
        "end_time": [call.end for call in calls],
        "status": [call.status for call in calls],
        "source_ip": [address_text(call.source) if call.source else None for call in calls],
    }
    for name in _COLUMNS:
        values[name] = [getattr(call.described, name) for call in calls]
    fields = [field for field in CALL_RECORD if field.name in values]
    arrays = [pa.array(values[field.name], field.type) for field in fields]
    rows = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return rows.append_column("source_row", pa.array([call.number for call in calls], pa.int64()))
