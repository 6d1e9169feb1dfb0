"""A call from abroad shows a number of this country.

Signal: 1 for a fixed or non-geographic number, or a mobile number whose home network denies that it roams;
    0.4 for a mobile number of which nobody said whether it roams; nothing for one that does, or for a
    diverted call.
Innocent look-alike: roamers, companies whose cloud nodes stand abroad, forwarded calls.
Reference: Ofcom, guidance on calls from abroad with UK numbers (General Condition C6).
Cost: a filter of the suspects.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="foreign_ingress",
    number=6,
    level="call",
    needs=("caller", "ingress"),
    words="comes from abroad with a national number",
)


class Thresholds(msgspec.Struct, frozen=True):
    unknown_roaming: float = 0.4


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects
    rows = rows.filter(
        rows.international & rows.national & rows.diverted.isnull() & ~rows.roaming.fill_null(False)
    )
    unknown = rows.mobile & rows.roaming.isnull()
    return rows.select("call_id", strength=ibis.ifelse(unknown, thresholds.unknown_roaming, 1.0))


EXAMPLES = (
    Example(
        name="national office numbers from abroad",
        fires=True,
        calls=tuple(
            call(9 * i, office(i), person(i), 60, trunk="T1", ingress="international") for i in range(5)
        ),
    ),
    Example(
        name="roamers",
        fires=False,
        calls=tuple(
            call(9 * i, person(50 + i), person(i), 60, trunk="T1", ingress="international", roaming=True)
            for i in range(5)
        ),
    ),
    Example(
        name="a forwarded call",
        fires=False,
        calls=tuple(
            call(
                9 * i, office(i), person(i), 60, trunk="T1", ingress="international", diverted_from=person(90)
            )
            for i in range(5)
        ),
    ),
)
