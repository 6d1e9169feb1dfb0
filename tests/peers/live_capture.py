"""Record a real capture: sipp callers through Kamailio to sipp answerers, on loopback, while dumpcap listens.

    python -m tests.peers.live_capture capture.pcapng [--transport udp|tcp|udp6] [--calls 10]

Everything stays on 127.0.0.1 or ::1 and every number is from a drama range; neither can be chosen. Needs
Debian's sipp, kamailio and wireshark-common, and the right to capture on `lo`.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parent / "sip"
PROGRAMS = ("sipp", "kamailio", "dumpcap")
DEADLINE = 40.0  # seconds for all calls
TALK_MS = 1500


@dataclass(frozen=True)
class Outcome:
    """What one kind of call must look like in the records. talk: seconds, None if never answered."""

    kind: str
    called_prefix: str
    status: int
    talk: float | None


#: Kamailio routes by the called number to an answerer that behaves so.
OUTCOMES = (
    Outcome("answer", "+44207946000", 200, TALK_MS / 1000),
    Outcome("busy", "+44207946010", 486, None),
    Outcome("cancel", "+44207946020", 487, None),
)


def caller(index: int) -> str:
    return f"+4477009{index:05d}"  # +44 7700 900000 to 900999


def called(outcome: Outcome, index: int) -> str:
    return f"{outcome.called_prefix}{index % 10}"


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
        for _ in range(50):
            tcp.bind((host, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((host, port))
            except OSError:
                tcp.close()
                tcp = socket.socket(family, socket.SOCK_STREAM)
                continue
            return port
    raise RuntimeError("no free port on loopback")


def _caller(outcome: Outcome, host: str, proxy: int, own: int, calls: int) -> list[str]:
    """The command of sipp's side that calls."""
    scenario = str(SCENARIOS / f"uac-{outcome.kind}.xml")
    command = ["sipp", f"{host}:{proxy}", "-sf", scenario, "-inf", f"{outcome.kind}.csv", "-p", str(own)]
    return [*command, "-m", str(calls), "-r", "20", "-d", str(TALK_MS)]


def record(capture: Path, transport: str = "udp", calls: int = 10) -> None:
    """Place `calls` calls of each outcome and write what crossed loopback to `capture` (pcapng)."""
    host = "::1" if transport == "udp6" else "127.0.0.1"
    protocol = "tcp" if transport == "tcp" else "udp"
    shown = f"[{host}]" if ":" in host else host
    ports = {name: free_port(host) for name in ("proxy", *(o.kind for o in OUTCOMES))}
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o755)
        config = (SCENARIOS / "kamailio.cfg").read_text()
        for name, port in ports.items():
            config = config.replace(f"@{name}@", f"{shown}:{port}")
        (work / "kamailio.cfg").write_text(config.replace("@protocol@", protocol))
        log = (work / "log").open("wb")

        def start(*command: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            running.append(process)
            return process

        listening = " or ".join(f"port {port}" for port in ports.values())
        try:
            dumpcap = start("dumpcap", "-q", "-i", "lo", "-f", listening, "-w", str(work / "capture.pcapng"))
            start(
                "kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-n", "1", "-N", "1",
                "-f", str(work / "kamailio.cfg"), "-Y", str(work), "-P", str(work / "pid"),
            )  # fmt: skip
            common = ["-i", host, "-t", "t1" if protocol == "tcp" else "u1", "-nostdin", "-timeout", "60"]
            for outcome in OUTCOMES:
                scenario = str(SCENARIOS / f"uas-{outcome.kind}.xml")
                start("sipp", "-sf", scenario, "-p", str(ports[outcome.kind]), *common)
            time.sleep(1.5)  # sipp has no sign of being ready; Kamailio retransmits if this is short
            callers = []
            for outcome in OUTCOMES:
                lines = [f"{caller(i)};{called(outcome, i)}" for i in range(calls)]
                (work / f"{outcome.kind}.csv").write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n")
                callers.append(
                    start(*_caller(outcome, shown, ports["proxy"], free_port(host), calls), *common)
                )
            until = time.monotonic() + DEADLINE
            results = [process.wait(max(0.1, until - time.monotonic())) for process in callers]
            time.sleep(0.5)
            dumpcap.terminate()
            dumpcap.wait(10)
            if any(results):
                raise RuntimeError(
                    f"sipp ended with {results}: " + (work / "log").read_text("utf-8", "replace")[-3000:]
                )
            shutil.copy(work / "capture.pcapng", capture)
        finally:
            for process in running:
                if process.poll() is None:
                    process.terminate()
            for process in running:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
            log.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("--transport", choices=("udp", "tcp", "udp6"), default="udp")
    parser.add_argument("--calls", type=int, default=10, choices=range(1, 101), metavar="1..100")
    options = parser.parse_args()
    if absent := missing_programs():
        print(f"not installed: {', '.join(absent)}; apt-get install sip-tester kamailio wireshark-common")
        return 2
    record(options.capture, options.transport, options.calls)
    print(options.capture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
