"""TCP segments put in order and cut into messages (RFC 9293, RFC 3261 section 18.3), in bounded memory.

Only streams that speak SIP or HEP are followed. One that is joined in the middle is followed from the first
segment that begins with a message; after a gap that the capture never fills, likewise.
"""

from __future__ import annotations

from ringfence.ingest.packets import FIN, RST, SYN, Segment
from ringfence.sip.message import looks_like_sip, message_length

MAX_STREAMS = 20_000
MAX_BYTES = 64 << 20
MAX_WAITING = 256  # segments that wait for an earlier one
MAX_PENDING = 1 << 21  # bytes of one stream
MAX_GAP = 5_000_000  # µs of packet time that a gap may stay open
_WRAP = 1 << 32
_MAX_START_LINE = 2048

Flow = tuple[bytes, int, bytes, int]


class _Stream:
    __slots__ = ("buffer", "counted", "gap_since", "next", "speaks", "waiting")

    def __init__(self, following: int, speaks: bool) -> None:
        self.next = following  # the sequence number that continues `buffer`
        self.speaks = speaks  # False after SYN: what it carries is not known yet
        self.buffer = b""
        self.waiting: dict[int, bytes] = {}
        self.gap_since: int | None = None
        self.counted = 0  # bytes of it that are in the total

    def size(self) -> int:
        return len(self.buffer) + sum(map(len, self.waiting.values()))


def begins_message(data: bytes) -> bool:
    """Whether bytes, after keep-alive line ends, begin a SIP message or a HEP packet."""
    if data[:1] in b"\r\n":
        data = data.lstrip(b"\r\n")
    return data[:4] == b"HEP3" or looks_like_sip(data)


def _may_begin_message(data: bytes) -> bool:
    """Whether the start line is not all there yet, but could still become one."""
    return len(data) < _MAX_START_LINE and data.isascii() and b"\n" not in data


class Streams:
    """The open streams, one per direction. `gaps` counts holes that cost a message."""

    def __init__(self) -> None:
        self._open: dict[Flow, _Stream] = {}
        self._bytes = 0
        self.gaps = 0

    def add(self, segment: Segment, time: int) -> list[bytes]:
        """The messages that this segment completes, in order."""
        flow = (segment.source, segment.source_port, segment.destination, segment.destination_port)
        stream = self._open.get(flow)
        payload, flags, sequence = segment.payload, segment.flags, segment.sequence
        if flags & SYN:
            if stream is not None:
                self._close(flow)
            self._enter(flow, _Stream((sequence + 1) % _WRAP, False))
            return []
        if flags & RST:
            self._close(flow)
            return []
        if stream is None:
            if not payload or not begins_message(payload):
                return []
            stream = _Stream(sequence, True)
            self._enter(flow, stream)
        messages: list[bytes] = []
        if payload:
            messages = self._advance(flow, stream, segment, time)
            if flow in self._open:
                size = stream.size()
                self._bytes += size - stream.counted
                stream.counted = size
        if flags & FIN and not stream.waiting:
            self._close(flow)
        while self._bytes > MAX_BYTES and self._open:
            self._close(next(iter(self._open)))
        return messages

    def _enter(self, flow: Flow, stream: _Stream) -> None:
        while len(self._open) >= MAX_STREAMS:
            self._close(next(iter(self._open)))
        self._open[flow] = stream

    def _close(self, flow: Flow) -> None:
        stream = self._open.pop(flow, None)
        if stream is not None:
            self._bytes -= stream.counted
            if stream.speaks and stream.waiting:
                self.gaps += 1

    def _advance(self, flow: Flow, stream: _Stream, segment: Segment, time: int) -> list[bytes]:
        ahead = (segment.sequence - stream.next) % _WRAP
        payload = segment.payload
        if ahead >= _WRAP >> 1:  # begins before what is expected: a retransmission, perhaps with more
            known = _WRAP - ahead
            if known >= len(payload):
                return []
            payload, ahead = payload[known:], 0
        if ahead:
            if len(payload) > len(stream.waiting.get(segment.sequence, b"")):
                stream.waiting[segment.sequence] = payload
            if stream.gap_since is None:
                stream.gap_since = time
            if len(stream.waiting) < MAX_WAITING and not abs(time - stream.gap_since) > MAX_GAP:
                return []
            self._skip_gap(stream)
        else:
            stream.buffer += payload
            stream.next = (stream.next + len(payload)) % _WRAP
        if stream.waiting:
            self._join(stream)
        messages = self._messages(flow, stream)
        if segment.cut:  # its end was not captured: start anew at the next message
            self.gaps += stream.speaks or bool(stream.buffer)
            self._close(flow)
        return messages

    def _join(self, stream: _Stream) -> None:
        """Take up segments that have become next."""
        for sequence in sorted(stream.waiting, key=lambda s: (s - stream.next + (_WRAP >> 1)) % _WRAP):
            ahead = (sequence - stream.next) % _WRAP
            if 0 < ahead < _WRAP >> 1:
                return
            data = stream.waiting.pop(sequence)
            fresh = data[(stream.next - sequence) % _WRAP :]
            stream.buffer += fresh
            stream.next = (stream.next + len(fresh)) % _WRAP
        stream.gap_since = None

    def _skip_gap(self, stream: _Stream) -> None:
        """Give up what is missing: go on at the first waiting segment that begins a message."""
        self.gaps += 1
        stream.buffer, stream.gap_since = b"", None
        for sequence in sorted(stream.waiting, key=lambda s: (s - stream.next) % _WRAP):
            if begins_message(stream.waiting[sequence]):
                stream.next, stream.speaks = sequence, True
                return
            del stream.waiting[sequence]
        # nothing to hold on to: wait for a segment that begins a message
        stream.speaks = False

    def _messages(self, flow: Flow, stream: _Stream) -> list[bytes]:
        """Cut whole messages off the front of the buffer; forget streams that speak something else."""
        messages: list[bytes] = []
        while stream.buffer:
            if stream.buffer[:1] in b"\r\n":  # keep-alive (RFC 5626 section 3.5.1)
                stream.buffer = stream.buffer.lstrip(b"\r\n")
                continue
            if not stream.speaks:
                if not begins_message(stream.buffer):
                    if _may_begin_message(stream.buffer):
                        break
                    self._close(flow)
                    break
                stream.speaks = True
            length = _framed(stream.buffer)
            if length is None:
                if len(stream.buffer) > MAX_PENDING:
                    self._close(flow)
                break
            if length < 0:
                messages.append(stream.buffer)
                self._close(flow)
                break
            messages.append(stream.buffer[:length])
            stream.buffer = stream.buffer[length:]
            # the next bytes must begin a message, else the sender lost its framing
            stream.speaks = False
        return messages


def _framed(data: bytes) -> int | None:
    """Bytes of the first message; None: more must come; -1: cannot be framed."""
    if data[:4] == b"HEP3":
        if len(data) < 6:
            return None
        length = int.from_bytes(data[4:6], "big")
        if length < 6:
            return -1
        return length if len(data) >= length else None
    return message_length(data)
