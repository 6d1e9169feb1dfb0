from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringfence.cli.main import build_app
from ringfence.errors import ConfigError, InputError, UsageError

ROOT = Path(__file__).parents[2]
INVITE = (
    "INVITE sip:+447700900123@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
    "From: <sip:+442079460001@h>;tag=1\r\n"
    "To: <sip:+447700900123@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nIdentity: x\r\n\r\n"
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(), ["policy", *map(str, arguments)])


def test_check(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[[rule]]\nname = 1\n")
    result = run("check", ROOT / "examples/policy-gb.toml", "us", "fr")
    assert "all in shadow" in result.output and result.output.count("understood") == 3
    refused = CliRunner().invoke(build_app(), ["policy", "check", str(bad), "gb"], standalone_mode=False)
    assert (
        refused.return_value == 1
        and "bad.toml, line" in refused.output
        and "gb: understood" in refused.output
    )
    rows = [json.loads(line) for line in run("check", bad, "gb", "--json").output.splitlines()]
    assert "error" in rows[0] and rows[1]["live"] == [] and rows[1]["rules"] > 5


def test_explain_reads_aloud() -> None:
    text = run("explain", ROOT / "examples/policy-gb.toml").output
    assert "1. a burst on one trunk: if calls_per_second counts more than 200" in text
    assert (
        "never stopped: calls over EMERGENCY-HANDOVER" in text
        and "calls_per_second: calls per trunk in 1 s" in text
    )
    rows = [json.loads(line) for line in run("explain", "gb", "--json").output.splitlines()]
    assert rows[0]["name"] == "do not originate" and rows[0]["mode"] == "shadow" and rows[0]["says"]


def test_explain_one_call(tmp_path: Path) -> None:
    invite, numbers = tmp_path / "invite.sip", tmp_path / "n.csv"
    invite.write_bytes(INVITE.encode())
    numbers.write_text("number,owner,use\n+442079460001,Bank,inbound_only\n")
    text = run("explain", "gb", "--invite", invite, "--numbers", numbers).output
    assert (
        "allow, would block" in text
        and "rule: do not originate (shadow)" in text
        and "ringfence verify" in text
    )
    abroad = run("explain", "gb", "--invite", invite, "--ingress", "international", "--json").output
    assert json.loads(abroad)["rule"] == "national number from abroad"
    invite.write_text("rubbish")
    assert isinstance(run("explain", "gb", "--invite", invite).exception, InputError)
    assert isinstance(run("explain", "gb", "--invite", invite, "--ingress", "x").exception, UsageError)


def test_diff(tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text('base = "gb"\n[modes]\n"do not originate" = "live"\n')
    text = run("diff", "gb", new).output
    assert "changed: do not originate" in text and "shadow" in text and "live" in text
    assert run("diff", "gb", "gb").output == "they judge alike\n"
    assert json.loads(run("diff", "gb", new, "--json").output)["kind"] == "changed"


@pytest.mark.parametrize("command", ["explain", "diff"])
def test_what_cannot_be_read(command: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("x = = 1")
    more = ["gb"] if command == "diff" else []
    assert isinstance(run(command, bad, *more).exception, ConfigError)
    assert isinstance(run(command, "nowhere", *more).exception, UsageError)
