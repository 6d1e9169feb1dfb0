"""One number begins more calls at once than its line can.

Signal: 0.5 above the line's capacity, 0.8 above three times that.
Innocent look-alike: switchboards: fixed lines are given many calls; forks of one call count once.
Reference: docs/explanation/hunt.md, signal 12.
Cost: one counter.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import NONE, Example, one

NAMES = ("over_capacity",)


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    begun, capacity = context.counts.get("calls_per_line", 0), context.capacity
    if not capacity or begun <= capacity:
        return NONE
    strength = 0.8 if begun > 3 * capacity else 0.5
    return one(
        NAMES[0], strength, f"its number began {begun} calls in half a minute; its line can have {capacity}"
    )


EXAMPLES = (
    Example("a mobile in ten calls", NAMES, context=Context(capacity=3, counts={"calls_per_line": 10})),
    Example("a mobile redialling", (), context=Context(capacity=3, counts={"calls_per_line": 2})),
    Example("a line of which nothing is known", (), context=Context(counts={"calls_per_line": 99})),
)
