from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ringfence import __version__
from ringfence.cli import main as command
from ringfence.errors import InputError


def _main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["ringfence", *arguments])
    with pytest.raises(SystemExit) as caught:
        command.main()
    return caught.value.code


def test_the_version_and_the_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _main(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.strip() == f"ringfence {__version__}"
    assert _main(monkeypatch, "--help") == 0
    assert "score" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such-command",), "no such command 'no-such-command'; see 'ringfence --help'"),
        (
            ("numbers", "chekc"),
            "no such command 'chekc'. Did you mean 'check'?; see 'ringfence numbers --help'",
        ),
        (("--no-such-option",), "no such option: --no-such-option; see 'ringfence --help'"),
        (("score", "--frob"), "no such option: --frob; see 'ringfence score --help'"),
        (("score", "x"), "missing option '--truth'; see 'ringfence score --help'"),
        (("score",), "missing argument 'DIR'; see 'ringfence score --help'"),
        (("known", "list", "--file"), "option '--file' requires an argument; see 'ringfence known --help'"),
        (("serve", "run", "--port", "0"), "invalid value for '--port': "),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert _main(monkeypatch, *arguments) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith(f"ringfence: {said}") and streams.err.count("\n") == 1
    assert _main(monkeypatch, *arguments, "--debug") == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("numbers",)])
def test_without_a_command_the_help_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert _main(monkeypatch, *arguments) == 2
    streams = capsys.readouterr()
    assert "Usage: ringfence" in streams.out
    assert streams.err == ""


def test_what_the_system_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "table").mkdir()
    numbers = tmp_path / "prefixes.csv"
    numbers.write_text("prefix,operator,status\n+44 20 7946,Example Telecom,allocated\n")
    assert _main(monkeypatch, "numbers", "import", str(numbers), "--out", str(tmp_path / "table")) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_is_one_line_and_debug_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, debug: bool
) -> None:
    more = ["--debug"] if debug else []
    assert _main(monkeypatch, "score", str(tmp_path / "none"), "--truth", "t.parquet", *more) == 2
    said = capsys.readouterr().err
    assert said.rstrip().splitlines()[-1].startswith(f"ringfence: {tmp_path / 'none'}: no such folder")
    assert ("Traceback" in said) is debug
    if not debug:
        assert said.count("\n") == 1


def test_work_that_fails_is_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert InputError.exit_status == 2
    monkeypatch.setattr(InputError, "exit_status", 1)
    assert _main(monkeypatch, "score", "none", "--truth", "t.parquet") == 1


def test_help_does_not_load_the_engines() -> None:
    heavy = "import sys; from ringfence.cli.main import build_app; build_app(); "
    heavy += "print([m for m in ('ibis', 'duckdb', 'pyspark', 'pandas', 'litestar') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
