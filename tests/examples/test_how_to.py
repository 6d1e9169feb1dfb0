"""What the how-to pages on caller identity tell to type, typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: At the end of a block of commands of which the last fails.
FAILS = "# exit status 1"


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: their language, and their text."""
    return BLOCK.findall((PAGES / page).read_text("utf-8"))


def typed(commands: str, folder: Path) -> str:
    """What commands print; fails unless they end as they say."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", commands],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == commands.rstrip().endswith(FAILS), f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_from_python(tmp_path: Path) -> None:
    found = blocks("identity-from-python.md")
    assert [language for language, _ in found] == ["sh", "python", "python", "text"]
    typed(found[0][1], tmp_path)
    program = "\n".join(text for language, text in found if language == "python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    header, *rest = done.stdout.splitlines()
    assert header.startswith("Identity: ey") and header.endswith(";alg=ES256;ppt=shaken")
    assert rest == found[3][1].splitlines()


def test_on_the_command_line(tmp_path: Path) -> None:
    said = [typed(text, tmp_path) for language, text in blocks("identity-on-the-command-line.md")]
    verdicts = [line.split()[:2] for text in said for line in text.splitlines() if "→" in line]
    assert verdicts == [
        ["valid", "A"],
        ["invalid", "dest_mismatch"],
        ["invalid", "orig_mismatch"],
        ["valid", "A"],
        ["valid", "A"],
        ["invalid", "retargeted_without_div"],
    ], said
    assert "not_authorised" in said[2], "a number of nobody that the certificate has not"
