"""Comes with what the hunt found in a spoofing service: its trunk, account, address, or shape of INVITE.

Signal: the strength that the indicator gives, see `ringfence.screen.indicators`.
Innocent look-alike: whoever shares a trunk or a default stack with it: the hunt names only what is mostly
    the service's own; a number counts only with the source, trunk or shape that it came with.
Reference: docs/reference/indicators.md.
Cost: nothing; they were matched before.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import Example

NAMES = (
    "indicator_trunk", "indicator_account", "indicator_source", "indicator_fingerprint",
    "indicator_near_fingerprint", "indicator_number", "platform_profile",
)  # fmt: skip


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    return context.matches


EXAMPLES = (
    Example(
        "a known shape",
        ("indicator_fingerprint",),
        context=Context(matches=(LiveSignal("indicator_fingerprint", 0.9, "a platform's"),)),
    ),
    Example("a stranger", ()),
)
