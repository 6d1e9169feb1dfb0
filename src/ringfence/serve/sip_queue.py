"""What waits to be answered: one bounded queue in front of a handler, for all sockets of a process.

Each message keeps the time at which it came. One that waited too long is not handled but answered by rule, at
a tenth of the cost, so that what is fresh still gets its verdict; one that finds the queue full is dropped,
and its sender repeats it. A handler that fails or takes too long is covered by the same rule.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

import msgspec

from ringfence.sip.answers import late
from ringfence.sip.message import looks_like_sip

_log = logging.getLogger(__name__)

#: Seconds of handling between two looks at the sockets; the kernel keeps about ten milliseconds of a flood.
_SLICE = 0.002
#: Seconds between two lines in the log about a handler that fails.
_QUIET = 60.0
_MAPPED = "::ffff:"


class Handler(Protocol):
    """What answers messages."""

    def handle(
        self, data: bytes, source: tuple[str, int], transport: str, now: float
    ) -> bytes | Awaitable[bytes | None] | None:
        """The response to one message, a promise of it, or None for none.

        source: address and port. transport: udp or tcp. now: when the message came, seconds since 1970.
        """
        ...


class Sink(Protocol):
    """Where a message came from, and where its answer goes."""

    transport: str

    def reply(self, response: bytes | None, address: Any) -> bool:
        """Send what there is; called once for each message. False where it could not be sent."""
        ...


class Overload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when more comes than can be judged.

    late_seconds: a message that waited longer is answered by rule: `pass` routes it on unjudged, `503`
    refuses it. answer_seconds: the same for a handler that promised an answer. queue, queue_bytes: messages,
    and their bytes, that may wait. promised: answers that a handler may owe at one time. retry_after:
    seconds, of the 503.
    """

    late_seconds: float = 0.5
    late: Literal["pass", "503"] = "pass"
    answer_seconds: float = 2.0
    queue: int = 8192
    queue_bytes: int = 32 << 20
    promised: int = 1024
    retry_after: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError for a limit that lets nothing through."""
        for name in ("late_seconds", "answer_seconds", "queue", "queue_bytes", "promised", "retry_after"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is not above 0")


class Counts(msgspec.Struct):
    """What happened since the start, for metrics.

    received: SIP messages. answered: responses sent. late: answered by rule, for they waited too long; slow:
    because the handler took too long or owed too many; failures: because it failed. dropped: the queue was
    full. ignored: what is no SIP. unsent: the network took no more. turned_away: connections above a limit.
    broken: connections ended for what they sent or did not read. idle: for silence.
    """

    received: int = 0
    answered: int = 0
    late: int = 0
    slow: int = 0
    failures: int = 0
    dropped: int = 0
    ignored: int = 0
    unsent: int = 0
    turned_away: int = 0
    broken: int = 0
    idle: int = 0


class SipQueue:
    """The queue, and the work on it in slices, so that sockets are read meanwhile. For one event loop."""

    def __init__(
        self, handler: Handler, overload: Overload | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._handler = handler
        self._overload = overload or Overload()
        self._clock = clock
        self._waiting: deque[tuple[float, bytes, Any, Sink]] = deque()
        self._bytes = 0
        self._working = False
        self._promises: set[asyncio.Task[None]] = set()
        self._room: list[Callable[[], None]] = []
        self._quiet_until = 0.0
        self.counts = Counts()

    @property
    def waiting(self) -> int:
        """Messages that wait."""
        return len(self._waiting)

    @property
    def promised(self) -> int:
        """Answers that the handler owes."""
        return len(self._promises)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= self._overload.queue or self._bytes >= self._overload.queue_bytes

    def put(self, came: float, data: bytes, address: Any, sink: Sink) -> bool:
        """Let a message wait. came: seconds since 1970. False if it is dropped: no SIP, or no room; then its
        sink hears no more of it."""
        counts = self.counts
        if not looks_like_sip(data):
            counts.ignored += 1
            return False
        if self.full:
            counts.dropped += 1
            return False
        counts.received += 1
        self._waiting.append((came, data, address, sink))
        self._bytes += len(data)
        if not self._working:
            self._working = True
            asyncio.get_running_loop().call_soon(self._work)
        return True

    def when_room(self, resume: Callable[[], None]) -> None:
        """Call once when the queue is half empty: for sockets that can wait."""
        self._room.append(resume)

    async def drain(self, seconds: float) -> None:
        """Return when nothing waits and nothing is owed, or after so many seconds: the rest is dropped."""
        end = time.monotonic() + seconds
        while (self._waiting or self._promises) and time.monotonic() < end:
            await asyncio.sleep(0.005)
        owed = list(self._promises)
        for promise in owed:
            promise.cancel()
        await asyncio.gather(*owed, return_exceptions=True)
        self.counts.dropped += len(self._waiting)
        self._waiting.clear()
        self._bytes = 0

    def _work(self) -> None:
        end = time.monotonic() + _SLICE
        waiting, limit = self._waiting, self._overload.late_seconds
        while waiting:
            came, data, address, sink = waiting.popleft()
            self._bytes -= len(data)
            if self._clock() - came > limit:
                self.counts.late += 1
                self._by_rule(data, address, sink)
            else:
                self._handle(came, data, address, sink)
            if time.monotonic() > end:
                break
        overload = self._overload
        if self._room and 2 * len(waiting) <= overload.queue and 2 * self._bytes <= overload.queue_bytes:
            resumed, self._room = self._room, []
            for resume in resumed:
                resume()
        self._working = bool(waiting)
        if waiting:
            asyncio.get_running_loop().call_soon(self._work)

    def _handle(self, came: float, data: bytes, address: Any, sink: Sink) -> None:
        try:
            answer = self._handler.handle(data, source_of(address), sink.transport, came)
        except Exception:
            self._failed(data, address, sink)
            return
        if answer is None or isinstance(answer, bytes):
            self._reply(answer, address, sink)
        elif len(self._promises) >= self._overload.promised:
            if asyncio.iscoroutine(answer):
                answer.close()
            self.counts.slow += 1
            self._by_rule(data, address, sink)
        else:
            promise = asyncio.ensure_future(self._keep(answer, data, address, sink))
            self._promises.add(promise)
            promise.add_done_callback(self._promises.discard)

    async def _keep(self, answer: Awaitable[bytes | None], data: bytes, address: Any, sink: Sink) -> None:
        try:
            async with asyncio.timeout(self._overload.answer_seconds):
                response = await answer
        except TimeoutError:
            self.counts.slow += 1
            self._by_rule(data, address, sink)
        except Exception:
            self._failed(data, address, sink)
        else:
            self._reply(response, address, sink)

    def _failed(self, data: bytes, address: Any, sink: Sink) -> None:
        """A fault of ours: its trace is logged, but no flood can fill the log with it."""
        self.counts.failures += 1
        if time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + _QUIET
            _log.exception("a message could not be handled")
        self._by_rule(data, address, sink)

    def _by_rule(self, data: bytes, address: Any, sink: Sink) -> None:
        refuse = self._overload.late == "503"
        response = late(data, source_of(address), refuse=refuse, retry_after=self._overload.retry_after)
        self._reply(response, address, sink)

    def _reply(self, response: bytes | None, address: Any, sink: Sink) -> None:
        if not sink.reply(response or None, address):
            self.counts.unsent += 1
        elif response:
            self.counts.answered += 1


def source_of(address: Any) -> tuple[str, int]:
    """Address and port, of a socket address of either family; IPv4 in IPv6 is IPv4."""
    host, port = address[:2]
    return (host[len(_MAPPED) :] if "." in host and host.startswith(_MAPPED) else host), port
