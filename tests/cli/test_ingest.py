"""`ringfence ingest` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

VECTORS = Path(__file__).parents[1] / "vectors" / "cdr"
GOOD = (
    "start_time,caller,called,answer_time,end_time\n"
    "2024-07-01T10:00:00Z,02079460101,07700900123,2024-07-01T10:00:09Z,2024-07-01T10:01:00Z\n"
)


def ringfence(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from ringfence.cli.main import main; main()", "ingest"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_table_for_a_person(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(GOOD + "2024-07-01T10:00:00Z,???,rubbish,,\n")
    done = ringfence(
        file, VECTORS / "asterisk_master.csv", "--out", tmp_path / "out", "--timezone", "Europe/London"
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert str(file) in done.stdout
    assert "asterisk" in done.stdout
    assert "rejected: bad_called_number 2" in done.stdout
    assert "4 of 6 rows written to" in done.stdout
    assert len(pq.read_table(tmp_path / "out" / "calls")) == 4
    assert len(pq.read_table(tmp_path / "out" / "rejected.parquet")) == 2


def test_json(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(GOOD)
    done = ringfence(file, "--out", tmp_path / "out", "--json", "--region", "GB")
    assert done.stdout.count("\n") == 1
    report = json.loads(done.stdout)
    assert (report["read"], report["accepted"], report["rejected"]) == (1, 1, {})
    assert report["files"][0]["format"] == "csv"


def test_guess_and_use_the_mapping(tmp_path: Path) -> None:
    file = tmp_path / "their.csv"
    file.write_text("Begin;From;To;Talk\n01.07.2024 10:00:00;02079460101;07700900123;77\n")
    mapping = tmp_path / "mapping.toml"
    assert "start_time" in ringfence("--guess", file).stdout
    done = ringfence("--guess", file, "-o", mapping)
    assert done.returncode == 0
    assert "Check it" in done.stderr
    again = ringfence("--guess", file, "-o", mapping)
    assert again.returncode == 1
    assert "already there" in again.stderr
    done = ringfence(file, "--mapping", mapping, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(pq.read_table(tmp_path / "out" / "calls")) == 1


def test_faults_are_one_line_and_exit_2(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "colours.csv").write_text("colour,taste\nred,sweet\n")
    out = ["--out", tmp_path / "out"]
    for arguments, words in (
        ([tmp_path / "absent.csv", *out], "no such file"),
        ([tmp_path / "empty.csv", *out], "empty"),
        ([tmp_path / "empty.csv"], "--out DIR"),
        ([VECTORS / "cucm.csv", *out, "--timezone", "Mars"], "Mars"),
        ([VECTORS / "cucm.csv", *out, "--mapping", tmp_path / "absent.toml"], "absent.toml"),
        ([VECTORS / "cucm.csv", *out, "--format", "x"], "no format 'x'"),
        ([VECTORS / "cucm.csv", *out, "--region", "XX"], "XX"),
        (["--guess", tmp_path / "colours.csv"], "no call records"),
        (["--guess", VECTORS / "cucm.csv", VECTORS / "cucm.csv"], "--guess takes one file"),
    ):
        done = ringfence(*arguments)
        assert done.returncode == 2, arguments
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""


def test_bad_files_beside_good_ones_are_named_and_the_exit_is_0(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 cut")
    done = ringfence(tmp_path / "good.csv", tmp_path / "bad.parquet", "--out", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "bad.parquet: no Parquet, or cut short" in done.stderr
    assert "files unreadable: 1 of 2" in done.stdout
    assert "1 of 1 rows written" in done.stdout


def test_what_looks_misread_is_a_line_each_also_with_json(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "start_time,end_time,caller,called,status\n2024-07-01T10:00:00Z,2024-07-01T10:01:00Z,Jo,159,200\n"
    )
    for options in ([], ["--json"]):
        done = ringfence(tmp_path / "a.csv", "--out", tmp_path / "out", *options)
        assert done.returncode == 0
        callers, talk = done.stderr.splitlines()
        assert "1 of 1 callers could not be read as numbers" in callers
        assert "ringing included" in talk
    report = json.loads(done.stdout)
    assert [f"ringfence: {line}" for line in report["warnings"] + report["limits"]] == [callers, talk]
