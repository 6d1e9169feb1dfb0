"""Human pacing: one call at a time, with the called numbers in the order of a list.

Signal: the share of the unit's calls whose called number lies close above the one before, when hardly any of
    its calls overlap. Tokens have no order, so calls to them count as out of order.
Innocent look-alike: surveys and small firms that work through a list; couriers on a round.
Reference: police descriptions of callers with purchased lead lists.
Cost: one window over the suspects per unit kind.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.records import TOKEN_BASE
from ringfence.hunt.signal import Example, Signal, call, office, person
from ringfence.hunt.units import each_unit

SIGNAL = Signal(
    name="human_pacing",
    number=14,
    level="unit",
    needs=("end_time",),
    words="works through a list of numbers, one call at a time",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_calls: int = 8
    step: int = 20_000  # numbers: two neighbours on a list of one area
    overlap_share: float = 0.2


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""

    def judge(rows: ir.Table) -> ir.Table:
        order = ibis.window(group_by=["kind", "unit"], order_by=["t", "call_id"])
        steps = rows.mutate(before=_.called.lag().over(order), busy_until=_.end.lag().over(order))
        steps = steps.filter(steps.before.notnull())
        forward = (steps.called > steps.before) & (steps.called - steps.before <= thresholds.step)
        forward &= steps.called < TOKEN_BASE
        steps = steps.mutate(
            forward=forward.cast("int64"), overlaps=(steps.busy_until > steps.t).cast("int64")
        )
        sums = steps.group_by("kind", "unit").aggregate(
            n=_.count(), forward=_.forward.sum(), overlaps=_.overlaps.sum()
        )
        sums = sums.filter(
            (sums.n >= thresholds.least_calls) & (sums.overlaps <= thresholds.overlap_share * sums.n)
        )
        return sums.select("kind", "unit", strength=ibis.greatest(0.0, (sums.forward - 2.0) / sums.n))

    return each_unit(context.suspects, context.whole, judge, context.kinds)


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="down the list",
        fires=True,
        register=_BANKS,
        calls=tuple(call(9 * i, office(i % 3), person(7 * i), 60, trunk="T1") for i in range(12)),
    ),
    Example(
        name="here and there, several at once",
        fires=False,
        register=_BANKS,
        calls=tuple(
            call(0.5 * i, office(i % 3), person((7919 * i) % 90_000), 60, trunk="T1") for i in range(12)
        ),
    ),
)
