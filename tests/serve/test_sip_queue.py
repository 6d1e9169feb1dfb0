from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import pytest
from tests.ingest.wire import request
from tests.serve.sip_toy import Toy

from ringfence.serve.sip_queue import Overload, SipQueue, source_of

NOW = 1_700_000_000.0
HERE = ("192.0.2.1", 5060)


class Sink:
    transport = "udp"

    def __init__(self, takes: bool = True) -> None:
        self.sent: list[bytes | None] = []
        self.takes = takes

    def reply(self, response: bytes | None, address: Any) -> bool:
        self.sent.append(response)
        return self.takes

    def statuses(self) -> list[str]:
        return [sent[8:11].decode() if sent else "" for sent in self.sent]


class Answers:
    """A handler made of one function."""

    def __init__(self, handle: Callable[[bytes], Any]) -> None:
        self._handle = handle

    def handle(
        self, data: bytes, source: tuple[str, int], transport: str, now: float
    ) -> bytes | Awaitable[bytes | None] | None:
        return self._handle(data)  # type: ignore[no-any-return]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


def test_messages_are_answered_in_their_order() -> None:
    async def main() -> None:
        toy, sink = Toy(), Sink()
        queue = SipQueue(toy, clock=lambda: NOW)
        for number in range(5):
            assert queue.put(NOW - 0.1, request(cseq=number), HERE, sink)
        assert queue.waiting == 5 and not sink.sent
        await queue.drain(5)
        assert all(b"CSeq: %d INVITE" % number in (sent or b"") for number, sent in enumerate(sink.sent))
        assert sink.statuses() == ["603"] * 5
        assert toy.seen[0] == (request(cseq=0), HERE, "udp", NOW - 0.1)
        assert (queue.counts.received, queue.counts.answered, queue.waiting) == (5, 5, 0)

    run(main())


