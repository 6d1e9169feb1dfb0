"""Complaints, honeypots and police reports name the presented number, or the person, near the call's time.

Signal: 1 when a report names the presented number and the person who was called; 0.5 when it names the number
    within a week of a call that came from a place other than the number's home; 0.2 at its home.
Innocent look-alike: the real owner of a spoofed number gets the complaints; that is why a number at home
    counts little and the source is judged, never the number.
Reference: the US FTC's Do Not Call complaints; docs/reference/records.md, reports (number, called, time).
Cost: a join of the reports with the suspects.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.records import DAY
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="near_report",
    number=15,
    level="call",
    needs=("caller", "reports"),
    words="people complained about this number at the time",
)


class Thresholds(msgspec.Struct, frozen=True):
    days: int = 7


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects.filter(_.caller.notnull()).select(
        "call_id", "t", "caller", "called", "at_home", "home_total"
    )
    reports = context.reports.select("number", of_called="called", at="t")
    near = rows.join(reports, rows.caller == reports.number)
    near = near.filter((near.t - near.at).abs() <= thresholds.days * DAY)
    exact = (near.called == near.of_called).fill_null(False)
    strength = ibis.cases((exact, 1.0), (near.at_home & (near.home_total >= 20), 0.2), else_=0.5)
    return near.select("call_id", strength=strength).group_by("call_id").aggregate(strength=_.strength.max())


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
_CALLS = tuple(call(20 * i, office(i), person(i), 100, trunk="T1") for i in range(3))
EXAMPLES = (
    Example(
        name="two people complained that day",
        fires=True,
        register=_BANKS,
        calls=_CALLS,
        reports=(
            {"number": office(0), "called": person(0), "minute": 90},
            {"number": office(1), "minute": 95},
        ),
    ),
    Example(
        name="a complaint about another number",
        fires=False,
        register=_BANKS,
        calls=_CALLS,
        reports=({"number": office(9), "called": person(0), "minute": 90},),
    ),
)
