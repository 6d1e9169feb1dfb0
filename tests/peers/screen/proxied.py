"""`ringfence screen`, a Kamailio that asks it (the one of examples/), and sipp on both of its sides."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.live_capture import free_port

from ringfence.model.rejected import Rejected
from ringfence.sip.message import Message, parse

HERE = Path(__file__).parent
EXAMPLE = Path(__file__).parents[3] / "examples" / "kamailio"
MODULES = "usr/lib/*/kamailio/modules"
DEADLINE = 60.0

BANK, SCAM, SHY, PERSON = "+442079460001", "+442079460666", "+447700900777", "+447700900001"
VICTIM = "+447700900123"
REGISTER = f"number,owner,use\n{BANK},Example Bank,inbound_only\n"
POLICY = f"""
base = "gb"
mode = "live"
[modes]
"mobile from abroad, roaming unknown" = "shadow"
"national number from abroad" = "shadow"
[[rule]]
name = "marked here"
when = {{ caller = "{SCAM}" }}
action = "label"
display = "Possible scam"
verstat = "TN-Validation-Failed"
reason = "a trial"
[[rule]]
name = "withheld here"
when = {{ caller = "{SHY}" }}
action = "withhold"
reason = "a trial"
"""


def missing() -> list[str]:
    """Debian packages that are not there."""
    absent = [
        package
        for program, package in (("kamailio", "kamailio"), ("sipp", "sip-tester"), ("openssl", "openssl"))
        if shutil.which(program) is None
    ]
    there = any(Path("/").glob(f"{MODULES}/tls.so"))
    return absent + ([] if there else ["kamailio-tls-modules"])


class Proxied:
    """What runs. sound: packets of sound that reached the called side, by their payload type."""

    def __init__(self, work: Path, proxy: int, tls: int) -> None:
        self.work, self.proxy, self.tls = work, proxy, tls
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sound.bind(("127.0.0.1", 0))
        self._sound.settimeout(0.2)
        self._calls = 0

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.work / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.processes[name] = process
        return process

    def said(self, name: str) -> str:
        return (self.work / f"{name}.log").read_text("utf-8", "replace")

    def wait_for(self, name: str, words: str) -> None:
        until = time.monotonic() + DEADLINE
        while words not in self.said(name):
            assert self.processes[name].poll() is None and time.monotonic() < until, self.said(name)[-3000:]
            time.sleep(0.05)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)

    def close(self) -> None:
        for name in list(self.processes):
            self.stop(name)
        self._sound.close()

    def screen(self) -> None:
        self.start(
            "screen", str(Path(sys.executable).with_name("ringfence")), "screen", "--config", "screen.toml"
        )
        self.wait_for("screen", "screening at")

    def kamailio(self, name: str, *options: str) -> None:
        self.start(
            name, "kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-f", "kamailio.cfg", "-w", str(self.work),
            "-Y", str(self.work), "-P", str(self.work / f"{name}.pid"), *options,
        )  # fmt: skip
        until = time.monotonic() + DEADLINE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            asked = request("OPTIONS", PERSON, port, "ready")
            while True:
                sock.sendto(asked, ("127.0.0.1", self.proxy))
                try:
                    sock.recv(65_535)
                    return
                except (TimeoutError, ConnectionError):
                    assert self.processes[name].poll() is None, self.said(name)[-3000:]
                    assert time.monotonic() < until, self.said(name)[-3000:]

    def call(self, caller: str, kind: str, status: int = 200) -> list[Message]:
        """One call from outside; all that the caller got, in order. status: the one that must come."""
        self._calls += 1
        name = f"{kind}{self._calls}"
        (self.work / f"{name}.csv").write_text(f"SEQUENTIAL\n{caller};{VICTIM};{kind}\n")
        scenario = HERE / ("uac-media.xml" if status == 200 else "uac-refused.xml")
        text = scenario.read_text().replace("@status@", str(status))
        (self.work / f"{name}.xml").write_text(text)
        process = self.start(
            name, "sipp", f"127.0.0.1:{self.proxy}", "-sf", f"{name}.xml", "-inf", f"{name}.csv",
            "-i", "127.0.0.1", "-p", str(free_port("127.0.0.1")), "-m", "1", "-nostdin", "-timeout", "40",
            "-trace_msg", "-message_file", f"{name}.messages",
        )  # fmt: skip
        ended = process.wait(DEADLINE)
        assert ended == 0, (ended, self.said(name)[-2000:], self.said("kamailio")[-3000:])
        return messages((self.work / f"{name}.messages").read_text(), "received")

    def invite(self, kind: str) -> Message:
        """The INVITE of a call as the called side got it."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            for message in messages((self.work / "callee.messages").read_text(), "received"):
                if message.method == "INVITE" and (message.get("call-id") or "").startswith(f"{kind}///"):
                    return message
            time.sleep(0.1)
        raise AssertionError(f"{kind} never arrived")

    def callee(self, port: int) -> None:
        self.start(
            "callee", "sipp", "-sf", str(HERE / "uas-answer.xml"), "-i", "127.0.0.1", "-p", str(port),
            "-nostdin", "-key", "sound_port", str(self._sound.getsockname()[1]), "-trace_msg",
            "-message_file", "callee.messages",
        )  # fmt: skip
        until = time.monotonic() + DEADLINE
        while not (self.work / "callee.messages").exists():
            assert time.monotonic() < until, self.said("callee")
            time.sleep(0.05)

    def sound(self) -> int:
        """Packets of A-law sound (RFC 3551 payload type 8) that came since it was last asked."""
        count = 0
        while True:
            try:
                packet = self._sound.recv(2048)
            except TimeoutError:
                return count
            count += len(packet) > 12 and packet[0] >> 6 == 2 and packet[1] & 0x7F == 8


