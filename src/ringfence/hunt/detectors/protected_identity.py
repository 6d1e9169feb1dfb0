"""Presents a number that the register says never calls: inbound-only, do-not-originate or unallocated.

Signal: 1 when the number is not at home on this entry, or has no home; 0.6 for an owner's calling number that
    arrives from an entry it does not use; 0.3 when the number has called steadily from this entry all along.
Innocent look-alike: a stale entry. A genuine fraud team or its outsourcer calls from the number every day,
    from one place: that is why a settled home counts little.
Reference: Ofcom, Do Not Originate list; General Condition C6.
Cost: a join of the suspects' callers, done once in the context.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="protected_identity",
    number=1,
    level="call",
    needs=("caller", "register"),
    words="presents a number that its owner never calls from",
)


class Thresholds(msgspec.Struct, frozen=True):
    """settled_calls: calls of the number from its main entry that make a home of it."""

    settled_calls: int = 20


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    named = context.suspects.filter(_.owner.notnull() & (_.use != "quiet"))
    settled = named.at_home & (named.home_top >= thresholds.settled_calls)
    strength = ibis.cases(
        ((named.use == "outbound") & named.away, 0.6),
        (named.use == "outbound", 0.0),
        (settled, 0.3),
        else_=1.0,
    )
    return named.select("call_id", strength=strength).filter(_.strength > 0)


_BANK = (office(0), "Example Bank", "inbound_only")
EXAMPLES = (
    Example(
        name="an inbound-only number on a strange trunk",
        fires=True,
        register=(_BANK,),
        calls=tuple(call(9 * i, office(0), person(i), 60, trunk="T1") for i in range(4)),
    ),
    Example(
        name="a number in an unallocated block",
        fires=True,
        register=((office(0), "nobody", "unallocated"),),
        calls=tuple(call(9 * i, office(0), person(i), 60, trunk="T1") for i in range(4)),
    ),
    Example(
        name="an owner's calling number at its home",
        fires=False,
        register=((office(0), "Example Bank", "outbound"),),
        calls=tuple(call(9 * i, office(0), person(i), 60, trunk="T1") for i in range(4)),
    ),
    Example(
        name="a number of which the register knows nothing",
        fires=False,
        register=(_BANK,),
        calls=tuple(call(9 * i, office(1 + i), person(i), 60, trunk="T1") for i in range(4)),
    ),
)
