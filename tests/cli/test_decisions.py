from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from tests.serve.nats_server import NatsServer
from tests.store.test_decision_export import NOON, record
from tests.store.test_decision_log import row
from typer.testing import CliRunner

from ringfence.cli.main import build_app
from ringfence.errors import ConfigError, InputError, UsageError
from ringfence.numbers.tokens import KeyRing, is_token, new_key, write_keys
from ringfence.store.decision_log import DecisionLog


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(build_app(), ["decisions", *map(str, words)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0), result.output


@pytest.fixture
def log(tmp_path: Path) -> Path:
    with DecisionLog(tmp_path / "log") as log:
        for i in range(5):
            one = row(i)
            if i == 3:
                one = msgspec.structs.replace(
                    one, action="allow", would="block", rule="do not originate", mode="shadow", trunk="T7",
                    sip_call_id="abc", reasons=("a protected number",), policy="gb",
                )  # fmt: skip
            log.append(one)
    return tmp_path / "log"


def test_show(log: Path) -> None:
    status, text = run("show", log, "--last", 2)
    assert status == 0 and text.count("Call-ID") == 2 and "+442079460001" not in text
    status, text = run("show", log, "--call-id", "abc", "--show-numbers")
    assert "2026-03-01 12:00:00.000  allow, would block  +442079460001 → +447700900123  trunk T7" in text
    assert "do not originate: a protected number" in text and "Call-ID abc" in text
    assert run("show", log, "--trunk", "T8")[0] == 1
    status, text = run("show", log, "--caller", "020 7946 0001", "--json")
    assert [json.loads(line)["call_id"] for line in text.splitlines()] == [f"r{i}" for i in range(5)]
    with pytest.raises(UsageError, match="--caller"):
        run("show", log, "--caller", "nobody")
    with pytest.raises(InputError, match=r"screen\.log"):
        run("show", log / "no")


def test_export_with_outcomes(log: Path, tmp_path: Path) -> None:
    call = {
        "call_id": "1",
        "sip_call_id": "abc",
        "start_time": NOON,
        "answer_time": NOON,
        "called": "+447700900123",
    }
    calls = record(tmp_path / "cdr.parquet", call)
    status, text = run("export", log, "--out", tmp_path / "calls", "--outcomes", calls)
    assert status == 0 and "1 files of decisions" in text and "1 of 5 decisions found" in text
    assert not list(log.glob("*.log"))
    rows = pq.read_table(tmp_path / "calls").to_pylist()
    assert [r["call_id"] for r in rows if r["answer_time"] is not None] == ["r3"]
    told = json.loads(run("export", log, "--out", tmp_path / "calls", "--json")[1])
    assert told == {"out": str(tmp_path / "calls"), "files": 0, "damaged": 0}


def test_export_with_tokens(log: Path, tmp_path: Path) -> None:
    write_keys(tmp_path / "key", KeyRing((new_key(),)))
    (tmp_path / "numbers.csv").write_text("number,owner,use\n+442079460001,Example Bank,inbound_only\n")
    run(
        "export",
        log,
        "--out",
        tmp_path / "o",
        "--key",
        tmp_path / "key",
        "--numbers",
        tmp_path / "numbers.csv",
    )
    rows = pq.read_table(tmp_path / "o").to_pylist()
    assert all(is_token(r["caller"]) and r["caller_owner"] == "Example Bank" for r in rows)


def test_stream(log: Path, tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    try:
        assert "5 decisions sent to TRY" in run(
            "stream", log, "--nats", server.url, "--stream", "TRY", "--subject", "try", "--once"
        )[1]  # fmt: skip
    finally:
        server.kill()
    with pytest.raises(ConfigError, match="write nats://"):
        run("stream", log, "--nats", "127.0.0.1")