def request(method: str, caller: str, port: int, call_id: str, transport: str = "UDP") -> bytes:
    lines = [
        f"{method} sip:{VICTIM}@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/{transport} 127.0.0.1:{port};branch=z9hG4bK{call_id};rport",
        f"From: <sip:{caller}@127.0.0.1>;tag=1",
        f"To: <sip:{VICTIM}@127.0.0.1>",
        f"Call-ID: {call_id}",
        f"CSeq: 1 {method}",
        "Max-Forwards: 70",
        f"Contact: <sip:{caller}@127.0.0.1:{port}>",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def messages(trace: str, way: str) -> list[Message]:
    """The SIP messages of sipp's trace that were `received` or `sent`."""
    found = []
    for part in re.split(r"^-{20,}.*$", trace, flags=re.MULTILINE):
        head, _, body = part.lstrip("\n").partition("\n\n")
        if f"message {way}" in head or f"message {way}".title() in head.title():
            message = parse(re.sub(r"\r?\n", "\r\n", body.strip("\r\n") + "\n\n").encode())
            assert not isinstance(message, Rejected), (message, body)
            found.append(message)
    return found


@contextmanager
def running(work: Path, *options: str, screen: bool = True) -> Iterator[Proxied]:
    """All of it. options: of Kamailio. Ends what it started."""
    proxy, tls, next_hop, asked, http = (free_port("127.0.0.1") for _ in range(5))
    (work / "screen.toml").write_text(
        f'[screen]\npolicy = "policy.toml"\nnumbers = "numbers.csv"\nlog = "log"\nlate_seconds = 30\n'
        f'sip = ["udp:127.0.0.1:{asked}"]\nhttp = "127.0.0.1:{http}"\n'
        '[screen.trunks.INTERNATIONAL-1]\ningress = "international"\n'
    )
    (work / "policy.toml").write_text(POLICY)
    (work / "numbers.csv").write_text(REGISTER)
    (work / "sound.raw").write_bytes(b"\xd5" * 8000)  # a second of silence in A-law
    config = (EXAMPLE / "kamailio.cfg").read_text()
    for default, port in (("5060", proxy), ("5061", tls), ("5070", asked), ("5080", next_hop)):
        config = config.replace(f"127.0.0.1:{default}", f"127.0.0.1:{port}")
    (work / "kamailio.cfg").write_text(config.replace("SCREEN_MS 600", "SCREEN_MS 3000"))
    if "WITH_TLS" in options:
        shutil.copy(EXAMPLE / "tls.cfg", work)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", "server.key", "-out", "server.pem", "-days", "2", "-subj", "/CN=TEST ONLY",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            cwd=work, check=True, capture_output=True,
        )  # fmt: skip
    proxied = Proxied(work, proxy, tls)
    try:
        if screen:
            proxied.screen()
        proxied.callee(next_hop)
        proxied.kamailio("kamailio", *(part for option in options for part in ("-A", option)))
        yield proxied
    finally:
        proxied.close()
