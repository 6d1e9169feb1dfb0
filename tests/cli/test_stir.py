from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.cli.main import main
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.tenants import new_api_key

KEYS = """
[[keys]]
key = "tn.key"
certificate = "tn-chain.pem"
x5u = "https://certs.example.org/tn.pem"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, octets in issue_test_authority(time.time()).items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "keys.toml").write_text(KEYS)
    return tmp_path


def tenants(folder: Path) -> str:
    key, stored = new_api_key("bank")
    (folder / "tenants.toml").write_text(
        f'[[tenants]]\nname = "bank"\nkeys = ["{stored}"]\nnumbers = ["+442079460000-+442079460999"]\n'
    )
    return key


def test_it_signs_until_it_is_stopped(folder: Path) -> None:
    key = tenants(folder)
    given = ["--keys", "keys.toml", "--tenants", "tenants.toml", "--trust", "root.pem", "--port", "18580"]
    command = [str(Path(sys.executable).with_name("ringfence")), "stir", *given]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            for line in server.stderr:
                if found := re.search(r"http://([0-9.:]+)/stir/v1 signs and verifies", line):
                    break
            else:
                raise AssertionError("it has ended")
            asked = {
                "signingRequest": {
                    "orig": {"tn": "442079460123"},
                    "dest": {"tn": ["447700900123"]},
                    "attest": "A",
                }
            }
            connection = http.client.HTTPConnection(found[1], timeout=20)
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request("POST", "/stir/v1/signing", json.dumps(asked), headers)
            answer = json.loads(connection.getresponse().read())
            connection.close()
            assert answer["signingResponse"]["identity"].endswith(";alg=ES256;ppt=shaken")
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "nothing to do"),
        (["--keys", "keys.toml"], "go together"),
        (["--keys", "keys.toml", "--tenants", "tenants.toml", "--origid-seed", "x"], "no UUID"),
        (["--keys", "absent.toml", "--tenants", "tenants.toml"], "absent.toml"),
        (["--trust", "keys.toml"], "keys.toml"),
    ],
)
def test_what_cannot_be_served_is_told(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    said: str,
) -> None:
    tenants(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["ringfence", "stir", *given])
    with pytest.raises(SystemExit) as caught:
        main()
    err = capsys.readouterr().err
    assert caught.value.code == 2 and said in err.splitlines()[-1]
