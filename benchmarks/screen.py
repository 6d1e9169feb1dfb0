"""How many calls the screen judges, how soon, and what it costs, beside those that judge nothing.

    python -m benchmarks.screen [--parts udp,peers,http,workers,overload,memory,mutate] [--seconds 5]
                                [--mutate 100000] [--soak 0]

The installed `ringfence screen` is bound to one core and the load to another; of ten INVITEs nine carry a
token of their own, with an A, whose certificate is at hand, and one shows a protected number and must be
refused.

    udp       the most that it answers with 64 unanswered; then p50, p99 and p99.9 at half of that
    peers     the same INVITEs, unsigned, to Kamailio with one worker that answers 302 without a look (the
              ceiling), and to sippy's bare redirect server, where pip finds it
    http      POST /v1/screen with the values of a call, unsigned, over 16 connections
    workers   processor time of a call with one worker and with two
    overload  three times the most: late ones are let pass by rule, the rest is right, memory stays, and
              latency is back within a second
    memory    a flood of new numbers through the counters
    mutate    mutated INVITEs through the whole screen in this process: no exception, no pass of the protected
              number where a phone would show it
    --soak    half load for so many seconds: memory and p99 by tenth of it
"""

from __future__ import annotations

import argparse
import asyncio
import http.server
import json
import os
import random
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from benchmarks.measure import RINGFENCE, machine
from benchmarks.redirect_peers import peers
from benchmarks.sip_load import CALLED, CORES, PROTECTED, Load, free_port, load, told
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.signer import Signer

PARTS = ("udp", "peers", "http", "workers", "overload", "memory", "mutate")
POLICY = 'base = "gb"\nmode = "live"\n'


class Screen:
    """One that runs. processor(): seconds that all its processes have used."""

    def __init__(
        self, process: subprocess.Popen[str], place: tuple[str, int], web: int, signer: Signer
    ) -> None:
        self.process, self.place, self.web, self._signer = process, place, web, signer

    def sign(self, caller: str, called: str, iat: int) -> str:
        value = self._signer.shaken(caller, [called], iat, "A", "00000000-0000-4000-8000-000000000000")
        assert isinstance(value, str), value
        return value

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def processor(self) -> float:
        used = 0
        for pid in self._processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Octets, of all processes."""
        found = 0
        for pid in self._processes():
            match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            found += int(match[1]) * 1024 if match else 0
        return found


@contextmanager
def shelf(octets: bytes) -> Iterator[str]:
    """A server of one certificate chain on loopback; its address."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/pem-certificate-chain")
            self.send_header("Cache-Control", "max-age=86400")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/sp.pem"
    finally:
        server.shutdown()


@contextmanager
def screen(workers: int = 1, cores: list[int] | None = None) -> Iterator[Screen]:
    """`ringfence screen` on one core, with a decision log, everything live."""
    files = issue_test_authority(time.time())
    with tempfile.TemporaryDirectory() as name, shelf(files["sp-chain.pem"]) as url:
        folder, sip, web = Path(name), free_port(), free_port()
        signer = Signer(files["sp.key"], files["sp-chain.pem"], url, now=time.time(), allow_http=True)
        (folder / "root.pem").write_bytes(files["root.pem"])
        (folder / "policy.toml").write_text(POLICY)
        (folder / "numbers.csv").write_text(f"number,owner,use\n{PROTECTED},Example Bank,inbound_only\n")
        (folder / "screen.toml").write_text(
            f'[fetch]\nallow_http = true\nallow_networks = ["127.0.0.0/8"]\nports = [{urlsplit(url).port}]\n'
            f'[screen]\npolicy = "policy.toml"\nnumbers = "numbers.csv"\nlog = "log"\ntrust = ["root.pem"]\n'
            f'sip = ["udp:127.0.0.1:{sip}"]\nhttp = "127.0.0.1:{web}"\nworkers = {workers}\n'
        )
        command = [RINGFENCE, "screen", "--config", str(folder / "screen.toml")]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            os.sched_setaffinity(process.pid, cores or CORES[:1])
            for line in process.stderr:
                if "screening at" in line:
                    break
            else:
                raise SystemExit("ringfence screen did not start")
            threading.Thread(target=lambda: list(process.stderr or ()), daemon=True).start()
            running = Screen(process, ("127.0.0.1", sip), web, signer)
            load(running.place, running.sign, seconds=1.0, window=4, prefix="w")  # certificates at hand
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def check(load: Load) -> None:
    """A protected number is never passed by a verdict: 603, or routed on by rule where it came too late."""
    wrong = {s: n for s, n in load.statuses.items() if s.endswith("p") and s not in ("603p", "404p", "503p")}
    if wrong:
        raise SystemExit(f"protected numbers passed: {wrong}")


def udp(seconds: float) -> float:
    with screen() as running:
        rates = []
        for turn in range(3):
            found = load(running.place, running.sign, seconds=seconds, prefix=f"m{turn}")
            check(found)
            told(f"screen, the most (turn {turn + 1})", found)
            rates.append(found.rate)
        most = median(rates)
        for share in (0.5, 2000 / most):
            before = running.processor()
            half = load(
                running.place, running.sign, seconds=2 * seconds, rate=most * share, prefix=f"h{share:.2f}"
            )
            used = running.processor() - before
            check(half)
            told(f"screen, at {most * share:,.0f}/s", half)
            print(f"{'':34} processor {used / max(1, half.sent) * 1e6:.0f} µs a call")
    return most


