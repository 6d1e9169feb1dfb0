"""Redials, chained calls, and a later withheld call to the same person from the same source.

Signal: 1 for a call with a withheld number to a person whom this entry has just reached under a number; 0.5
    for a call within ten minutes after one that was answered.
Innocent look-alike: dropped calls, couriers at the door: two calls, then silence.
Reference: victims' accounts collected by police: kept on the line, called back at once when it drops.
Cost: one self-join of the suspects on called number and entry, where the number is no switchboard.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.records import HOUR
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="redial_chain",
    number=11,
    level="call",
    needs=("end_time",),
    words="calls the same person again at once, or with the number withheld",
)


class Thresholds(msgspec.Struct, frozen=True):
    redial_minutes: int = 10
    withheld_hours: int = 24
    least_talk: float = 20.0  # s: the call before was a conversation


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects.filter((_.entry >= 0) & ~_.switchboard)
    later = rows.select("call_id", "t", "caller", "called", "entry")
    before = rows.filter(_.answered & (_.talk >= thresholds.least_talk) & _.caller.notnull())
    before = before.select(of_called="called", of_entry="entry", ended="end")
    pairs = later.join(before, [later.called == before.of_called, later.entry == before.of_entry])
    gap = pairs.t - pairs.ended
    strength = ibis.cases(
        (pairs.caller.isnull() & (gap <= thresholds.withheld_hours * HOUR), 1.0),
        (gap <= thresholds.redial_minutes * HOUR // 60, 0.5),
        else_=0.0,
    )
    pairs = pairs.filter(gap >= 0).select("call_id", strength=strength).filter(_.strength > 0)
    return pairs.group_by("call_id").aggregate(strength=_.strength.max())


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="a withheld call an hour after the bank's",
        fires=True,
        register=_BANKS,
        calls=(
            call(0, office(0), person(0), 200, trunk="T1"),
            call(60, None, person(0), 500, trunk="T1"),
            call(90, office(1), person(1), 100, trunk="T1"),
        ),
    ),
    Example(
        name="one call to each person",
        fires=False,
        register=_BANKS,
        calls=tuple(call(20 * i, office(i % 3), person(i), 100, trunk="T1") for i in range(5)),
    ),
)
