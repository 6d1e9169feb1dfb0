"""Load for what answers INVITEs on loopback over UDP: each INVITE its own call, signed as it is sent.

Its numbers are drama numbers, its address is 127.0.0.1, and neither can be chosen.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import Counter
from collections.abc import Callable

import msgspec

CORES = sorted(os.sched_getaffinity(0))
PROTECTED, CALLED = "+442079460001", "+447700900123"


class Load(msgspec.Struct, frozen=True):
    """What came of a load. seconds: how long it ran. rate: answers a second. latencies: seconds from sending
    to the answer, sorted. lost: INVITEs without one."""

    seconds: float
    sent: int
    statuses: dict[str, int]
    latencies: list[float]
    lost: int

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds; NaN without any answer."""
        last = len(self.latencies) - 1
        return self.latencies[round(share * last)] * 1000 if last >= 0 else float("nan")


class Calls:
    """INVITEs one after another. sign: an Identity header's value for (caller, called, iat) in digits. Every
    tenth shows the protected number, unsigned, and must never be passed."""

    def __init__(self, here: str, sign: Callable[[str, str, int], str] | None, prefix: str) -> None:
        self._here, self._sign, self._prefix = here, sign, prefix
        self._made = 0

    def __call__(self, extra: str = "") -> tuple[bytes, bytes]:
        """A message, and the branch that its answer has."""
        number = self._made = self._made + 1
        protected = number % 10 == 0
        caller = PROTECTED if protected else f"+447700900{number % 1000:03d}"
        identity = ""
        if self._sign is not None and not protected:
            identity = f"Identity: {self._sign(caller[1:], CALLED[1:], int(time.time()))}\r\n"
        branch = f"{self._prefix}{number:x}{'p' if protected else ''}"
        text = (
            f"INVITE sip:{CALLED}@127.0.0.1;user=phone SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{caller}@127.0.0.1>;tag={branch}\r\n"
            f"To: <sip:{CALLED}@127.0.0.1>\r\nCall-ID: {branch}@127.0.0.1\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:127.0.0.1>\r\nUser-Agent: Bench/1\r\n{extra}{identity}Content-Length: 0\r\n\r\n"
        )
        return text.encode(), branch.encode()


def load(
    place: tuple[str, int],
    sign: Callable[[str, str, int], str] | None,
    *,
    seconds: float,
    rate: float = 0.0,
    window: int = 64,
    prefix: str = "b",
) -> Load:
    """Send for so long. rate: INVITEs a second, whatever is answered; 0: as many as `window` unanswered ones
    let through, which finds the most that the other side does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.connect(place)
        sock.setblocking(False)
        calls = Calls("{}:{}".format(*sock.getsockname()), sign, prefix)
        waiting: dict[bytes, float] = {}
        latencies: list[float] = []
        statuses: Counter[str] = Counter()
        began = time.perf_counter()
        until, sent = began + seconds, 0

        def receive() -> None:
            while True:
                try:
                    answer = sock.recv(65536)
                except (BlockingIOError, ConnectionRefusedError):
                    return
                at = answer.index(b"z9hG4bK") + 7
                branch = answer[at : min(answer.index(b"\r", at), answer.find(b";", at) % (1 << 30))]
                came = waiting.pop(branch, None)
                if came is not None and answer[8:9] != b"1":
                    latencies.append(time.perf_counter() - came)
                    statuses[answer[8:11].decode() + ("p" if branch.endswith(b"p") else "")] += 1

        while (now := time.perf_counter()) < until:
            due = int((now - began) * rate) - sent if rate else window - len(waiting)
            for _ in range(min(due, 32)):
                message, branch = calls()
                waiting[branch] = time.perf_counter()
                try:
                    sock.send(message)
                except (BlockingIOError, ConnectionRefusedError):
                    waiting.pop(branch)
                    break
                sent += 1
            receive()
            if due <= 0:
                select.select([sock], [], [], 0.0005)
            if not rate and waiting and now - next(iter(waiting.values())) > 1.0:
                waiting.pop(next(iter(waiting)))  # lost: do not wait for it for ever
        took = time.perf_counter() - began
        last = time.perf_counter() + 2
        while waiting and time.perf_counter() < last:
            select.select([sock], [], [], 0.05)
            receive()
        return Load(took, sent, dict(statuses), sorted(latencies), sent - len(latencies))


def told(name: str, load: Load) -> None:
    by = ", ".join(f"{n:,} × {status}" for status, n in sorted(load.statuses.items()))
    print(
        f"{name:34} {load.rate:8,.0f}/s  p50 {load.quantile(0.5):6.2f} ms  p99 {load.quantile(0.99):7.2f} ms"
        f"  p99.9 {load.quantile(0.999):7.2f} ms  lost {load.lost:,}  ({by})"
    )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