async def _posts(port: int, seconds: float) -> tuple[int, list[float]]:
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def one(at: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = 0
        while time.perf_counter() < until:
            number += 1
            body = json.dumps(
                {
                    "caller": f"+447700900{number % 1000:03d}",
                    "called": CALLED,
                    "trunk": "T",
                    "call_id": f"{at}-{number}",
                }
            ).encode()
            began = time.perf_counter()
            writer.write(
                b"POST /v1/screen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            assert head.startswith(b"HTTP/1.1 200") and length is not None, head
            await reader.readexactly(int(length[1]))
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one(at) for at in range(16)))
    return len(times), sorted(times)


def web(seconds: float) -> None:
    with screen() as running:
        for turn in range(3):
            count, times = asyncio.run(_posts(running.web, seconds))
            p50, p99 = times[count // 2] * 1000, times[int(count * 0.99)] * 1000
            name = f"HTTP, POST /v1/screen (turn {turn + 1})"
            print(f"{name:34} {count / seconds:8,.0f}/s  p50 {p50:6.2f} ms  p99 {p99:7.2f} ms")


def workers(seconds: float) -> None:
    """The same rate for both, so that only the number of workers differs."""
    costs = {}
    for count in (1, 2):
        with screen(count, CORES[:2]) as running:
            before = running.processor()
            found = load(running.place, running.sign, seconds=2 * seconds, rate=1500)
            costs[count] = (running.processor() - before) / found.sent * 1e6
            check(found)
    ratio = costs[2] / costs[1]
    print(f"processor time of a call: one worker {costs[1]:.0f} µs, two {costs[2]:.0f} µs ({ratio:.2f})")


def overload(seconds: float, most: float) -> None:
    with screen() as running:
        load(running.place, running.sign, seconds=2.0, rate=most / 2, prefix="a")
        before = running.resident()
        found = load(running.place, None, seconds=2 * seconds, rate=3 * most, prefix="o")
        check(found)
        told(f"overload, {found.sent / found.seconds:,.0f}/s sent", found)
        during = running.resident()
        time.sleep(1.0)
        after = load(running.place, running.sign, seconds=2.0, rate=most / 2, prefix="r")
        told("a second later, at half", after)
        print(f"memory: {before >> 20} MiB before, {during >> 20} MiB after the overload")


def memory() -> None:
    from ringfence.screen.attempts import Attempt
    from ringfence.screen.policy import read_policy
    from ringfence.screen.screen import UNVERIFIED, Knowledge
    from ringfence.screen.screen import Screen as Judge

    judge = Judge(Knowledge(read_policy(POLICY, "bench")))
    begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    for count in range(3_000_001):
        if count and count % 1_000_000 == 0:
            now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"flood of new numbers: {count:,} calls, {now - begun} MiB more, {len(judge.counters):,} keys"
            )  # type: ignore[arg-type]
        attempt = Attempt(
            call_id=f"c{count}", time=count / 5000, caller=f"+44161{count:07d}", called=CALLED, trunk="T",
            account=f"a{count % 50_000}",
        )  # fmt: skip
        judge.screen(attempt, UNVERIFIED, 1_772_366_400 + count / 5000)


def mutate(count: int, seed: int) -> None:
    from benchmarks.mutations import mutated, shows
    from ringfence.config import ScreenSettings
    from ringfence.numbers.register import parse_register
    from ringfence.screen.policy import read_policy
    from ringfence.screen.screen import Knowledge
    from ringfence.screen.screen import Screen as Judge
    from ringfence.serve.edges import Edges
    from ringfence.serve.screening import Screening

    register = parse_register(f"number,owner,use\n{PROTECTED},Example Bank,inbound_only\n", "GB")
    screening = Screening(
        Judge(Knowledge(read_policy(POLICY, "bench"), register=register)), Edges(ScreenSettings(), "GB")
    )
    rng, began, statuses, wrong = random.Random(seed), time.perf_counter(), {}, []
    for _ in range(count):
        data = mutated(rng, PROTECTED)
        answer = screening.handle(data, ("127.0.0.1", 5060), "udp", 1_772_366_400.0)
        status = answer[8:11].decode() if isinstance(answer, bytes) else "-"
        statuses[status] = statuses.get(status, 0) + 1
        if status in ("302", "404") and shows(data, PROTECTED):
            wrong.append(data)
    took = time.perf_counter() - began
    by = ", ".join(f"{n:,} × {s}" for s, n in sorted(statuses.items()))
    print(f"{count:,} mutated INVITEs, seed {seed}: no exception, {took / count * 1e6:.0f} µs each ({by}); "
          f"{len(wrong)} passed with the protected number to be seen")  # fmt: skip
    for data in wrong[:5]:
        print(data.decode("utf-8", "replace"))


def soak(seconds: float, most: float) -> None:
    with screen() as running:
        for tenth in range(10):
            found = load(running.place, running.sign, seconds=seconds / 10, rate=most / 2, prefix=f"s{tenth}")
            check(found)
            told(f"soak {tenth + 1}/10, {running.resident() >> 20} MiB", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--most", type=float, default=0.0, help="calls a second, where udp is not among the parts"
    )
    parser.add_argument("--mutate", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--soak", type=float, default=0.0)
    options = parser.parse_args()
    parts = options.parts.split(",")
    print(machine())
    if len(CORES) > 1:
        os.sched_setaffinity(0, CORES[1:])  # the load's own; the screen's is the first
    most = udp(options.seconds) if "udp" in parts else options.most or 4000.0
    if "peers" in parts:
        peers(options.seconds)
    if "http" in parts:
        web(options.seconds)
    if "workers" in parts:
        workers(options.seconds)
    if "overload" in parts:
        overload(options.seconds, most)
    if "memory" in parts:
        memory()
    if "mutate" in parts:
        mutate(options.mutate, options.seed)
    if options.soak:
        soak(options.soak, most)


if __name__ == "__main__":
    main()
