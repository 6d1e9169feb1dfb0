"""The whole command as a process: both protocols, two workers, reload, orderly stop."""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.serve.nats_server import NatsServer
from tests.serve.screens import BANK, PERSON, VICTIM, invite
from tests.serve.test_decision_stream import read
from typer.testing import CliRunner

from ringfence.cli.main import build_app
from ringfence.errors import RingfenceError
from ringfence.model.rejected import Rejected
from ringfence.store.decision_log import read_segment
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.passport import parse_token
from ringfence.verify.tenants import new_api_key

LONDON = "+442079460123"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Running:
    def __init__(self, folder: Path, process: subprocess.Popen[str], sip: int, http: int) -> None:
        self.folder, self.process, self.sip, self.http = folder, process, sip, http
        self._read = self.all = ""

    def ask(self, data: bytes) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.sendto(data, ("127.0.0.1", self.sip))
            return sock.recv(65536).decode()

    def get(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> str:
        data = None if body is None else json.dumps(body).encode()
        fields = {"content-type": "application/json"} | (headers or {})
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data, fields)
        with urllib.request.urlopen(request, timeout=20) as answer:
            text: str = answer.read().decode()
            return text

    def said(self, words: str) -> str:
        """The next line of its log that has these words."""
        assert self.process.stderr is not None
        pipe, end = self.process.stderr.fileno(), time.monotonic() + 60
        while time.monotonic() < end:
            line, newline, rest = self._read.partition("\n")
            if newline:
                self._read = rest
                if words in line:
                    return line
            elif select.select([pipe], [], [], 1)[0]:
                got = os.read(pipe, 65536).decode()
                assert got, f"it ended and never said {words}, but {self.all}"
                self.all += got
                self._read += got
        raise AssertionError(f"never said {words}")


def configure(folder: Path, workers: int, sip: int, http: int) -> Path:
    (folder / "policy.toml").write_text('base = "gb"\nmode = "live"\n')
    (folder / "numbers.csv").write_text(f"number,owner,use\n{BANK},Example Bank,inbound_only\n")
    config = folder / "screen.toml"
    config.write_text(
        f'[screen]\npolicy = "policy.toml"\nnumbers = "numbers.csv"\nlog = "log"\nworkers = {workers}\n'
        f'sip = ["udp:127.0.0.1:{sip}", "tcp:127.0.0.1:{sip}"]\nhttp = "127.0.0.1:{http}"\n'
        "late_seconds = 30\n"
    )
    return config


