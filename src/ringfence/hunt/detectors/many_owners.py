"""One unit presents the numbers of several unrelated protected owners.

Signal: grows with the number of owners, by the share of the unit's calls that present them, so that a large
    mixed trunk with a few such calls scores near 0 and a web phone that is now this bank, now that one near
    1.
Innocent look-alike: an outsourced call centre or a CPaaS that calls for several clients. Their numbers call
    from there day after day; only numbers that do not call steadily from the entry count.
Reference: Fellegi and Sunter 1969 for the weighing; police descriptions of the services.
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
    name="many_owners",
    number=3,
    level="unit",
    needs=("caller",),
    words="presents numbers of several unrelated owners",
)


class Thresholds(msgspec.Struct, frozen=True):
    """busy_calls: calls per owner from which the unit looks like a call centre's."""

    full_owners: int = 4
    full_share: float = 0.2
    busy_calls: float = 150.0


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""
    counts = ~_.settled & ((_.use != "outbound") | _.away)

    def judge(rows: ir.Table) -> ir.Table:
        owned = _.owner.notnull() & counts
        sums = rows.group_by("kind", "unit").aggregate(
            n=_.count(), owners=_.owner.nunique(where=owned), named=owned.cast("int64").sum()
        )
        sums = sums.filter(sums.owners >= 2)
        several = ibis.least(1.0, (sums.owners - 1) / (thresholds.full_owners - 1.0))
        share = ibis.least(1.0, sums.named / sums.n / thresholds.full_share)
        busy = ibis.least(1.0, thresholds.busy_calls / (sums.named / sums.owners))
        return sums.select("kind", "unit", strength=several * share * busy)

    return each_unit(context.suspects, context.whole, judge, context.kinds)


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(4))
EXAMPLES = (
    Example(
        name="four banks from one account",
        fires=True,
        register=_BANKS,
        calls=tuple(call(7 * i, office(i % 4), person(i), 90, trunk="T1", account="A") for i in range(12)),
    ),
    Example(
        name="one bank's own fraud team",
        fires=False,
        register=_BANKS,
        calls=tuple(call(7 * i, office(0), person(i), 90, trunk="T1", account="A") for i in range(12)),
    ),
)
