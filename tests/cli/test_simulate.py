"""`ringfence simulate` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def ringfence(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from ringfence.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "simulate", *arguments], capture_output=True, text=True, check=False
    )


def test_writes_a_network_and_prints_one_object(tmp_path: Path) -> None:
    done = ringfence(
        "--out",
        str(tmp_path / "net"),
        "--scenario",
        "small",
        "--days",
        "2",
        "--subscribers",
        "1500",
        "--json",
    )
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary["scenario"] == "small" and summary["days"] == 2 and summary["calls"] > 5000
    names = {p.name for p in (tmp_path / "net").iterdir()}
    assert names == {
        "calls",
        "numbers.csv",
        "allocation.csv",
        "truth.parquet",
        "truth_victims.parquet",
        "labels.parquet",
        "scenario.toml",
        "declared.csv",
        "reports.csv",
    }


def test_a_scenario_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nsubscribers = 1500\ndays = 1\n', encoding="utf-8")
    done = ringfence("--out", str(tmp_path / "net"), "--scenario", str(file), "--set", "services=[]")
    assert done.returncode == 0 and "0 of them fraudulent" in done.stdout


def test_lists_the_scenarios() -> None:
    assert "national" in ringfence("--list").stdout
    rows = [json.loads(line) for line in ringfence("--list", "--json").stdout.splitlines()]
    assert {"national", "small", "quiet", "random"} <= {r["scenario"] for r in rows}


def test_a_fault_is_one_line_and_status_two(tmp_path: Path) -> None:
    for arguments in (["--scenario", "nowhere"], ["--set", "colour=blue"], ["--scenario", "absent.toml"]):
        done = ringfence("--out", str(tmp_path / "net"), *arguments)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith("ringfence: ") and done.stderr.count("\n") == 1
