"""What a guessed mapping says of the columns that it leaves out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ringfence.ingest.column_profile import Profile, profile_of
from ringfence.ingest.mapping_draft import Line, comment, draft, toml


def written(folder: Path, *unused: Profile) -> str:
    (folder / "x.csv").write_text("When,Trunk\n2024-07-01T10:00:00Z,a\n")
    used = [profile_of("When", ["2024-07-01T10:00:00Z"]), profile_of("Trunk", ["a"])]
    lines = [
        Line("start_time", "When", {}, "sure", "by its name"),
        Line("trunk", "Trunk", {}, "likely", "by its name"),
    ]
    return draft(folder / "x.csv", [], lines, [*used, *unused])


@pytest.mark.parametrize(
    ("name", "target", "how"),
    [
        ("TRUNKGRP", "trunk", "in place of the line above"),
        ("TrunkId", "trunk", "in place of the line above"),
        ("Route", "trunk", "in place of the line above"),
        ("Route Out", "egress_trunk", "without the first #"),
        ("Term Gateway", "egress_trunk", "without the first #"),
        ("AccountRef", "account", "without the first #"),
        ("Ingress", "trunk", "in place of the line above"),
        ("carrier_name", "carrier", "without the first #"),
        ("egress carrier", "next_carrier", "without the first #"),
    ],
)
def test_unused_columns_with_telling_names_are_hinted(
    tmp_path: Path, name: str, target: str, how: str
) -> None:
    text = written(tmp_path, profile_of(name, ["x"]), profile_of("colour", ["red"]))
    (hint,) = [line for line in text.splitlines() if "speaks of" in line]
    assert hint.startswith(f'# {target} = "{name}"  # not used')
    assert hint.endswith(how)
    changed = "\n".join(line for line in text.splitlines() if target in hint and not line.startswith(target))
    columns = tomllib.loads(changed.replace(hint, hint.removeprefix("# ")))["columns"]
    assert columns[target] == name


def test_a_blank_one_says_so(tmp_path: Path) -> None:
    assert "speaks of trunk, but it is blank in the sample" in written(tmp_path, profile_of("trunk b", [""]))


def test_values_as_toml() -> None:
    assert tomllib.loads(f"x = {toml(chr(127) + chr(34))}")["x"] == chr(127) + chr(34)
    assert comment("a\nb") == "a b"