@contextmanager
def running(folder: Path, workers: int, more: str = "") -> Iterator[Running]:
    sip, http = free_port(), free_port()
    config = configure(folder, workers, sip, http)
    config.write_text(config.read_text() + more)
    command = [str(Path(sys.executable).with_name("ringfence")), "screen", "--config", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    live = Running(folder, process, sip, http)
    try:
        live.said("screening at")
        yield live
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.parametrize("workers", [1, 2])
def test_judges_reloads_and_stops(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, workers) as live:
        assert live.ask(invite()).startswith("SIP/2.0 603 ")
        assert live.ask(invite(PERSON)).startswith("SIP/2.0 302 ")
        assert json.loads(live.get("/v1/screen", {"caller": BANK, "called": PERSON}))["action"] == "block"
        assert live.get("/healthz") == "ok\n" and live.get("/readyz") == "ready\n"
        end = time.monotonic() + 20
        while 'action="block"' not in (text := live.get("/metrics")) or " 2\n" not in text:
            assert time.monotonic() < end, text
        (tmp_path / "policy.toml").write_text("rubbish = = 1")
        live.process.send_signal(signal.SIGHUP)
        assert "not reloaded" in live.said("reloaded") and live.ask(invite()).startswith("SIP/2.0 603 ")
        if workers == 2:
            live.said("not reloaded")
        (tmp_path / "policy.toml").write_text('base = "gb"\n')
        live.process.send_signal(signal.SIGHUP)
        for _ in range(workers):
            live.said("reloaded: gb")
        assert live.ask(invite()).startswith("SIP/2.0 302 ")
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(30) == 0
        rows = [row for path in (tmp_path / "log").iterdir() for row in read_segment(path)[0]]
        assert sorted(row.action for row in rows) == ["allow", "allow", "block", "block", "block"]


def test_kill_9_in_the_middle(tmp_path: Path) -> None:
    with running(tmp_path, 1) as live:
        told = [f"k{i}" for i in range(50) if live.ask(invite(call_id=f"k{i}")).startswith("SIP/2.0 603")]
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait()
        rows = [row for path in (tmp_path / "log").iterdir() for row in read_segment(path)[0]]
        assert [row.sip_call_id for row in rows] == told and len(told) == 50


def test_check(tmp_path: Path) -> None:
    config = configure(tmp_path, 1, 5070, 8470)
    run = CliRunner().invoke(build_app(), ["screen", "--config", str(config), "--check"])
    assert "can be used: gb" in run.output
    for text in ("[screen]\npolicy = 'nowhere.toml'", "[screen]\nlate = 'never'", "[screen]\nsip = ['x']"):
        config.write_text(text)
        failed = CliRunner().invoke(build_app(), ["screen", "--config", str(config)])
        assert isinstance(failed.exception, RingfenceError), text


def test_decisions_are_streamed(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    more = f'nats = "{server.url}"\n'
    try:
        with running(tmp_path, 2, more) as live:
            for i in range(10):
                live.ask(invite(call_id=f"n{i}"))
            end = time.monotonic() + 30
            while len(got := asyncio.run(read(server))) < 10 and time.monotonic() < end:
                time.sleep(0.1)
            assert sorted(row["sip_call_id"] for _, row in got) == [f"n{i}" for i in range(10)]
            live.process.send_signal(signal.SIGTERM)
            assert live.process.wait(30) == 0
    finally:
        server.kill()


def test_signs_and_verifies_for_switches(tmp_path: Path) -> None:
    """A tenant's outgoing calls go on signed; the services of ATIS-1000082 are there; keys reload."""
    for name, octets in issue_test_authority(time.time()).items():
        (tmp_path / name).write_bytes(octets)
    key, stored = new_api_key("bank")
    table = f'[[tenants]]\nname = "bank"\nkeys = ["{stored}"]\nnumbers = ["+442079460000-+442079460999"]\n'
    (tmp_path / "tenants.toml").write_text(table)
    (tmp_path / "keys.toml").write_text(
        '[[keys]]\nkey = "tn.key"\ncertificate = "tn-chain.pem"\nx5u = "https://certs.example.org/tn.pem"\n'
    )
    (tmp_path / "seed").write_text(str(uuid.UUID(int=7)))
    more = (
        'trust = ["root.pem"]\nkeys = "keys.toml"\ntenants = "tenants.toml"\norigid_seed = "seed"\n'
        '[screen.trunks.BANK]\ntenant = "bank"\ningress = "customer"\n'
    )
    with running(tmp_path, 1, more) as live:
        answer = live.ask(invite(LONDON, "X-Ringfence-Trunk: BANK"))
        contact = re.search(r"[?&]Identity=([^&>]+)", answer)
        assert contact is not None, answer
        passport = parse_token(unquote(contact[1]).partition(";")[0])
        assert not isinstance(passport, Rejected) and passport.claims.attest == "A"
        assert passport.claims.orig.tn == LONDON[1:] and passport.claims.dest.tn == (VICTIM[1:],)
        for caller, trunk in ((LONDON, "OTHER"), (PERSON, "BANK")):  # not its trunk, not its number
            assert "&Identity=" not in live.ask(invite(caller, f"X-Ringfence-Trunk: {trunk}"))
        told = live.get("/metrics")
        assert 'what="signed"} 1' in told and 'what="not_signed_not_in_table"} 1' in told
        body = {"signingRequest": {"orig": {"tn": LONDON[1:]}, "dest": {"tn": [VICTIM[1:]]},
                                   "iat": int(time.time()), "attest": "A"}}  # fmt: skip
        assert "identity" in live.get("/stir/v1/signing", body, {"x-api-key": key})
        asked = {"from": {"tn": LONDON[1:]}, "to": {"tn": [VICTIM[1:]]}, "time": int(time.time()),
                 "identity": unquote(contact[1])}  # fmt: skip
        assert "verstat" in live.get("/stir/v1/verification", {"verificationRequest": asked})
        (tmp_path / "tenants.toml").write_text(table.replace("460999", "460001"))
        live.process.send_signal(signal.SIGHUP)
        live.said("reloaded: ")
        assert "&Identity=" not in live.ask(invite(LONDON, "X-Ringfence-Trunk: BANK"))


def test_signing_that_cannot_begin(tmp_path: Path) -> None:
    config = tmp_path / "screen.toml"
    for text, said in (
        ('keys = "keys.toml"', "goes together"),
        ('[screen.trunks.A]\ntenant = "bank"', "no keys and tenants"),
        ('keys = "k"\ntenants = "t"', "origid_seed"),
    ):
        config.write_text(f"[screen]\n{text}\n")
        failed = CliRunner().invoke(build_app(), ["screen", "--config", str(config)])
        assert isinstance(failed.exception, RingfenceError) and said in str(failed.exception)
