"""What a live signal is: one file, a pure look at one call, and calls that must and must not raise it.

A module in `ringfence.screen.signals` holds:

    NAMES       the stable words of the signals that it may give
    look(attempt, verification, context, now) -> tuple of LiveSignal
    EXAMPLES    `Example`s

Strength is from 0 to 1; what it means stands in the module's docstring. Adding a signal is adding a file.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable

import msgspec

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context

Look = Callable[[Attempt, Verification, Context, float], tuple[LiveSignal, ...]]

NONE: tuple[LiveSignal, ...] = ()
NOW = 1_772_366_400.0  # of examples: 2026-03-01 12:00 UTC


class Example(msgspec.Struct, frozen=True):
    """A call and what is known around it; fires: the names of the signals that must come of it."""

    name: str
    fires: tuple[str, ...]
    attempt: Attempt = Attempt()
    context: Context = Context()
    verification: Verification | None = None


@functools.cache
def all_signals() -> tuple[tuple[tuple[str, ...], Look, tuple[Example, ...]], ...]:
    """Each module's names, look and examples, by file name."""
    package = importlib.import_module("ringfence.screen.signals")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return tuple((m.NAMES, m.look, m.EXAMPLES) for m in modules)


@functools.cache
def known_names() -> frozenset[str]:
    """Every name that a signal may have."""
    return frozenset(name for names, _, _ in all_signals() for name in names)


def looks() -> tuple[Look, ...]:
    return tuple(look for _, look, _ in all_signals())


def one(name: str, strength: float, reason: str) -> tuple[LiveSignal, ...]:
    """One signal."""
    return (LiveSignal(name, strength, reason),)
