from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ringfence.cli.main import build_app


@pytest.fixture
def run(found_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(found_run, tmp_path / "run"))


def test_it_writes_the_report_into_the_run(run: Path) -> None:
    done = CliRunner().invoke(build_app(), ["report", str(run)])
    assert done.exit_code == 0
    assert done.stdout == f"{run / 'report.html'}\n"
    assert "+4477••••••" in (run / "report.html").read_text("utf-8")


def test_elsewhere_with_numbers_as_json(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "full.html"
    done = CliRunner().invoke(
        build_app(), ["report", str(run), "--out", str(out), "--show-numbers", "--json"]
    )
    assert json.loads(done.stdout) == {"report": str(out), "bytes": out.stat().st_size}
    assert "+4477••••••" not in out.read_text("utf-8")


def test_no_run_is_one_line_and_status_two(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ringfence.cli.main import main; main()", "report", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("ringfence: ")
    assert done.stderr.count("\n") == 1
