"""The whole command as a process: both protocols, two workers, reload, orderly stop."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.serve.nats_server import NatsServer
from tests.serve.screens import BANK, PERSON, invite
from tests.serve.test_decision_stream import read
from typer.testing import CliRunner

from ringfence.cli.main import build_app
from ringfence.errors import RingfenceError
from ringfence.store.decision_log import read_segment


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Running:
    def __init__(self, folder: Path, process: subprocess.Popen[str], sip: int, http: int) -> None:
        self.folder, self.process, self.sip, self.http = folder, process, sip, http
        self._read = ""

    def ask(self, data: bytes) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.sendto(data, ("127.0.0.1", self.sip))
            return sock.recv(65536).decode()

    def get(self, path: str, body: object = None) -> str:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}", data, {"content-type": "application/json"}
        )
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
                assert got, f"it ended and never said {words}"
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
