"""Many short calls and a heavy tail over five minutes.

Signal: how far the share of answered calls over five minutes lies above the network's own, while 15 % or more
    of the answered calls end within 30 seconds.
Innocent look-alike: help desks and sales, which is why this weighs little alone.
Reference: published figures: 13.1 % of one service's calls lasted over five minutes.
Cost: one group-by of the suspects per unit kind.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person
from ringfence.hunt.units import each_unit

SIGNAL = Signal(
    name="long_tail",
    number=8,
    level="unit",
    needs=("end_time",),
    words="has many short calls and some very long ones",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_answered: int = 6
    short_seconds: float = 30.0
    long_seconds: float = 300.0
    short_share: float = 0.15
    full_excess: float = 0.2


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""
    usual = context.long_share

    def judge(rows: ir.Table) -> ir.Table:
        sums = (
            rows.filter(_.answered)
            .group_by("kind", "unit")
            .aggregate(
                heard=_.count(),
                short=_.count(where=_.talk < thresholds.short_seconds),
                long=_.count(where=_.talk > thresholds.long_seconds),
            )
        )
        sums = sums.filter(
            (sums.heard >= thresholds.least_answered) & (sums.short >= thresholds.short_share * sums.heard)
        )
        # one call more than seen, so that a small unit does not speak loudly
        excess = (sums.long - 1.0) / (sums.heard + 2.0) - usual
        return sums.select("kind", "unit", strength=ibis.least(1.0, excess / thresholds.full_excess))

    return each_unit(context.suspects, context.whole, judge, context.kinds)


_QUIET = tuple(call(0.3 * i, person(100 + i), person(900 + i), 60, trunk="M") for i in range(200))
_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="half hang up, a third stay for ten minutes",
        fires=True,
        register=_BANKS,
        calls=(
            *_QUIET,
            *(call(9 * i, office(i % 3), person(i), 9 if i % 3 else 620, trunk="T1") for i in range(18)),
        ),
    ),
    Example(
        name="ordinary talk",
        fires=False,
        register=_BANKS,
        calls=(*_QUIET, *(call(9 * i, office(i % 3), person(i), 50 + i, trunk="T1") for i in range(18))),
    ),
)
