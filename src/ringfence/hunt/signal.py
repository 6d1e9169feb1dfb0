"""What a detector is: one signal, its evidence, its weights and its examples.

A detector module in `ringfence.hunt.detectors` holds:

    SIGNAL              a `Signal`: name, number in the published list, level, needed fields, words, weights
    Thresholds          a frozen struct, its defaults being the ones used
    detect(context, thresholds) -> table
                        level "call": call_id, strength; level "unit": kind, unit, strength.
                        Strength is from 0 to 1; what it means stands in the module's docstring.
    EXAMPLES            `Example`s that must and must not fire

Adding a detector is adding a file: `all_detectors` finds it.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any, Literal

import msgspec

#: A strength falls into one of these levels; level 0 is "no evidence". Upper bounds of levels 1 to 4.
LEVEL_BOUNDS = (0.0, 0.1, 0.3, 0.6, 1.0)


class Signal(msgspec.Struct, frozen=True):
    """name: the stable word of the contract. number: place in the published list. needs: fields of the record
    without which the detector stands aside; `register`, `declared` and `reports` are files.
    words: the reason, in plain words."""

    name: str
    number: int
    level: Literal["call", "unit"]
    needs: tuple[str, ...]
    words: str


class Example(msgspec.Struct, frozen=True):
    """A small world that a detector must (fires) or must not see.

    calls: keyword sets for records, see `call`. register: (number, owner, use). declared and reports: rows of
    these files."""

    name: str
    fires: bool
    calls: tuple[dict[str, Any], ...]
    register: tuple[tuple[str, str, str], ...] = ()
    declared: tuple[dict[str, Any], ...] = ()
    reports: tuple[dict[str, Any], ...] = ()


def person(i: int) -> str:
    """The i-th subscriber of an example: a symbol that the test harness turns into a made-up number."""
    return f"person:{i}"


def office(i: int) -> str:
    """The i-th organisation's number of an example."""
    return f"office:{i}"


def call(minute: float, caller: str | None, called: str, talk: float = 0.0, **fields: Any) -> dict[str, Any]:
    """One record of an example. minute: its start after a Monday 09:00 UTC. talk: seconds, 0: unanswered."""
    return {"minute": minute, "caller": caller, "called": called, "talk": talk, **fields}


def all_detectors() -> list[ModuleType]:
    """Every detector module, in the order of the published list."""
    package = importlib.import_module("ringfence.hunt.detectors")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted(modules, key=lambda m: (m.SIGNAL.number, m.SIGNAL.name))
