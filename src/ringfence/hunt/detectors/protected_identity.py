"""Presents a number that the register says never calls: inbound-only, do-not-originate or unallocated.

Signal: 1 when the number calls steadily from nowhere in these records; 0.6 when it does from elsewhere, or
    for an owner's calling number that arrives from an entry it does not use, for a number that calls from
    one entry alone, and for a forwarded call, which shows the number of whoever called first; 0.1 where it
    calls from steadily. Records of fewer than ten days show no habits: there a good part from one entry is
    enough for 0.6.
Innocent look-alike: a stale entry. A genuine fraud team or its outsourcer calls from the number day after day
    from one place: the records themselves contradict such an entry.
Reference: Ofcom, Do Not Originate list; General Condition C6.
Cost: a join of the suspects' callers, done once in the context.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import FEW_DAYS, Context
from ringfence.hunt.records import DAY
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="protected_identity",
    number=1,
    level="call",
    needs=("caller", "register"),
    words="presents a number that its owner never calls from",
)


class Thresholds(msgspec.Struct, frozen=True):
    """What a call counts where the number calls from steadily, and elsewhere once it does so somewhere; so
    many calls, all from one entry, are somebody's habit too. confined_days: from the first such call to the
    last. short_share: of a number's calls from one entry, that is enough in records of few days."""

    settled: float = 0.1
    contradicted: float = 0.6
    confined: int = 3
    confined_days: int = 3
    short_share: float = 0.4


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    named = context.suspects.filter(_.owner.notnull() & (_.use != "quiet"))
    several = named.home_total >= thresholds.confined
    if context.days >= FEW_DAYS:
        confined = several & (named.home_top == named.home_total)
        confined &= named.lasts >= thresholds.confined_days * DAY
    else:
        confined = several & (named.home_top >= thresholds.short_share * named.home_total)
    strength = ibis.cases(
        ((named.use == "outbound") & (~named.away | named.settled), 0.0),
        (named.settled, thresholds.settled),
        ((named.use == "outbound") | named.contradicted | named.diverted.notnull(), thresholds.contradicted),
        (confined, thresholds.contradicted),
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
