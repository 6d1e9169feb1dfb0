"""The SIP edge of a process: sockets over UDP and TCP, IPv4 and IPv6, in front of one handler.

It keeps nothing of a call. Any number of processes may share an address: with `reuse_port` the kernel gives
each sender to one of them; sockets that are bound before a fork are read by whoever is free.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from ringfence.errors import UsageError
from ringfence.serve.sip_queue import Counts, Handler, Overload, SipQueue
from ringfence.serve.sip_tcp import Connection, ConnectionLimits, Connections
from ringfence.serve.sip_udp import UdpSocket

SIP_PORT = 5060
_BACKLOG = 256
#: Bytes asked of the kernel for datagrams that wait; it may give less.
_KERNEL_BYTES = 4 << 20
#: Datagrams that a last look takes from the kernel.
_LAST = 4096


def bind(
    host: str, port: int = SIP_PORT, transport: str = "udp", *, reuse_port: bool = False
) -> socket.socket:
    """A socket at an address, IPv4 or IPv6; port 0 takes a free one. transport: udp or tcp.

    reuse_port: other processes may bind it too. Raises UsageError for what is no address or is taken.
    """
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        raise UsageError(f"{host!r} is no IP address to listen at; name one of this machine's") from None
    # asyncio sends at once (TCP_NODELAY) only where a socket says that its protocol is TCP
    kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP) if transport == "tcp" else (socket.SOCK_DGRAM, 0)
    sock = socket.socket(family, *kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if transport == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_BYTES)
        sock.bind((host, port))
        if transport == "tcp":
            sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen at {host} port {port} ({transport}): {why}; name another address"
        ) from None
    return sock


class SipEdge:
    """Sockets, and the queue between them and a handler. Used inside one event loop; see `bind`.

    The sockets are closed with it. counts: what happened so far.
    """

    def __init__(
        self,
        handler: Handler,
        sockets: Sequence[socket.socket],
        overload: Overload | None = None,
        limits: ConnectionLimits | None = None,
    ) -> None:
        self._queue = SipQueue(handler, overload)
        self._sockets, self._limits = sockets, limits
        self._datagrams: list[UdpSocket] = []
        self._listeners: list[asyncio.Server] = []
        self._connections: Connections | None = None

    @property
    def counts(self) -> Counts:
        return self._queue.counts

    @property
    def waiting(self) -> int:
        """Messages that wait to be handled."""
        return self._queue.waiting

    @property
    def promised(self) -> int:
        """Answers that the handler owes."""
        return self._queue.promised

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return len(self._connections.open) if self._connections else 0

    async def start(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        connections = self._connections = Connections(self._queue, self._limits)
        for sock in self._sockets:
            if sock.type == socket.SOCK_DGRAM:
                self._datagrams.append(UdpSocket(sock, self._queue))
            else:
                listener = await loop.create_server(lambda: Connection(connections), sock=sock)
                self._listeners.append(listener)

    async def stop(self, seconds: float = 5.0) -> None:
        """Take in nothing new, answer what has arrived, and close; what is not answered after so many seconds
        is dropped."""
        for listener in self._listeners:
            listener.close()
        for datagrams in self._datagrams:
            datagrams.read(_LAST)
            datagrams.pause()
        if self._connections is not None:
            self._connections.pause()
        await self._queue.drain(seconds)
        if self._connections is not None:
            await self._connections.close(min(seconds, 1.0))
        for datagrams in self._datagrams:
            datagrams.close()
