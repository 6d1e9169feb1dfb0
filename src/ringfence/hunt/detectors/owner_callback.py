"""The called person rings the owner, or a code for reporting fraud, soon after the conversation.

Signal: 1 when the person then rings a help code or the very owner that the call presented by another number;
    0.6 for another protected owner; 0.3 when they ring back the presented number itself.
Innocent look-alike: genuine fraud teams, whose customers ring back too: joined with many owners or a switch.
Reference: 159 (UK), the banks' advice to hang up and ring back.
Cost: a join of the suspects with the calls to owners and help codes.
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
    name="owner_callback",
    number=9,
    level="call",
    needs=("caller", "end_time"),
    words="the called person then rang the bank or reported fraud",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_talk: float = 20.0  # s
    hours: int = 4


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    heard = context.suspects.filter(_.answered & (_.talk >= thresholds.least_talk))
    heard = heard.select("call_id", "caller", "called", "end")
    rings = context.rings.select("person", "rang", at="t")
    soon = heard.join(rings, heard.called == rings.person)
    soon = soon.filter((soon.at > soon.end) & (soon.at <= soon.end + thresholds.hours * HOUR))
    strength = ibis.cases(
        ((soon.rang == soon.caller).fill_null(False), 0.3),
        (soon.rang < 0, 1.0),
        else_=0.6,
    )
    return soon.select("call_id", strength=strength).group_by("call_id").aggregate(strength=_.strength.max())


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
_CALLS = tuple(call(30 * i, office(i % 3), person(i), 300, trunk="T1") for i in range(4))
EXAMPLES = (
    Example(
        name="they hang up and ring 159",
        fires=True,
        register=_BANKS,
        calls=(*_CALLS, *(call(30 * i + 10, person(i), "159", 200, trunk="M") for i in range(4))),
    ),
    Example(
        name="they ring a friend",
        fires=False,
        register=_BANKS,
        calls=(*_CALLS, *(call(30 * i + 10, person(i), person(50), 200, trunk="M") for i in range(4))),
    ),
)
