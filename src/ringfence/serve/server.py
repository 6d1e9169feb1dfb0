"""Runs the application on this machine's loopback until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from ringfence.errors import RingfenceError

HOST = "127.0.0.1"
PORT = 8400

#: How many ports above the wanted one are tried when it is taken.
_ATTEMPTS = 20


def free_port(wanted: int = PORT) -> int:
    """`wanted`, or the first free port above it. Raises RingfenceError when none of the next twenty is."""
    for port in range(wanted, min(wanted + _ATTEMPTS, 65536)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # as the server binds: a port in TIME_WAIT counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    raise RingfenceError(f"no free port from {wanted} on at {HOST}; name another with --port")


def serve(app: Litestar, port: int, *, ready: Callable[[str], None]) -> None:
    """Answer on 127.0.0.1:`port` until Ctrl-C or SIGTERM, then return.

    ready: called with the page's address once the port is bound and listening.
    """
    asyncio.run(_serve(app, port, ready))


async def _serve(app: Litestar, port: int, ready: Callable[[str], None]) -> None:
    server = Server(app, address=HOST, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0)
    # after the server's own handlers: both must hear of it
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await _answering(port, serving)
        ready(f"http://{HOST}:{port}/")
        await asyncio.wait({serving, asyncio.create_task(stopped.wait())}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.stop()
        await serving


async def _answering(port: int, serving: asyncio.Task[None]) -> None:
    """Wait until the port accepts connections."""
    for _ in range(200):
        if serving.done():
            serving.result()
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RingfenceError(f"the page did not come up on {HOST}:{port}; try another --port")
