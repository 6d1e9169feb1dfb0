from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from tests.ingest.conftest import VECTORS

import ringfence.ingest
from ringfence.errors import UsageError
from ringfence.ingest.formats import MODULES, formats, named, recognise
from ringfence.ingest.source import head


def test_every_format_is_listed() -> None:
    names = (module.name for module in pkgutil.iter_modules(ringfence.ingest.__path__))
    with_format = {n for n in names if hasattr(importlib.import_module(f"ringfence.ingest.{n}"), "FORMAT")}
    assert with_format == set(MODULES)
    assert len(formats()) == len(MODULES)


@pytest.mark.parametrize("file", sorted(VECTORS.iterdir()), ids=lambda p: p.name)
def test_one_format_alone_claims_a_file(file: Path) -> None:
    beginning = head(file)
    assert len([f for f in formats().values() if f.recognises(beginning, file)]) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 1000, b"words\n", b"a,b\n1,2\n", b"\xff" * 1000, b"{}", b"<xml/>"]
)
def test_nobody_claims_what_is_none_of_them(content: bytes, tmp_path: Path) -> None:
    assert recognise(content, tmp_path / "x") is None


def test_names() -> None:
    assert named("asterisk").name == "asterisk"
    with pytest.raises(UsageError, match="known are 3gpp, acc, asterisk"):
        named("nonesuch")
