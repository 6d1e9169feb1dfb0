from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringfence.cli.main import build_app
from ringfence.errors import InputError, UsageError
from ringfence.store.indicator_file import read_indicators

HUNT = """{"value":"7","kind":"account","with":{"trunk":"T1"},"score":0.9,"platform":"P-1",\
"expires":"2099-01-01"}
{"kind":"trunk","value":"T9","score":0.8,"platform":"P-1","reason":"all of it","two_people":true}
{"kind":"source","value":"192.0.2.1","platform":"P-2","expires":"2001-01-01T00:00:00Z"}
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(), ["indicators", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "hunt.jsonl").write_text(HUNT)
    assert run("add", tmp_path / "known.jsonl", tmp_path / "hunt.jsonl").return_value == 0
    return tmp_path / "known.jsonl"


def test_merged_and_listed(file: Path) -> None:
    again = run("add", file, file.parent / "hunt.jsonl")
    assert "it holds 3" in again.output and "wait for two people" in again.output
    text = run("list", file).output
    assert "account     7 with trunk T1" in text and "T9" not in text and "2 more" in text
    rows = [json.loads(line) for line in run("list", file, "--all", "--json").output.splitlines()]
    states = {row["value"]: row["state"] for row in rows}
    assert states == {"7": "in force", "T9": "waits for two people", "192.0.2.1": "expired"}


def test_the_later_expiry_and_the_higher_score_hold(file: Path) -> None:
    run(
        "add",
        file,
        "--kind",
        "account",
        "--value",
        "7",
        "--with",
        "trunk=T1",
        "--score",
        "0.5",
        "--days",
        "1",
    )
    entry = next(e for e in read_indicators(file).entries if e.value == "7")
    assert (entry.score, entry.expires) == (0.9, "2099-01-01")


def test_two_people(file: Path) -> None:
    assert "one more" in run("approve", file, "--value", "T9", "--by", "ann").output
    assert "one more" in run("approve", file, "--value", "T9", "--by", "ann").output
    assert "in force" in run("approve", file, "--value", "T9", "--by", "bob").output
    assert "T9" in run("list", file).output
    assert run("approve", file, "--value", "nowhere", "--by", "bob").return_value == 1


def test_expire_and_remove(file: Path) -> None:
    assert "1 expired" in run("expire", file).output
    assert json.loads(run("expire", file, "--now", "--platform", "P-1", "--json").output) == {
        "expired": 2,
        "holds": 0,
    }
    run("add", file, "--kind", "fingerprint", "--value", "f", "--reason", "by hand")
    assert run("remove", file, "--kind", "fingerprint").return_value == 0
    assert run("remove", file, "--kind", "fingerprint").return_value == 1


@pytest.mark.parametrize(
    "given",
    [
        [], ["--kind", "colour", "--value", "x"], ["--kind", "account"],
        ["--kind", "number", "--value", "+442079460001"],
        ["--kind", "account", "--value", "7", "--with", "trunk"],
    ],
    ids=str,
)  # fmt: skip
def test_wrong_usage(file: Path, given: list[str]) -> None:
    before = file.read_bytes()
    assert isinstance(run("add", file, *given).exception, UsageError)
    assert file.read_bytes() == before


def test_bad_lines(file: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("rubbish\n")
    assert run("add", file, tmp_path / "bad.jsonl").return_value == 1
    assert isinstance(run("list", tmp_path / "nowhere").exception, InputError)
    assert isinstance(run("remove", file).exception, UsageError)
