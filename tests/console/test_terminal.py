from __future__ import annotations

import io
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
    assert "Three spoofing services found" in text
    assert "P-21bc" in text


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
