"""A real Redis of a test's own, on a socket in its folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis


class RedisServer:
    """Debian's redis-server; nothing on disk, no network."""

    def __init__(self, folder: Path, *options: str) -> None:
        if (program := shutil.which("redis-server")) is None:
            if os.environ.get("STRICT") == "1":
                pytest.fail("redis-server is missing; on Debian: apt install redis-server")
            pytest.skip("redis-server is missing; on Debian: apt install redis-server")
        self._command = [program, "--port", "0", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        # the path of a socket has at most 107 octets
        self._socket = folder / "redis.sock"
        self._command += ["--unixsocket", str(self._socket), *options]
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                with self.client() as client:
                    client.ping()
                return
            except redis.RedisError:
                assert self._process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def kill(self) -> None:
        """As the machine would: with nothing said."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
