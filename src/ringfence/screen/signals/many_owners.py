"""One customer presents the numbers of several protected owners; one person is called under several.

Signal: many_owners, 0.6 from three owners in two days, 0.9 from five; owner_switch, 0.7 where the same
    customer called the same person under two or more owners.
Innocent look-alike: outsourced call centres, which show their clients' calling numbers: only numbers that
    never call are counted, and no calls proved with attestation A; a person who banks with two banks is
    called by two customers, not by one.
Reference: docs/explanation/hunt.md, signals 3 and 5.
Cost: two counters, only for calls that present a protected number.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import Example

NAMES = ("many_owners", "owner_switch")
SOME, MANY = 3, 5


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    found: list[LiveSignal] = []
    owners = context.counts.get("owners_per_unit", 0)
    if owners >= SOME:
        reason = f"the same customer showed numbers of {owners} protected owners in two days"
        found.append(LiveSignal("many_owners", 0.9 if owners >= MANY else 0.6, reason))
    switched = context.counts.get("owners_per_person", 0)
    if switched >= 2:
        reason = f"the same person was called under {switched} owners by the same customer"
        found.append(LiveSignal("owner_switch", 0.7, reason))
    return tuple(found)


EXAMPLES = (
    Example("three banks", ("many_owners",), context=Context(counts={"owners_per_unit": 3})),
    Example("one person, two banks", ("owner_switch",), context=Context(counts={"owners_per_person": 2})),
    Example("one bank", (), context=Context(counts={"owners_per_unit": 1, "owners_per_person": 1})),
)
