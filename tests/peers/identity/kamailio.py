"""Kamailio on loopback, with us on both of its sides: the callers, and the next hop."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.identity.calls import CALLED, CALLER
from tests.peers.live_capture import free_port

from ringfence.model.rejected import Rejected
from ringfence.sip.message import Message, parse

#: Where Kamailio is and other networks call from, and where its own customers do.
OUTSIDE, INSIDE = "127.0.0.1", "127.0.0.2"
READY = 10.0  # seconds
ANSWER = 5.0
#: Debian puts modules under the machine's own triplet.
MODULES = "usr/lib/*/kamailio/modules"
#: The packages of those that kamailio itself does not bring.
PACKAGES = {
    "secsipid": "kamailio-secsipid-modules",
    "http_client": "kamailio-utils-modules",
    "jansson": "kamailio-extra-modules",
}


def missing(*modules: str) -> list[str]:
    """The Debian packages that are not there."""
    absent = [] if shutil.which("kamailio") else ["kamailio"]
    return absent + [PACKAGES[m] for m in modules if not any(Path("/").glob(f"{MODULES}/{m}.so"))]


class Kamailio:
    """One that runs. Numbers are digits."""

    def __init__(self, port: int, next_hop: socket.socket, callers: dict[str, socket.socket]) -> None:
        self._port, self._next, self._callers = port, next_hop, callers
        self._calls = itertools.count(1)

    def call(
        self,
        *headers: str,
        caller: str = CALLER,
        called: str = CALLED,
        host: str = OUTSIDE,
        method: str = "INVITE",
        hops: int = 70,
    ) -> str:
        """Send a request from one of the addresses; its Call-ID."""
        number = next(self._calls)
        ours = self._callers[host]
        lines = [
            f"{method} sip:+{called}@{OUTSIDE}:{self._port} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{ours.getsockname()[1]};branch=z9hG4bK{number};rport",
            f"From: <sip:+{caller}@caller.example.org>;tag={number}",
            f"To: <sip:+{called}@called.example.org>",
            f"Call-ID: {number}@caller.example.org",
            f"CSeq: 1 {method}",
            f"Max-Forwards: {hops}",
            *headers,
            "Content-Length: 0",
        ]
        ours.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), (OUTSIDE, self._port))
        return f"{number}@caller.example.org"

    def _received(self, where: socket.socket, call_id: str) -> Message:
        """The first message of a call; what is repeated of earlier ones is passed over."""
        until = time.monotonic() + ANSWER
        while time.monotonic() < until:
            message = parse(where.recv(65_535))
            assert not isinstance(message, Rejected), message
            if message.get("call-id") == call_id and message.status != 100:
                return message
        raise TimeoutError(call_id)

    def answered(self, call_id: str, host: str = OUTSIDE) -> int:
        """The status with which it answers."""
        status = self._received(self._callers[host], call_id).status
        assert status is not None
        return status

    def passed_on(self, call_id: str) -> Message:
        """The request as it goes on to the next hop."""
        return self._received(self._next, call_id)

    def wait(self) -> bool:
        """Whether it begins to answer."""
        until = time.monotonic() + READY
        ours = self._callers[OUTSIDE]
        ours.settimeout(0.1)
        while time.monotonic() < until:
            self.call(method="OPTIONS", hops=0)
            try:
                ours.recv(65_535)
            except TimeoutError:
                continue
            ours.settimeout(ANSWER)
            return True
        return False


@contextmanager
def running(work: Path, config: str) -> Iterator[Kamailio]:
    """Kamailio with a configuration in which @kamailio@ and @next@ stand for its own address and the next
    hop's. Ends what it started."""
    port = free_port(OUTSIDE)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inside,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_hop,
        (work / "kamailio.log").open("wb") as log,
    ):
        for ours, host in ((outside, OUTSIDE), (inside, INSIDE), (next_hop, OUTSIDE)):
            ours.bind((host, 0))
            ours.settimeout(ANSWER)
        config = config.replace("@kamailio@", f"{OUTSIDE}:{port}")
        config = config.replace("@next@", f"{OUTSIDE}:{next_hop.getsockname()[1]}")
        (work / "kamailio.cfg").write_text(config)
        process = subprocess.Popen(
            ["kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-f", "kamailio.cfg", "-w", str(work),
             "-Y", str(work), "-P", str(work / "pid")],
            cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            kamailio = Kamailio(port, next_hop, {OUTSIDE: outside, INSIDE: inside})
            if not kamailio.wait():
                said = (work / "kamailio.log").read_text("utf-8", "replace")
                raise RuntimeError(f"no answer: {said[-3000:]}")
            yield kamailio
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
