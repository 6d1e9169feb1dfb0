"""Many presentation numbers over one entry, address or network number, most of them at home elsewhere.

Signal: grows with the number of borrowed identities (their usual home is another entry) and with their share
    of the identities that the unit shows.
Innocent look-alike: CPaaS and number masking show thousands of numbers, nearly all of which are at home
    there.
Reference: RFC 3325 (network number beside presentation number); detection of identity churn in CPaaS abuse.
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
    name="identity_churn",
    number=7,
    level="unit",
    needs=("caller",),
    words="shows many numbers that usually come from elsewhere",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_borrowed: int = 3
    full_borrowed: int = 8


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""

    def judge(rows: ir.Table) -> ir.Table:
        sums = (
            rows.filter(_.caller.notnull())
            .group_by("kind", "unit")
            .aggregate(
                n=_.count(),
                ids=_.caller.nunique(),
                borrowed=_.caller.nunique(where=_.away & _.diverted.isnull() & ~_.roaming.fill_null(False)),
            )
        )
        sums = sums.filter(sums.borrowed >= thresholds.least_borrowed)
        many = ibis.least(1.0, sums.borrowed / float(thresholds.full_borrowed))
        return sums.select("kind", "unit", strength=many * sums.borrowed / sums.ids)

    return each_unit(context.suspects, context.whole, judge, context.kinds)


_HOMES = tuple(
    call(3 * i + j, office(i), person(50 + i), 60, trunk=f"H{i}") for i in range(10) for j in range(4)
)
EXAMPLES = (
    Example(
        name="ten companies' numbers on one account, each at home elsewhere",
        fires=True,
        calls=(*_HOMES, *(call(9 * i, office(i), person(i), 60, trunk="T1", account="A") for i in range(10))),
    ),
    Example(
        name="number masking with its own pool",
        fires=False,
        calls=tuple(call(2 * i, office(i % 10), person(i), 60, trunk="T1", account="A") for i in range(60)),
    ),
)
