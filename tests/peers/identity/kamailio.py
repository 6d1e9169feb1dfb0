"""Kamailio with its packaged secsipid module, on loopback: it signs an INVITE, or judges one."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.identity.calls import CALLED, CALLER, ORIGID
from tests.peers.live_capture import free_port

from ringfence.model.rejected import Rejected
from ringfence.sip.message import Message, parse

CONFIG = Path(__file__).with_name("secsipid.cfg")
HOST = "127.0.0.1"
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
    """One that runs. caller, called: digits."""

    def __init__(self, ours: socket.socket, next_hop: socket.socket, port: int) -> None:
        self._ours, self._next, self._port = ours, next_hop, port
        self._calls = itertools.count(1)

    def _send(self, wish: str, caller: str, called: str, identity: str = "", method: str = "INVITE") -> None:
        number = next(self._calls)
        lines = [
            f"{method} sip:+{called}@{HOST}:{self._port} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self._ours.getsockname()[1]};branch=z9hG4bK{number};rport",
            f"From: <sip:+{caller}@caller.example.org>;tag={number}",
            f"To: <sip:+{called}@called.example.org>",
            f"Call-ID: {number}@caller.example.org",
            f"CSeq: 1 {method}",
            "Max-Forwards: 70",
            f"X-Do: {wish}",
            *([f"Identity: {identity}"] if identity else []),
            "Content-Length: 0",
        ]
        self._ours.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), (HOST, self._port))

    def _message(self, where: socket.socket) -> Message:
        message = parse(where.recv(65_535))
        assert not isinstance(message, Rejected), message
        return message

    def ready(self, until: float) -> bool:
        self._ours.settimeout(0.1)
        while time.monotonic() < until:
            self._send("", CALLER, CALLED, method="OPTIONS")
            try:
                self._ours.recv(65_535)
            except TimeoutError:
                continue
            time.sleep(0.2)
            self._ours.setblocking(False)
            try:  # answers to the questions before
                while self._ours.recv(65_535):
                    pass
            except BlockingIOError:
                self._ours.settimeout(ANSWER)
                return True
        return False

    def sign(self, caller: str = CALLER, called: str = CALLED) -> Message:
        """The INVITE as it goes on, signed."""
        self._send("sign", caller, called)
        return self._message(self._next)

    def accepts(self, identity: str, caller: str = CALLER, called: str = CALLED, by: str = "disk") -> bool:
        """Whether it takes the Identity header of this call for good. by: whence the certificate: disk or
        memory, where the provider's is, or info, as the header says."""
        self._send(by, caller, called, identity)
        status = self._message(self._ours).status
        assert status in (200, 438), status
        return status == 200


@contextmanager
def running(work: Path, x5u: str) -> Iterator[Kamailio]:
    """Kamailio with the key and certificate `sp` that are in the folder `work`. Ends what it started."""
    port = free_port(HOST)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_hop,
        (work / "kamailio.log").open("wb") as log,
    ):
        ours.bind((HOST, 0))
        next_hop.bind((HOST, 0))
        next_hop.settimeout(ANSWER)
        config = CONFIG.read_text()
        for name, value in {
            "kamailio": f"{HOST}:{port}",
            "next": f"{HOST}:{next_hop.getsockname()[1]}",
            "folder": str(work),
            "origid": ORIGID,
            "x5u": x5u,
            "pem": (work / "sp.pem").read_text().replace("\n", "\\n"),
        }.items():
            config = config.replace(f"@{name}@", value)
        (work / "kamailio.cfg").write_text(config)
        process = subprocess.Popen(
            ["kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-f", "kamailio.cfg", "-w", str(work),
             "-Y", str(work), "-P", str(work / "pid")],
            cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            kamailio = Kamailio(ours, next_hop, port)
            if not kamailio.ready(time.monotonic() + READY):
                raise RuntimeError(
                    "no answer: " + (work / "kamailio.log").read_text("utf-8", "replace")[-3000:]
                )
            yield kamailio
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
