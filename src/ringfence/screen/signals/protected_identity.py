"""Presents a number that the register says never calls: inbound-only, do-not-originate or unallocated.

Signal: 1 where one owner has it so; 0.6 for a call that was diverted, as a trusted network or a div
    token says: it shows the number of whoever called first; 0.5 where owners contest the number; 0 for
    the owner's calling numbers.
Innocent look-alike: a stale entry: entries hold between their dates only; a forwarded call.
Reference: Ofcom, Do Not Originate list; General Condition C6.6. FCC 47 CFR 64.1200(o).
Cost: nothing; the entry was looked up with the number.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.register import RegisterEntry, Use
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context, diverted
from ringfence.screen.signal import NONE, Example, one

NAMES = ("protected_identity",)
CONTESTED, DIVERTED = 0.5, 0.6
_WORDS = {
    Use.INBOUND_ONLY: "a number of {owner} that never calls",
    Use.UNALLOCATED: "a number that the register lists as nobody's ({owner})",
}


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    entries = context.entries
    if not entries or entries[0].use is Use.OUTBOUND:
        return NONE
    strength = 1.0
    if any(e.use is Use.OUTBOUND or e.owner != entries[0].owner for e in entries):
        strength = CONTESTED
    elif diverted(attempt, verification):
        strength = DIVERTED
    reason = f"shows {_WORDS[entries[0].use].format(owner=entries[0].owner)}"
    return one(NAMES[0], strength, reason)


def _entry(owner: str, use: Use) -> RegisterEntry:
    return RegisterEntry("+442079460001", owner, use, "bank", "owner")


_BANK = _entry("Example Bank", Use.INBOUND_ONLY)
EXAMPLES = (
    Example("an inbound-only number", NAMES, Attempt(caller="+442079460001"), Context(entries=(_BANK,))),
    Example("an unallocated one", NAMES, context=Context(entries=(_entry("nobody", Use.UNALLOCATED),))),
    Example("an owner's calling number", (), context=Context(entries=(_entry("B", Use.OUTBOUND),))),
    Example("a number of which the register knows nothing", ()),
)
