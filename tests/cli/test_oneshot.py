from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ringfence.cli.oneshot import check_out, default_out
from ringfence.errors import UsageError

COMMAND = [sys.executable, "-c", "from ringfence.cli.main import main; main()"]


def _ringfence(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated network."""
    folder = tmp_path_factory.mktemp("network")
    done = _ringfence("simulate", "--out", "net", "--scenario", "small", "--seed", "3", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_from_records_to_report_and_page(network: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "oneshot", "net/calls", "--numbers", "net/numbers.csv", "--out", "run", "--port", "18640"],
        cwd=network, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = ""
        while "http://" not in line:
            line = process.stderr.readline()
            assert line, "ended without a page"
        address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"spoofing service" in answer.read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (err, process.returncode) == ("", 0)
    assert "spoofing service" in out
    assert (network / "run" / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_json_is_one_object_and_no_page(network: Path) -> None:
    done = _ringfence("oneshot", "net/calls", "--json", cwd=network)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert found["rows"]["accepted"] > 50_000
    assert Path(network / found["report"]).is_file()
    assert (network / "calls-hunt" / "summary.json").is_file()


def test_a_folder_with_other_files_is_left_alone(network: Path) -> None:
    done = _ringfence("oneshot", "net/calls", "--out", "net", "--no-page", cwd=network)
    assert done.returncode == 2
    assert "no earlier hunt" in done.stderr
    assert not (network / "net" / "report.html").exists()


def test_nothing_readable_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    done = _ringfence("oneshot", "empty.csv", "--headless", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_local_times_and_a_mapping_without_an_ingest_step(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("When,To\n2026-07-01 12:00:00,07700 900001\n")
    (tmp_path / "export.toml").write_text('[columns]\nstart_time = "When"\ncalled = "To"\n')
    given = ("export.csv", "--mapping", "export.toml", "--timezone", "Europe/London", "--json")
    done = _ringfence("oneshot", *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["period"]["first"] == "2026-07-01T11:00:00+00:00"
    assert "were read as Europe/London" in done.stderr


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ("capture.pcapng", "capture-hunt"),
        ("a/b/calls.csv.gz", "calls-hunt"),
        ("net/calls", "calls-hunt"),
        (".x", "ringfence-hunt"),
    ],
)
def test_default_out(given: str, folder: str) -> None:
    assert default_out(Path(given)) == Path(folder)


def test_check_out(found_run: Path, tmp_path: Path) -> None:
    check_out(tmp_path / "new")
    check_out(tmp_path)
    check_out(found_run)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        check_out(tmp_path / "file")
    with pytest.raises(UsageError, match="no earlier hunt"):
        check_out(tmp_path)
