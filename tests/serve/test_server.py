from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ringfence.errors import RingfenceError
from ringfence.serve import server

SCRIPT = """
import sys
from pathlib import Path
from ringfence.serve.app import create_app
from ringfence.serve.server import bind, serve
app = create_app(Path(sys.argv[1]))
serve(app, bind(int(sys.argv[2])), ready=lambda address: print(address, flush=True))
print("stopped", flush=True)
"""


def _start(run: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(run), str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_on_loopback_until_it_is_stopped(found_run: Path, stop: signal.Signals) -> None:
    process, address = _start(found_run, 18_400)
    try:
        with urllib.request.urlopen(address + "healthz", timeout=10) as answer:
            assert answer.read() == b'{"status":"ok"}'
        # a browser keeps its connection open; that must not hold the server back
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":")[-1].strip("/")))):
            process.send_signal(stop)
            out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (out, err, process.returncode) == ("stopped\n", "", 0)


def test_a_taken_port_gives_the_next(found_run: Path) -> None:
    first, address = _start(found_run, 18_500)
    taken = int(address.rsplit(":")[-1].strip("/"))
    try:
        with server.bind(taken) as other:
            assert other.getsockname()[0] == "127.0.0.1"
            assert other.getsockname()[1] > taken
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=20)
    with server.bind(taken) as again:
        assert again.getsockname()[1] == taken


def test_no_free_port_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_ATTEMPTS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RingfenceError, match="name another with --port"):
            server.bind(taken.getsockname()[1])
