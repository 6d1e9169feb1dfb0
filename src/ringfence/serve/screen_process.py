"""The screen's processes: sockets are bound once, and each worker reads them; SIGHUP reloads, SIGTERM ends.

What is reloaded is read whole before it takes the place of what runs: a policy that cannot be understood
changes nothing, and is told. No call is dropped: sockets stay open, and what waits is judged by what holds
then.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, cast

import uvicorn

from ringfence.errors import RingfenceError, UsageError
from ringfence.serve.screen_api import Asgi, ScreenApi
from ringfence.serve.screen_metrics import snapshot, write
from ringfence.serve.screening import Screening
from ringfence.serve.service_manager import tell
from ringfence.serve.shared_emergencies import SharedEmergencies
from ringfence.serve.sip_edge import SipEdge, bind
from ringfence.serve.sip_queue import Overload
from ringfence.serve.stir_api import stir_app

_log = logging.getLogger(__name__)
_METRICS_SECONDS = 1.0
#: A worker that dies is begun again, but not more often than this.
_RESTART_SECONDS = 1.0


class Stream(Protocol):
    """`ringfence.serve.decision_stream.DecisionStream`; its client is not always there."""

    async def run(self, stop: asyncio.Event) -> None: ...


class Loader(Protocol):
    """Reads the configuration, in each process: certificates, files and connections are not shared."""

    def screening(self, worker: str) -> Screening: ...

    def stream(self) -> Stream | None:
        """What sends the decision log elsewhere; one process of them all does."""
        ...

    def reload(self, screening: Screening) -> str:
        """Put what the files say now in place; a line for the log. Raises RingfenceError and changes nothing
        where they cannot be understood."""
        ...


def sip_sockets(addresses: Sequence[str]) -> list[socket.socket]:
    """Sockets for udp:ADDRESS:PORT and tcp:ADDRESS:PORT; IPv6 in brackets. Raises UsageError."""
    sockets = []
    for text in addresses:
        transport, _, place = text.partition(":")
        host, _, port = place.rpartition(":")
        if transport not in ("udp", "tcp") or not host or not port.isdecimal():
            raise UsageError(f"sip: {text!r}: write udp:127.0.0.1:5070 or tcp:[::1]:5070")
        sockets.append(bind(host.strip("[]"), int(port), transport))
    return sockets


def http_socket(address: str) -> socket.socket | None:
    """A listening socket for ADDRESS:PORT; None for "". Raises UsageError."""
    if not address:
        return None
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"http: {address!r}: write 127.0.0.1:8470")
    return bind(host.strip("[]"), int(port), "tcp")


def run(
    loader: Loader,
    sip: Sequence[socket.socket],
    http: socket.socket | None,
    *,
    workers: int,
    overload: Overload,
    region: str,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C. ready: called once every worker answers."""
    with tempfile.TemporaryDirectory(prefix="ringfence-screen-") as folder:
        metrics = Path(folder)
        if workers == 1:
            asyncio.run(_serve(loader, sip, http, "0", metrics, overload, region, ready))
            return
        _supervise(
            workers,
            lambda worker, tell: asyncio.run(
                _serve(loader, sip, http, worker, metrics, overload, region, tell)
            ),
            ready,
        )


def _say(text: str) -> None:
    """A line of the log, in one piece: processes share it."""
    os.write(sys.stderr.fileno(), f"ringfence: {text}\n".encode())


def _tell(pipe: int) -> None:
    os.write(pipe, b"1")
    os.close(pipe)


def _supervise(
    workers: int, work: Callable[[str, Callable[[], None]], None], ready: Callable[[], None]
) -> None:
    """Begin the workers, pass signals on to them, begin again one that dies, wait for all at the end."""
    running: dict[int, str] = {}
    stopping = False

    def begin(worker: str) -> None:
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(told)
            status = 1
            try:
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)
                work(worker, lambda: _tell(tell))
                status = 0
            except RingfenceError as error:
                _say(f"worker {worker}: {error}")
            finally:
                os._exit(status)
        os.close(tell)
        running[pid] = worker
        os.read(told, 1)  # until it answers, or is gone
        os.close(told)

    def forward(number: int, _: object) -> None:
        nonlocal stopping
        stopping = stopping or number != signal.SIGHUP
        for pid in running:
            os.kill(pid, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, forward)
    for at in range(workers):
        begin(str(at))
    ready()
    while running:
        pid, status = os.wait()
        worker = running.pop(pid)
        if not stopping:
            _say(f"worker {worker} ended ({status}); beginning it again")
            time.sleep(_RESTART_SECONDS)
            begin(worker)


async def _serve(
    loader: Loader,
    sip: Sequence[socket.socket],
    http: socket.socket | None,
    worker: str,
    metrics: Path,
    overload: Overload,
    region: str,
    ready: Callable[[], None],
) -> None:
    """One process until it is told to stop."""
    screening = loader.screening(worker)
    emergencies = screening.screen.emergencies = SharedEmergencies(metrics / "emergencies")
    emergencies.read()
    edge = SipEdge(screening, sip, overload)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def reload() -> None:
        try:
            _say(loader.reload(screening))
        except RingfenceError as error:
            _say(f"not reloaded: {error}")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await edge.start()
    api = ScreenApi(
        screening,
        region,
        more=cast(Asgi, stir_app(screening.verifier, screening.signing)),
        counts=lambda: snapshot(screening, edge.counts),
        metrics=metrics,
        worker=worker,
        loopback=http is None or http.getsockname()[0] in ("127.0.0.1", "::1"),
    )
    serving = []
    server: _Server | None = None
    if http is not None:
        config = uvicorn.Config(
            api,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        server = _Server(config)
        serving.append(asyncio.create_task(server.serve(sockets=[http])))
        while not server.started and not serving[0].done():
            await asyncio.sleep(0.01)
    if screening.shared is not None:
        await screening.shared.connect()
    stream = loader.stream() if worker == "0" else None
    api.ready = True
    ready()
    streaming = asyncio.create_task(stream.run(stop)) if stream is not None else None
    counting = asyncio.create_task(_each_second(screening, edge, metrics, worker, stop))
    await stop.wait()
    tell("STOPPING=1")
    api.stop()
    counting.cancel()
    if streaming is not None:
        await streaming
    await edge.stop()
    if server is not None:
        server.should_exit = True
        await asyncio.gather(*serving)
    if screening.shared is not None:
        await screening.shared.close()
    if screening.log is not None:
        screening.log.close()


async def _each_second(
    screening: Screening, edge: SipEdge, metrics: Path, worker: str, stop: asyncio.Event
) -> None:
    parent = os.getppid()
    while not stop.is_set():
        if os.getppid() != parent:  # whoever began it is gone, and the folder with it
            stop.set()
            return
        with suppress(OSError):
            write(metrics, worker, snapshot(screening, edge.counts))
        if isinstance(rang := screening.screen.emergencies, SharedEmergencies):
            rang.read()
        await asyncio.sleep(_METRICS_SECONDS)


class _Server(uvicorn.Server):
    """uvicorn, but signals are the process's own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
