"""A handler that knows one thing: what begins with +4420 is blocked, all else goes on with its mark."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ringfence.model.rejected import Rejected
from ringfence.model.verdict import Action, Verdict
from ringfence.serve.sip_edge import SipEdge, bind
from ringfence.serve.sip_queue import Handler
from ringfence.sip.answers import unreadable, without_judging
from ringfence.sip.message import Message, parse
from ringfence.sip.verdict_answers import verdict_answer

CALLER = "+447700900001"
BLOCKED = Verdict(action=Action.BLOCK)
PASSED = Verdict(verstat="TN-Validation-Passed")
LOOPBACKS = ("127.0.0.1", "::1")


class Toy:
    """seen: what it was asked, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, tuple[str, int], str, float]] = []

    def handle(self, data: bytes, source: tuple[str, int], transport: str, now: float) -> bytes | None:
        self.seen.append((data, source, transport, now))
        message = parse(data)
        if isinstance(message, Rejected):
            return unreadable(data, message, source)
        settled = without_judging(message, source)
        if settled is not None:
            return settled
        verdict = BLOCKED if "+4420" in message.uri else PASSED
        return verdict_answer(message, verdict, CALLER, source)


@asynccontextmanager
async def running(
    handler: Handler, *hosts: str, transports: tuple[str, ...] = ("udp", "tcp"), **how: Any
) -> AsyncIterator[tuple[SipEdge, list[tuple[str, int]]]]:
    """An edge on free ports, and the address of each of its sockets."""
    sockets = [bind(host, 0, transport) for host in hosts for transport in transports]
    edge = SipEdge(handler, sockets, **how)
    addresses = [sock.getsockname()[:2] for sock in sockets]
    await edge.start()
    try:
        yield edge, addresses
    finally:
        await edge.stop(1.0)
        assert not any(sock.fileno() >= 0 for sock in sockets)


class Datagrams:
    """A caller over UDP."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.socket = socket.socket(
            socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM
        )
        self.socket.bind((server[0], 0))
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()[:2]

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.server)

    async def answer(self, seconds: float = 5.0) -> Message:
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, 65_535), seconds)
        message = parse(data)
        assert isinstance(message, Message), message
        return message

    def silent(self) -> bool:
        try:
            self.socket.recv(65_535)
        except BlockingIOError:
            return True
        return False

    def __enter__(self) -> Datagrams:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


async def read_message(reader: asyncio.StreamReader, seconds: float = 5.0) -> Message:
    """One answer from a stream; ours have no body."""
    data = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), seconds)
    message = parse(data)
    assert isinstance(message, Message), message
    return message
