from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ringfence.cli.main import build_app
from ringfence.errors import ConfigError, InputError, UsageError
from ringfence.hunt.known import read_profiles, write_profiles
from ringfence.model.profile import PlatformProfile

PARTS = [f"part{i}:value" for i in range(20)]
ONE = PlatformProfile(
    id="P-00000001",
    shapes={"aaaa": PARTS},
    owners=["Example Bank"],
    identities=["+442079460001"],
    first_seen="2026-01-05",
    last_seen="2026-01-09",
    calls=120,
)
TWO = PlatformProfile(id="P-00000002", shapes={"bbbb": ["other:shape"]}, owners=["Example Police"], calls=7)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a hunt that found two platforms."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_profiles(folder / "profiles.jsonl", [ONE, TWO])
    return folder


def _known(*arguments: object) -> str:
    done = CliRunner().invoke(build_app(), ["known", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_several_platforms_have_names_of_their_own(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"

    def names(*arguments: str) -> dict[object, object]:
        _known("save", run, "--file", file, "--name", "call centre", *arguments)
        return {row["id"]: row["name"] for row in _lines(_known("list", "--file", file, "--json"))}

    # the largest first, or as they are named
    assert names() == {ONE.id: "call centre-1", TWO.id: "call centre-2"}
    both = ("--platform", TWO.id, "--platform", ONE.id)
    assert names(*both) == {ONE.id: "call centre-2", TWO.id: "call centre-1"}
    assert names("--platform", TWO.id)[TWO.id] == "call centre"


def test_save_list_and_match(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    assert "saved 2 of 2 platforms" in _known("save", run, "--file", file)
    listed = _lines(_known("list", "--file", file, "--json"))
    assert [row["id"] for row in listed] == [ONE.id, TWO.id]
    assert all(row["saved"] for row in listed)
    table = _known("list", "--file", file)
    assert ONE.id in table and "Example Bank" in table
    back = tmp_path / "back"
    back.mkdir()
    changed = PlatformProfile(id="P-0000000f", shapes={"cccc": [*PARTS[1:], "x:y"]}, owners=ONE.owners)
    write_profiles(back / "profiles.jsonl", [changed])
    (row,) = _lines(_known("match", back, "--file", file, "--json"))
    assert (row["platform"], row["known_as"], row["nearest"]) == ("P-0000000f", ONE.id, ONE.id)
    assert ONE.id in _known("match", back, "--file", file)


def test_one_platform_under_a_name(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    options = ("--file", file, "--platform", TWO.id, "--name", "the web phone", "--json")
    (saved,) = _lines(_known("save", run, *options))
    assert (saved["saved"], saved["name"]) == (TWO.id, "the web phone")
    # saved again, the profile is replaced and the others stay
    _known("save", run, "--file", file)
    assert [(p.id, p.name) for p in read_profiles(file)] == [(ONE.id, ""), (TWO.id, "")]


def test_nothing_like_it_is_known(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    write_profiles(file, [])
    rows = _lines(_known("match", run, "--file", file, "--json"))
    assert [(row["known_as"], row["nearest"], row["similarity"]) for row in rows] == [(None, None, 0.0)] * 2


def test_the_operators_faults(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"no platform P-9.*{ONE.id}"):
        _known("save", run, "--file", tmp_path / "k.jsonl", "--platform", "P-9")
    with pytest.raises(InputError, match="cannot read"):
        _known("list", "--file", tmp_path / "absent.jsonl")
    with pytest.raises(InputError, match=r"profiles\.jsonl"):
        _known("match", tmp_path, "--file", run / "profiles.jsonl")
    (tmp_path / "bad.jsonl").write_text("no profile\n")
    with pytest.raises(ConfigError, match="line 1"):
        _known("list", "--file", tmp_path / "bad.jsonl")
