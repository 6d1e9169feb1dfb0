from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.ingest.wire import SDP, request
from tests.serve.sip_toy import LOOPBACKS, Toy, read_message, running

from ringfence.serve import sip_tcp
from ringfence.serve.sip_edge import SipEdge
from ringfence.serve.sip_queue import Overload
from ringfence.serve.sip_tcp import ConnectionLimits

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def with_edge(
    test: Callable[[SipEdge, Connect], Awaitable[None]],
    host: str = "127.0.0.1",
    overload: Overload | None = None,
    handler: Toy | None = None,
    **limits: float,
) -> None:
    """Run a test against an edge that listens on TCP; whatever happens ends in time."""

    async def main() -> None:
        how = {"overload": overload, "limits": msgspec.convert(limits, ConnectionLimits)}
        async with running(handler or Toy(), host, transports=("tcp",), **how) as (edge, [server]):
            writers = []

            async def connect() -> Streams:
                reader, writer = await asyncio.open_connection(*server)
                writers.append(writer)
                return reader, writer

            await asyncio.wait_for(test(edge, connect), 20)
            for writer in writers:
                writer.close()
        assert edge.connections == 0

    asyncio.run(main())


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came before the other side ended the connection, which it must."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("host", LOOPBACKS)
def test_answers_come_on_the_connection_of_the_request(host: str) -> None:
    toy = Toy()

    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(request(body=SDP) + request(called="+15550100"))
        assert (await read_message(reader)).status == 603
        assert (await read_message(reader)).status == 302
        assert [seen[1:3] for seen in toy.seen] == [(writer.get_extra_info("sockname")[:2], "tcp")] * 2
        assert toy.seen[0][0] == request(body=SDP)
        assert edge.connections == 1

    with_edge(test, host, handler=toy)


def test_messages_may_come_in_any_pieces() -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"\r\n" + request(body=SDP) + b"\r\n\r\n" + request(cseq=2):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await read_message(reader)).get("cseq") == "1 INVITE"
        assert await reader.readexactly(2) == b"\r\n"
        assert (await read_message(reader)).get("cseq") == "2 INVITE"

    with_edge(test)


def test_each_ping_gets_its_pong() -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"\r\n\r\n" * 3 + b"\r\n")
        assert await reader.readexactly(6) == b"\r\n" * 3
        writer.write(b"\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        assert edge.counts.received == 0

    with_edge(test)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n" + b"x" * 70_000,
        request().replace(b"Content-Length: 0", b"Content-Length: 900000"),
        request().replace(b"Content-Length: 0", b"Content-Length: 99999999"),
        request(headers=["X: " + "x" * 60_000, "Y: " + "y" * 60_000]),
    ],
)
def test_a_stream_that_cannot_be_followed_is_ended(data: bytes) -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(data + b"x" * 150_000 * (b"900000" in data))
        assert await ended(reader) == b""
        assert edge.counts.broken == 1

    with_edge(test)


def test_who_only_listens_still_hears_the_answers() -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(request() * 3 + b"INVITE half")
        writer.write_eof()
        assert (await ended(reader)).count(b"SIP/2.0 603 Network Blocked") == 3
        reader, writer = await connect()
        writer.write_eof()
        assert await ended(reader) == b""

    with_edge(test)


def test_slow_messages_and_silence_end_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_tcp, "_SWEEP", 0.05)

    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        silent, _ = await connect()
        for byte in request():
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
            if edge.counts.broken:
                break
        assert await ended(reader) == b"" and edge.counts.broken == 1
        assert await ended(silent) == b"" and edge.counts.idle == 1

    with_edge(test, message_seconds=0.3, idle_seconds=0.8)


def test_a_keep_alive_keeps_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_tcp, "_SWEEP", 0.05)

    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        for _ in range(6):
            writer.write(b"\r\n\r\n")
            await reader.readexactly(2)
            await asyncio.sleep(0.2)
        assert edge.counts.idle == 0

    with_edge(test, idle_seconds=0.6)


@pytest.mark.parametrize("limits", [{"connections": 2}, {"from_one_address": 2}])
def test_connections_are_limited(limits: dict[str, float]) -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        _, writer = await connect()
        await connect()
        await until(lambda: edge.connections == 2)
        reader, _ = await connect()
        assert await ended(reader) == b""
        assert edge.counts.turned_away == 1
        writer.close()
        await until(lambda: edge.connections == 1)
        reader, writer = await connect()
        writer.write(request())
        assert (await read_message(reader)).status == 603

    with_edge(test, **limits)


def test_a_full_queue_slows_streams_down_and_loses_nothing() -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"".join(request(cseq=number) for number in range(300)))
        for number in range(300):
            assert (await read_message(reader)).get("cseq") == f"{number} INVITE"
        writer.write(request() * 20)
        writer.write_eof()
        assert (await ended(reader)).count(b"SIP/2.0 603") == 20
        assert edge.counts.dropped == 0

    with_edge(test, overload=Overload(queue=2, late_seconds=60))


def test_who_does_not_read_is_ended() -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        _, writer = await connect()
        many = request("OPTIONS") * 100
        with pytest.raises(OSError):
            while True:
                writer.write(many)
                await writer.drain()
                if edge.counts.broken:
                    raise ConnectionResetError
        await until(lambda: edge.connections == 0)

    with_edge(test, overload=Overload(late_seconds=60))


def test_a_peer_that_vanishes_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    async def test(edge: SipEdge, connect: Connect) -> None:
        for _ in range(20):
            _, writer = await connect()
            writer.write(request() * 50)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
        await until(lambda: edge.connections == 0 and not edge.waiting)
        reader, writer = await connect()
        writer.write(request())
        assert (await read_message(reader)).status == 603

    with_edge(test)
    assert not caplog.records


@pytest.mark.parametrize("field", ["connections", "idle_seconds"])
def test_a_limit_that_lets_nothing_through_is_refused(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: 0}, ConnectionLimits)