def test_what_is_no_sip_never_waits() -> None:
    async def main() -> None:
        queue = SipQueue(Toy())
        for data in (b"", b"\r\n\r\n", b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\x80" * 65_507):
            assert not queue.put(NOW, data, HERE, Sink())
        assert (queue.counts.ignored, queue.waiting) == (5, 0)

    run(main())


@pytest.mark.parametrize(("rule", "status"), [("pass", "404"), ("503", "503")])
def test_what_waited_too_long_is_answered_by_rule(rule: Any, status: str) -> None:
    async def main() -> None:
        toy, sink = Toy(), Sink()
        queue = SipQueue(toy, Overload(late=rule, retry_after=3), clock=lambda: NOW)
        queue.put(NOW - 0.6, request(), HERE, sink)
        queue.put(NOW - 0.4, request(), HERE, sink)
        queue.put(NOW + 9, request(), HERE, sink)  # the clock was set back meanwhile
        queue.put(NOW - 0.6, request("ACK"), HERE, sink)
        await queue.drain(5)
        assert sink.statuses() == [status, "603", "603", ""]
        assert len(toy.seen) == 2 and queue.counts.late == 2
        assert (b"Retry-After: 3" in (sink.sent[0] or b"")) == (rule == "503")

    run(main())


@pytest.mark.parametrize("overload", [Overload(queue=3), Overload(queue_bytes=3 * len(request()))])
def test_a_full_queue_takes_no_more_until_there_is_room(overload: Overload) -> None:
    async def main() -> None:
        sink, resumed = Sink(), []
        queue = SipQueue(Toy(), overload)
        now = time.time()
        assert [queue.put(now, request(), HERE, sink) for _ in range(5)] == [True] * 3 + [False] * 2
        queue.when_room(lambda: resumed.append(queue.waiting))
        await queue.drain(5)
        assert (queue.counts.received, queue.counts.dropped, len(sink.sent)) == (3, 2, 3)
        assert resumed == [0] and queue.put(now, request(), HERE, sink)
        await queue.drain(5)

    run(main())


def test_the_loop_turns_while_much_waits() -> None:
    async def main() -> None:
        def slow(data: bytes) -> None:
            time.sleep(0.001)

        queue = SipQueue(Answers(slow))
        now = time.time()
        for _ in range(50):
            queue.put(now, request(), HERE, Sink())
        turns = 0
        while queue.waiting:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 5

    run(main())


def test_promises_are_kept_in_any_order() -> None:
    async def main() -> None:
        gate = asyncio.Event()

        async def later() -> bytes | None:
            await gate.wait()
            return b"SIP/2.0 486 x"

        def handle(data: bytes) -> Any:
            return later() if b"+447" in data.partition(b"\r")[0] else b"SIP/2.0 603 x"

        sink = Sink()
        queue = SipQueue(Answers(handle))
        queue.put(time.time(), request(called="+447700900009"), HERE, sink)
        queue.put(time.time(), request(), HERE, sink)
        while not sink.sent:
            await asyncio.sleep(0)
        assert sink.statuses() == ["603"] and queue.promised == 1
        gate.set()
        await queue.drain(5)
        assert sink.statuses() == ["603", "486"] and queue.promised == 0

    run(main())


def test_who_owes_too_much_or_too_long_is_covered_by_the_rule() -> None:
    async def main() -> None:
        async def never() -> bytes | None:
            await asyncio.Event().wait()
            return None

        sink = Sink()
        queue = SipQueue(Answers(lambda data: never()), Overload(promised=2, answer_seconds=0.05))
        for _ in range(3):
            queue.put(time.time(), request(), HERE, sink)
        while len(sink.sent) < 3:
            await asyncio.sleep(0.01)
        assert sink.statuses() == ["404"] * 3 and queue.counts.slow == 3
        await queue.drain(1)
        # at the end nobody waits for it
        queue = SipQueue(Answers(lambda data: never()))
        queue.put(time.time(), request(), HERE, sink)
        await queue.drain(0.05)
        assert queue.promised == 0

    run(main())


def test_a_handler_that_fails_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> bytes:
        raise RuntimeError("late fault")

    def handle(data: bytes) -> Any:
        if b"BYE" in data:
            return broken()
        raise ValueError("fault")

    async def main() -> None:
        sink = Sink()
        queue = SipQueue(Answers(handle), Overload(late="503"))
        for _ in range(20):
            queue.put(time.time(), request(), HERE, sink)
            queue.put(time.time(), request("BYE"), HERE, sink)
        await queue.drain(5)
        assert sink.statuses().count("503") == 20 and sink.statuses().count("481") == 20
        assert queue.counts.failures == 40

    with caplog.at_level(logging.DEBUG, logger="ringfence"):
        run(main())
    assert len(caplog.records) == 1


def test_what_the_network_does_not_take_is_counted() -> None:
    async def main() -> None:
        queue = SipQueue(Toy())
        queue.put(time.time(), request(), HERE, Sink(takes=False))
        await queue.drain(5)
        assert (queue.counts.unsent, queue.counts.answered) == (1, 0)

    run(main())


def test_memory_is_bounded_whatever_comes() -> None:
    async def main() -> None:
        queue = SipQueue(Toy(), Overload(queue=100, queue_bytes=1 << 20))
        big = request(headers=["X: " + "x" * 60_000])
        for _ in range(1000):
            queue.put(time.time(), big, HERE, Sink())
        assert queue.waiting * len(big) < (1 << 20) + len(big)
        await queue.drain(0)
        assert queue.waiting == 0 and not queue.full

    run(main())


@pytest.mark.parametrize(
    ("address", "source"),
    [
        (HERE, HERE),
        (("2001:db8::1", 5060, 0, 0), ("2001:db8::1", 5060)),
        (("::ffff:192.0.2.1", 5060, 0, 0), HERE),
        (("::ffff:0:1", 1, 0, 0), ("::ffff:0:1", 1)),
    ],
)
def test_sources(address: Any, source: tuple[str, int]) -> None:
    assert source_of(address) == source


@pytest.mark.parametrize("field", ["late_seconds", "queue", "promised"])
def test_a_limit_that_lets_nothing_through_is_refused(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: 0}, Overload)
