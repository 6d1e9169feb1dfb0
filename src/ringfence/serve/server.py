"""Runs the application on this machine's loopback until it is stopped."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from ringfence.errors import RingfenceError

HOST = "127.0.0.1"
PORT = 8400

#: How many ports above the wanted one are tried when it is taken.
_ATTEMPTS = 20

#: A browser that holds its connection open is given this long once the server stops.
_PATIENCE_SECONDS = 2


def bind(wanted: int = PORT) -> socket.socket:
    """A socket on 127.0.0.1 at `wanted`, or at the first free port above it.

    Raises RingfenceError when none of the next twenty is free.
    """
    for port in range(wanted, min(wanted + _ATTEMPTS, 65536)):
        listener = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio does not send at once
        # a port whose last connections are still fading away counts as free
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # two may bind so, but only one listens: the port is ours from here on
            listener.listen()
        except OSError:
            listener.close()
            continue
        return listener
    raise RingfenceError(f"no free port from {wanted} on at {HOST}; name another with --port")


def serve(app: Litestar, listener: socket.socket, *, ready: Callable[[str], None]) -> None:
    """Answer on `listener` until Ctrl-C or SIGTERM, then return.

    ready: called with the page's address once it answers.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_PATIENCE_SECONDS,
    )
    address = f"http://{HOST}:{listener.getsockname()[1]}/"
    asyncio.run(_Server(config, lambda: ready(address)).serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """uvicorn, but a signal ends it quietly instead of being raised again afterwards."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
