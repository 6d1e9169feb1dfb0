from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from ringfence.console.terminal import print_findings, result
from ringfence.store.run import Run


def _printed(path: Path, width: int) -> str:
    stream = io.StringIO()
    with Run.open(path) as run:
        print_findings(run, Console(file=stream, width=width, force_terminal=True, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_findings_fit_the_terminal(found_run: Path, width: int) -> None:
    text = _printed(found_run, width)
    assert max(Text.from_ansi(line).cell_len for line in text.splitlines()) <= width
    assert "Three spoofing platforms found" in text
    assert "P-21bc" in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("terminal", [True, False])
def test_names_stay_whole(found_run: Path, width: int, terminal: bool) -> None:
    stream = io.StringIO()
    with Run.open(found_run) as run:
        print_findings(run, Console(file=stream, width=width, force_terminal=terminal, highlight=False))
        sources = run.rows("sources", order="-score", limit=5).rows
        platforms = run.rows("platforms").rows
    lines = [line.plain for line in map(Text.from_ansi, stream.getvalue().splitlines())]
    assert max(map(len, lines)) <= width
    for row in platforms:
        names = [row["platform"], *sorted(row["trunks"])[:4]]
        assert all(any(name in line for line in lines) for name in names if len(name) < 30), names
    heads = next(line for line in lines if line.startswith("Trunk "))
    assert "Flagged" in heads
    for row in sources:
        if len(row["trunk"]) < 40:
            assert any(line.startswith(row["trunk"]) for line in lines), row["trunk"]


def test_a_narrow_table_drops_lesser_columns_and_cuts_none(found_run: Path) -> None:
    heads = {
        width: next(line for line in _plain(found_run, width) if line.startswith("Platform ")).split()
        for width in (50, 80, 140)
    }
    assert heads[50] == ["Platform", "Score", "Calls", "victims", "In", "words"]
    assert heads[80] == [*heads[50], "Active", "Called"]
    assert heads[140] == [*heads[80], "Trunks"]


def test_reasons_are_words_and_what_is_missing_is_named(found_run: Path, tmp_path: Path) -> None:
    text = " ".join(" ".join(_plain(found_run, 100)).split())
    assert "several owners' numbers" in text.lower()
    assert "many_owners" not in text
    assert "Rejected: 3 rows (no called number: 1;" in text
    run = tmp_path / "run"
    shutil.copytree(found_run, run)
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    summary["signals"] = [{"name": "undeclared", "status": "stood_aside", "why": "needs declared"}]
    (run / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert "log of declared calls: ringfence hunt --declared FILE." in " ".join(
        " ".join(_plain(run, 80)).split()
    )


def _plain(path: Path, width: int) -> list[str]:
    return [Text.from_ansi(line).plain for line in _printed(path, width).splitlines()]


def test_hostile_strings_neither_steer_nor_mark_up(found_run: Path) -> None:
    text = _printed(found_run, 160)
    assert "<script>window.stolen=1</script>" in text
    assert "\u202e" not in text
    assert "EXE\ufffd[31m" in text


def test_no_called_number_is_printed(found_run: Path) -> None:
    with Run.open(found_run) as run:
        presented = {row["caller"] for row in run.tally(("caller",))}
        people = {row["called"] for row in run.rows("victims").rows} - presented
    text = _printed(found_run, 200)
    assert not [number for number in people if number in text]


def test_nothing_found(quiet_run: Path) -> None:
    text = _printed(quiet_run, 100)
    assert "No spoofing service found" in text
    assert "Sources to act on" not in text


def test_result_is_one_object(found_run: Path) -> None:
    with Run.open(found_run) as run:
        found = result(run)
    assert [p["platform"] for p in found["platforms"]] == ["P-7f3a", "P-21bc", "P-c904"]
    assert found["victims"]["likely"] > 0
    assert found["stood_aside"] == ["undeclared", "near_report", "never_originates"]
