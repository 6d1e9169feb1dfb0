"""SIP over TCP: framing (RFC 3261 section 18.3), keep-alive (RFC 5626), and limits that hold for anyone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, cast

import msgspec

from ringfence.serve.sip_queue import SipQueue, source_of
from ringfence.sip.message import looks_like_sip, message_length

_PING, _PONG = b"\r\n\r\n", b"\r\n"
#: Bytes that a peer may leave unread before its connection is ended.
_UNREAD = 1 << 18
_SWEEP = 1.0  # seconds


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """connections: at one time, and from_one_address of them. message_bytes: the longest message.
    message_seconds: how long one may take to arrive. idle_seconds: how long a connection may say nothing; a
    keep-alive is something."""

    connections: int = 512
    from_one_address: int = 128
    message_bytes: int = 131_072
    message_seconds: float = 10.0
    idle_seconds: float = 300.0

    def __post_init__(self) -> None:
        """Raises ValueError for a limit that lets nothing through."""
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is not above 0")


class Connections:
    """Those that are open, from all listening sockets."""

    def __init__(self, queue: SipQueue, limits: ConnectionLimits | None = None) -> None:
        self.queue = queue
        self.limits = limits or ConnectionLimits()
        self.open: set[Connection] = set()
        self.addresses: Counter[str] = Counter()
        self.paused = False
        self._sweeping = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)

    def _sweep(self) -> None:
        now = time.monotonic()
        for connection in list(self.open):
            connection.age(now)
        self._sweeping = asyncio.get_running_loop().call_later(_SWEEP, self._sweep)

    def pause(self) -> None:
        """Read no more, but still answer."""
        self.paused = True
        self._sweeping.cancel()
        for connection in self.open:
            connection.stop()

    async def close(self, seconds: float) -> None:
        """Send what was written, for so long at most, and end all."""
        for connection in list(self.open):
            connection.finish()
        end = time.monotonic() + seconds
        while self.open and time.monotonic() < end:
            await asyncio.sleep(0.005)
        for connection in list(self.open):
            connection.abort()


class Connection(asyncio.Protocol):
    """One connection. Whatever it sends, it gets answers, or its end."""

    transport = "tcp"

    def __init__(self, all_: Connections) -> None:
        self._all, self._queue, self._limits = all_, all_.queue, all_.limits
        self._buffer = b""
        self._owed = 0  # messages handed over and not answered yet
        self._blocked = False  # the peer does not read
        self._waits = False  # the queue is full
        self._stopped = self._ended = False
        self._heard = time.monotonic()
        self._began: float | None = None  # when the message began that is arriving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast(asyncio.Transport, transport)
        self._stream.set_write_buffer_limits(high=_UNREAD // 4)
        self._address: Any = self._stream.get_extra_info("peername")
        everyone, limits = self._all, self._limits
        if self._address is None or everyone.paused:  # gone before we looked, or we are going
            self._stream.abort()
            return
        host = source_of(self._address)[0]
        if len(everyone.open) >= limits.connections or everyone.addresses[host] >= limits.from_one_address:
            self._queue.counts.turned_away += 1
            self._stream.abort()
            return
        everyone.open.add(self)
        everyone.addresses[host] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        everyone = self._all
        self._buffer = b""
        if self in everyone.open:
            everyone.open.remove(self)
            host = source_of(self._address)[0]
            everyone.addresses[host] -= 1
            if not everyone.addresses[host]:
                del everyone.addresses[host]

    def data_received(self, data: bytes) -> None:
        self._heard = time.monotonic()
        self._buffer += data
        self._take()

    def eof_received(self) -> bool:
        """The peer says no more, but may still listen."""
        self._ended = True
        return bool(self._owed or self._waits)  # whether we still have something to say

    def pause_writing(self) -> None:
        self._blocked = True
        self._flow()

    def resume_writing(self) -> None:
        self._blocked = False
        self._flow()

    def reply(self, response: bytes | None, address: Any) -> bool:
        self._owed -= 1
        sent = self._write(response) if response is not None else True
        if self._ended and not self._owed and not self._waits:
            self._stream.close()
        return sent

    def age(self, now: float) -> None:
        """End the connection if it has been silent, or slow with a message, for too long."""
        if self._waits:
            return
        if self._began is not None and now - self._began > self._limits.message_seconds:
            self._break()
        elif now - self._heard > self._limits.idle_seconds:
            self._queue.counts.idle += 1
            self._stream.abort()

    def stop(self) -> None:
        """Read no more."""
        self._stopped = True
        self._flow()

    def finish(self) -> None:
        """Send what was written, then end."""
        self._stream.close()

    def abort(self) -> None:
        self._stream.abort()

    def _take(self) -> None:
        """Hand over what is whole in the buffer."""
        buffer, position, came = self._buffer, 0, time.time()
        pings = 0
        while position < len(buffer):
            if buffer.startswith(_PING, position):
                pings, position = pings + 1, position + 4
                continue
            if buffer.startswith(b"\r\n", position):
                if len(buffer) - position < 4 and _PING.startswith(buffer[position:]):
                    break  # half a ping, it may be
                position += 2
                continue
            if self._queue.full:
                self._wait()
                break
            rest = buffer[position:] if position else buffer
            length = message_length(rest)
            if length is None and len(rest) <= self._limits.message_bytes:
                break
            if length is None or not 0 < length <= self._limits.message_bytes:
                self._break()
                return
            piece = rest[:length]
            if not looks_like_sip(piece):  # nobody knows where the next message would begin
                self._break()
                return
            self._owed += 1
            if not self._queue.put(came, piece, self._address, self):
                self._owed -= 1
            position += length
        if pings and not self._blocked:
            self._write(_PONG * pings)
        if position:
            self._buffer = buffer[position:]
            self._began = None
        if self._buffer and self._began is None:
            self._began = time.monotonic()

    def _wait(self) -> None:
        if not self._waits:
            self._waits = True
            self._queue.when_room(self._resume)
            self._flow()

    def _resume(self) -> None:
        self._waits = False
        self._heard = time.monotonic()
        self._began = None
        if self._stream.is_closing():
            return
        self._flow()
        self._take()
        if self._ended and not self._owed and not self._waits:
            self._stream.close()

    def _flow(self) -> None:
        """Read while somebody wants to know."""
        if self._stream.is_closing():
            return
        if self._blocked or self._waits or self._stopped:
            self._stream.pause_reading()
        else:
            self._stream.resume_reading()

    def _write(self, data: bytes) -> bool:
        if self._stream.is_closing():
            return False
        if self._stream.get_write_buffer_size() + len(data) > _UNREAD:
            self._break()
            return False
        self._stream.write(data)
        return True

    def _break(self) -> None:
        self._queue.counts.broken += 1
        self._buffer = b""
        self._stream.abort()
