"""The number's owner says which calls it makes, and this is none of them.

Signal: 1 when the presented number is in the owner's log on that day and no declared call to this person lies
    within ten minutes; 0.2 when most of the calls of that number from this entry are missing from the log,
    which points at an outsourcer who does not report.
Innocent look-alike: an outsourcer missing from the log; clocks that differ.
Reference: docs/reference/records.md, declared calls (owner, number, called, time).
Cost: a join of the owner's numbers with the suspects.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.records import DAY, HOUR
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="undeclared",
    number=2,
    level="call",
    needs=("caller", "declared"),
    words="its owner says that it made no such call",
)


class Thresholds(msgspec.Struct, frozen=True):
    slack_minutes: int = 10
    outsourcer_calls: int = 20


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    declared = context.declared
    alive = declared.select(number="number", day=(declared.t // DAY).cast("int64")).distinct()
    rows = context.suspects.filter(_.caller.notnull())
    rows = rows.select("call_id", "t", "caller", "called", "entry", day=(rows.t // DAY).cast("int64"))
    enrolled = rows.join(alive, [rows.caller == alive.number, rows.day == alive.day])
    enrolled = enrolled.select("call_id", "t", "caller", "called", "entry")
    told = declared.select(of_number="number", of_called="called", said="t")
    match = enrolled.join(told, [enrolled.caller == told.of_number, enrolled.called == told.of_called])
    slack = thresholds.slack_minutes * HOUR // 60
    known = match.filter((match.t - match.said).abs() <= slack).select("call_id").distinct()
    missing = enrolled.anti_join(known, "call_id")
    habit = enrolled.group_by(of_caller="caller", of_entry="entry").aggregate(all_calls=_.count())
    gaps = missing.group_by(of_caller="caller", of_entry="entry").aggregate(gaps=_.count())
    habit = habit.join(gaps, ["of_caller", "of_entry"]).filter(
        (_.gaps >= thresholds.outsourcer_calls) & (_.gaps >= 0.5 * _.all_calls)
    )
    missing = missing.left_join(habit, [missing.caller == habit.of_caller, missing.entry == habit.of_entry])
    return missing.select("call_id", strength=ibis.ifelse(missing.gaps.notnull(), 0.2, 1.0))


_BANK = (
    (office(0), "Bank 0", "outbound"),
    (office(1), "Bank 1", "inbound_only"),
    (office(2), "Bank 2", "inbound_only"),
)
_HOME = tuple(call(20 * i, office(0), person(20 + i), 60, trunk="H") for i in range(6))
_SAID = tuple({"number": office(0), "called": person(20 + i), "minute": 20 * i + 1} for i in range(6))
_OTHERS = tuple(call(15 * i, office(1 + i % 2), person(60 + i), 60, trunk="T1") for i in range(4))
EXAMPLES = (
    Example(
        name="the bank's log knows nothing of it",
        fires=True,
        register=_BANK,
        declared=_SAID,
        calls=(*_HOME, *_OTHERS, *(call(11 * i, office(0), person(i), 60, trunk="T1") for i in range(3))),
    ),
    Example(name="all declared", fires=False, register=_BANK, declared=_SAID, calls=_HOME),
)
