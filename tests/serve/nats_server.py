"""A real NATS server of a test's own, on loopback, with JetStream in its folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest


class NatsServer:
    """Debian's nats-server."""

    def __init__(self, folder: Path) -> None:
        if (program := shutil.which("nats-server")) is None:
            if os.environ.get("STRICT") == "1":
                pytest.fail("nats-server is missing; on Debian: apt install nats-server")
            pytest.skip("nats-server is missing; on Debian: apt install nats-server")
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self._port = sock.getsockname()[1]
        self._command = [program, "-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", str(folder / "js")]
        self.url = f"nats://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self._port), 1):
                    return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline
                time.sleep(0.02)

    def kill(self) -> None:
        """As the machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
