from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.simulate.scenario import build
from ringfence.simulate.simulation import run

COMMAND = [sys.executable, "-c", "from ringfence.cli.main import main; main()", "hunt"]


def _hunt(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a small simulated network, `net`."""
    folder = tmp_path_factory.mktemp("network")
    run(build("small", settings=["fraud_rate=0.01"], subscribers=1200, days=4, seed=5), folder / "net")
    return folder


def test_one_object_on_standard_output(network: Path, tmp_path: Path) -> None:
    reports = tmp_path / "complaints.csv"
    reports.write_text("number,called,time\nrubbish,,2025-11-03\n+442079460159,,2025-11-03\n")
    done = _hunt(
        *("net/calls", "--out", tmp_path / "run", "--numbers", "net/numbers.csv", "--json"),
        *("--indicators", tmp_path / "indicators.jsonl", "--reports", reports),
        *("--declared", "net/declared.csv", "--region", "GB", "--engine", "duckdb", "--workdir", tmp_path),
        cwd=network,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["platforms"] and found["flagged_calls"] > 0
    assert found["report"] == str(tmp_path / "run" / "report.html")
    assert Path(found["report"]).stat().st_size > 10_000
    assert (tmp_path / "indicators.jsonl").stat().st_size > 0
    # no bar where nobody watches, but what could not be used is told
    assert done.stderr.splitlines() == [
        "1 of 2 rows of complaints.csv could not be used (number_not_a_number 1).",
        "1 times in complaints.csv name no zone and were read as UTC: they may be some hours off.",
    ]


def test_a_table_for_people(network: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[hunt]\nflag_threshold = 1.0\nmemory = '1GB'\n")
    done = _hunt("net/calls", "--out", tmp_path / "run", "--config", settings, cwd=network)
    assert done.returncode == 0, done.stderr
    assert "No spoofing service found" in done.stdout
    assert str(tmp_path / "run" / "report.html") in done.stderr


def test_records_in_local_time_and_columns_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(
        "When,From,To,Talk\n2026-07-01 12:00:00,020 7946 0159,07700 900001,9\n"
    )
    columns = '[columns]\nstart_time = "When"\ncaller = "From"\ncalled = "To"\n'
    talk = 'end_time = { column = "Talk", after = "start_time" }\n'
    talk += 'answer_time = { column = "Talk", before = "end_time" }\n'
    (tmp_path / "export.toml").write_text(columns + talk)
    given = ("export.csv", "--out", "run", "--mapping", "export.toml", "--json")
    local = _hunt(*given, "--timezone", "Europe/London", cwd=tmp_path)
    assert local.returncode == 0, local.stderr
    assert json.loads(local.stdout)["period"]["first"] == "2026-07-01T11:00:00+00:00"
    (said,) = local.stderr.splitlines()
    assert said == "Times in the call records that name no zone were read as Europe/London."
    utc = _hunt(*given, cwd=tmp_path)
    assert json.loads(utc.stdout)["period"]["first"] == "2026-07-01T12:00:00+00:00"
    assert utc.stderr.startswith("1 times in the call records name no zone and were read as UTC")
    (tmp_path / "export.toml").write_text('[file]\ntimezone = "UTC"\n' + columns)
    both = _hunt(*given, "--timezone", "Europe/London", cwd=tmp_path)
    assert json.loads(both.stdout)["period"]["first"] == "2026-07-01T12:00:00+00:00"
    rest, mapping, talk = both.stderr.splitlines()
    assert rest == "The mapping's zones come first: only times without any are read as Europe/London."
    assert mapping.startswith("export.toml says timezone = UTC: that holds")
    assert talk.startswith("No call has an answer time or an end")


def test_files_that_cannot_be_read_are_named_and_the_others_used(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(
        "start_time,answer_time,end_time,called\n1782907200,1782907209,1782907300,159\n"
    )
    (tmp_path / "notes.txt").write_text("ring back on Monday\n")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    done = _hunt("good.csv", "notes.txt", "cut.parquet", "--out", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    notes, cut = done.stderr.splitlines()
    assert notes.startswith("ringfence: notes.txt: ") and "--guess" in notes
    assert cut.startswith("ringfence: cut.parquet: ") and "copy it again" in cut
    found = json.loads(done.stdout)
    assert [bad["file"] for bad in found["unreadable"]] == ["notes.txt", "cut.parquet"]
    summary = json.loads((tmp_path / "run" / "summary.json").read_bytes())
    assert summary["unreadable"] == found["unreadable"]
    assert any("2 input files (notes.txt, cut.parquet)" in limit for limit in summary["limits"])


def test_a_failed_hunt_leaves_no_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("ring back on Monday\n")
    done = _hunt("notes.txt", "--out", "a/run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]
    (tmp_path / "mine").mkdir()
    assert _hunt("notes.txt", "--out", "mine", cwd=tmp_path).returncode == 2
    assert (tmp_path / "mine").is_dir()  # was there before


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("absent", "--out", "run"), "absent: no such file"),
        (("absent", "net/calls", "gone", "--out", "run"), "absent, gone: no such file; check the names"),
        (("net/calls", "--out", "net"), "net holds other files"),
        (("net/calls", "--out", "run", "--region", "XX"), "region"),
        (("net/calls", "--out", "run", "--engine", "abacus"), "abacus"),
        (("net/calls", "--out", "run", "--numbers", "absent.csv"), "cannot read absent.csv"),
        (("net/calls", "--out", "run", "--reports", "net/scenario.toml"), "number, called and time"),
        (("net/calls", "--out", "run", "--known", "net/numbers.csv"), "not a platform profile"),
        (("net/calls", "--out", "run", "--workdir", "absent"), "--workdir"),
        (("net/calls", "--out", "run", "--indicators", "absent/i.jsonl"), "no folder absent"),
        (("net/calls", "--out", "run", "--config", "absent.toml"), "absent.toml"),
    ],
)
def test_an_operators_fault_is_one_line(network: Path, arguments: tuple[str, ...], wrong: str) -> None:
    done = _hunt(*arguments, cwd=network)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ringfence: ")
    assert wrong in line
