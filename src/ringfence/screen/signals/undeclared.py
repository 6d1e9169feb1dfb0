"""Presents a number whose owner tells which calls it makes, and this one is not among them.

Signal: 1.
Innocent look-alike: an outsourcer missing from the log; a log that is late or away, which says nothing.
Reference: docs/explanation/hunt.md, signal 2.
Cost: nothing; the log was asked before.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import NONE, Example, one

NAMES = ("undeclared",)


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    if context.declared is not False:
        return NONE
    return one(NAMES[0], 1.0, f"{context.owner or 'the owner of its number'} made no such call")


EXAMPLES = (
    Example("not in the log", NAMES, context=Context(declared=False)),
    Example("in the log", (), context=Context(declared=True)),
    Example("no log", ()),
)
