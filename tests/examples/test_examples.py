"""Each example runs as it stands, in a process of its own, and says what it promises."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringfence.verify.authority import issue_test_authority
from ringfence.verify.signer import Signer

EXAMPLES = Path(__file__).parents[2] / "examples"

INVITE = """INVITE sip:+447700900456@carrier.example.test SIP/2.0
Via: SIP/2.0/UDP edge.example.test;branch=z9hG4bK1
From: <sip:+{shown}@carrier.example.test>;tag=1
To: <sip:+447700900456@carrier.example.test>
Call-ID: 1@edge.example.test
CSeq: 1 INVITE
Max-Forwards: 70
Identity: {identity}
Content-Length: 0

"""


def run(name: str, *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_example_is_tested() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"sign_and_verify.py", "verify_in_ten_lines.py"}


def test_sign_and_verify() -> None:
    assert run("sign_and_verify.py").splitlines() == [
        "an honest call: valid A TN-Validation-Passed",
        "another caller shown: invalid orig_mismatch TN-Validation-Failed",
        "a delegate's own number: valid A TN-Validation-Passed",
        "a revoked certificate: invalid revoked TN-Validation-Failed",
    ]


@pytest.fixture
def files() -> dict[str, bytes]:
    return issue_test_authority(time.time())


@pytest.fixture
def port(files: dict[str, bytes]) -> Iterator[int]:
    """A server on loopback that has the files."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[self.path[1:]]
            self.send_response(200)
            self.send_header("Content-Type", "application/pem-certificate-chain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_verify_in_ten_lines(files: dict[str, bytes], port: int, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(files["root.pem"])
    (tmp_path / "settings.toml").write_text(
        f'[fetch]\nallow_http = true\nports = [{port}]\nallow_networks = ["127.0.0.0/8"]\n'
    )
    now = time.time()
    x5u = f"http://127.0.0.1:{port}/tn-chain.pem"
    signer = Signer(files["tn.key"], files["tn-chain.pem"], x5u, now=now, allow_http=True)
    identity = signer.shaken("447700900123", "447700900456", int(now), "A", str(uuid.uuid4()))

    def said(shown: str, *settings: Path) -> str:
        message = INVITE.format(shown=shown, identity=identity).replace("\n", "\r\n")
        (tmp_path / "invite").write_bytes(message.encode())
        return run("verify_in_ten_lines.py", tmp_path / "invite", tmp_path / "roots.pem", *settings)

    settings = tmp_path / "settings.toml"
    assert said("447700900123", settings).startswith("valid A TN-Validation-Passed 447700900123 ")
    assert said("447700900124", settings).startswith("invalid orig_mismatch TN-Validation-Failed")
    # nothing is fetched from loopback unless the settings say so
    assert said("447700900123").startswith("invalid bad_url No-TN-Validation")
