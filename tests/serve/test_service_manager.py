from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ringfence.serve.service_manager import tell


@pytest.mark.parametrize("abstract", [False, True])
def test_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"@ringfence-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        tell("READY=1")
        assert manager.recv(100) == b"READY=1"
        tell("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    tell("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    tell("READY=1")
