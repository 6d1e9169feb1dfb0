"""The rules of the house: layers, tests beside sources, documents that keep up, nothing too big."""

from __future__ import annotations

import doctest
import io
import re
import subprocess
import sys
import textwrap
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

import ringfence
from ringfence.cli.main import build_app
from ringfence.config import Settings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ringfence"

#: Modules above LONGEST lines, and why they are not two.
LONG: dict[str, str] = {}
LONGEST = 400
LARGEST = 2 << 20  # bytes


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_each_source_file_has_its_test_file() -> None:
    missing = []
    for source in sorted(PACKAGE.rglob("*.py")):
        part = source.relative_to(PACKAGE)
        # tested by their EXAMPLES, in tests/hunt/test_detectors.py and tests/screen/test_signal.py
        if part.name == "__init__.py" or part.parent in (Path("hunt/detectors"), Path("screen/signals")):
            continue
        if not (test := ROOT / "tests" / part.parent / f"test_{part.name}").is_file():
            missing.append(f"{part} has no {test.relative_to(ROOT)}")
    assert not missing, "\n".join(missing)


def test_imports_go_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_big() -> None:
    big = [
        f"{p.relative_to(ROOT)}: {p.stat().st_size:,} bytes" for p in _tracked() if p.stat().st_size > LARGEST
    ]
    assert not big, "\n".join(big)


def test_long_modules_are_two_or_say_why() -> None:
    long = {
        str(path.relative_to(ROOT))
        for folder in ("src", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert long == set(LONG), f"above {LONGEST} lines or wrongly listed: {sorted(long ^ set(LONG))}"


def test_nothing_depends_on_one_machine() -> None:
    # put together here so that this file does not name them itself
    paths = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + r"home/[a-z]+/", "/" + "Users/")))
    found = []
    for path in _tracked():
        if path.suffix in {".py", ".md", ".toml", ".html", ".css", ".sh", ".cfg", ".csv", ".json", ""}:
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
            if match := paths.search(text):
                found.append(f"{path.relative_to(ROOT)}: {match.group()}")
    assert not found, "\n".join(found)


def test_detectors_know_no_engine() -> None:
    # names in code; a comment may explain why something is written as it is
    engines = re.compile("duckdb|spark", re.I)
    found = [
        f"{path.relative_to(ROOT)}: {token.string}"
        for path in (PACKAGE / "hunt").rglob("*.py")
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        if token.type == tokenize.NAME and engines.search(token.string)
    ]
    assert not found, "\n".join(found)


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in drawers]


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    # typer brings its own copy of click, so its classes cannot be named here
    parts = getattr(command, "commands", None)
    if parts is None:
        yield name, command
        return
    for part, below in parts.items():
        yield from _commands(below, f"{name} {part}")


def _reference() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in (ROOT / "docs" / "reference").rglob("*.md")}


COMMANDS = dict(_commands(typer.main.get_command(build_app()), "ringfence"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_covers_each_command_and_option(name: str) -> None:
    pages = [text for text in _reference().values() if re.search(rf"^#+ .*{re.escape(name)}\b", text, re.M)]
    assert pages, f"no heading in docs/reference names '{name}'"
    text = "\n".join(pages)
    options = {
        option
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option" and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and option != "--help"
    }
    missing = sorted(option for option in options if not re.search(rf"{re.escape(option)}(?![\w-])", text))
    assert not missing, f"docs/reference does not mention {', '.join(missing)} of {name}"


def _settings(kind: type[msgspec.Struct], above: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _settings(field.type, f"{above}{field.name}.")
        else:
            yield f"{above}{field.name}"


def test_the_reference_covers_each_setting_and_no_other() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.M))
    assert documented == set(_settings(Settings))


def test_links_between_documents_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not dead, "\n".join(dead)


def test_the_readme_opens_with_the_two_commands() -> None:
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    first = [line.split("#")[0].strip() for line in blocks[0].strip().splitlines()]
    assert first == ["make demo", "make test"]


def test_the_main_path_of_the_package_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The docstring of the package is a doctest, or an indented block after a line that ends in `::`."""
    monkeypatch.chdir(tmp_path)
    text = ringfence.__doc__ or ""
    example = doctest.DocTestParser().get_doctest(text, {}, "ringfence", None, 0)
    if example.examples:
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
        assert result.failed == 0
        return
    _, found, block = text.partition("::\n")
    if found:
        code = textwrap.dedent(
            "\n".join(ln for ln in block.splitlines() if not ln.strip() or ln.startswith(" "))
        )
        exec(compile(code, "ringfence.__doc__", "exec"), {"__name__": "main_path"})
