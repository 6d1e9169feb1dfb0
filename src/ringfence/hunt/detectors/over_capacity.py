"""One number in two calls at once on unrelated trunks.

Signal: 1 for a call whose number is at the same time in a call on another trunk that is not its home, 0.6 for
    a call within five minutes of one on another trunk; both times 0.3 at the number's home,
    or on another entry that it calls from as a matter of course.
Innocent look-alike: switchboards with several trunks, whose numbers are at home on them in volume.
Reference: the physical line: a subscriber makes one call at a time.
Cost: one self-join of the suspects on the presented number.
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
    name="over_capacity",
    number=12,
    level="call",
    needs=("caller", "trunk"),
    words="presents a number that is in a call on another trunk at the same time",
)


class Thresholds(msgspec.Struct, frozen=True):
    minutes: int = 5
    busy_line: float = 40.0  # calls a day: a switchboard
    home_calls: int = 20  # from one entry: that is no stranger's


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects.filter(_.caller.notnull() & (_.home_total <= thresholds.busy_line * context.days))
    settled = rows.at_home | (rows.here >= thresholds.home_calls)
    one = rows.select("call_id", "t", "end", "caller", "trunk_code", settled=settled)
    two = rows.select(of_call="call_id", from_t="t", to_t="end", of_caller="caller", of_trunk="trunk_code")
    pairs = one.join(two, [one.caller == two.of_caller])
    slack = thresholds.minutes * HOUR // 60
    pairs = pairs.filter(
        (pairs.trunk_code != pairs.of_trunk)
        & (pairs.t <= pairs.to_t + slack)
        & (pairs.from_t <= pairs.end + slack)
    )
    overlap = (pairs.t <= pairs.to_t) & (pairs.from_t <= pairs.end)
    strength = ibis.ifelse(overlap, 1.0, 0.6) * ibis.ifelse(pairs.settled, 0.3, 1.0)
    return pairs.select("call_id", strength=strength).group_by("call_id").aggregate(strength=_.strength.max())


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="one number talks on three trunks at once",
        fires=True,
        register=_BANKS,
        calls=tuple(call(0.5 * i, office(0), person(i), 300, trunk=f"T{i}") for i in range(3)),
    ),
    Example(
        name="one call after the other",
        fires=False,
        register=_BANKS,
        calls=tuple(call(10 * i, office(0), person(i), 300, trunk="T1") for i in range(4)),
    ),
)
