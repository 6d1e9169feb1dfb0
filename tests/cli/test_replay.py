from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringfence.cli.main import build_app
from ringfence.errors import InputError, UsageError

ROOT = Path(__file__).parents[2]
CSV = """call_id,start_time,caller,called,trunk,ingress
1,2026-03-01T12:00:00Z,02079460001,07700900123,T1,national
2,2026-03-01T12:00:05Z,+442079460009,07700900123,T2,international
3,2026-03-01T12:00:03Z,,07700900124,T2,international
4,never,+442079460009,07700900123,T2,international
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(), ["replay", *map(str, arguments)])


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    file = tmp_path / "calls.csv"
    file.write_text(CSV)
    (tmp_path / "n.csv").write_text("number,owner,use\n+442079460001,Bank,inbound_only\n")
    return file


def test_a_table_through_a_policy(calls: Path) -> None:
    result = run(
        calls, "--policy", ROOT / "examples/policy-gb.toml", "--numbers", calls.parent / "n.csv", "--json"
    )
    found = json.loads(result.stdout)
    assert (
        found["calls"] == 3 and found["would"] == {"block": 2, "allow": 1} and found["action"] == {"allow": 3}
    )
    samples = {rule["rule"]: rule["samples"] for rule in found["rules"] if rule["calls"]}
    assert samples == {"do not originate": ["1"], "national number from abroad": ["2"]}
    assert "1 " in result.stderr and "rows left out" in result.stderr


def test_for_people_beside_another(calls: Path) -> None:
    text = run(calls, "--policy", "gb", "--against", "us").stdout
    assert "3 calls" in text and "By rule" in text and "Beside us" in text


def test_beside_a_simulation_its_own_tables_are_used(calls: Path) -> None:
    folder = calls.parent / "net"
    (folder / "calls").mkdir(parents=True)
    calls.rename(folder / "calls" / "calls.csv")
    (calls.parent / "n.csv").rename(folder / "numbers.csv")
    (folder / "scenario.toml").write_text("")
    result = run(folder / "calls", "--policy", "gb", "--json")
    assert json.loads(result.stdout)["would"]["block"] == 2 and "using" in result.stderr


def test_what_cannot_be_read(calls: Path, tmp_path: Path) -> None:
    assert isinstance(run(tmp_path / "nowhere", "--policy", "gb").exception, InputError)
    assert isinstance(run(calls, "--policy", "nowhere.toml").exception, UsageError)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert isinstance(run(empty, "--policy", "gb").exception, InputError)
