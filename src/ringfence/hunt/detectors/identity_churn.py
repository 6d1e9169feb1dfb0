"""Many presentation numbers over one entry, address or network number that do not belong together.

Signal: the stronger of two. Borrowed: the number of identities whose usual home is another entry, by their
    share of the identities shown. Scattered: the number of different blocks of 10,000 that the identities lie
    in, by the number of calls: a firm's numbers lie together and come again, made-up ones are from
    everywhere, once.
Innocent look-alike: CPaaS and number masking show thousands of numbers, nearly all of which are at home
    there, from a pool, and again and again.
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
    words="shows many numbers that do not belong together",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_borrowed: int = 3
    full_borrowed: int = 8
    least_blocks: int = 4
    full_blocks: int = 8
    block: int = 10_000


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""

    # the codes of tokens are no numbers, so they have no blocks
    plain = context.records.tokens is None

    def judge(rows: ir.Table) -> ir.Table:
        sums = (
            rows.filter(_.caller.notnull())
            .group_by("kind", "unit")
            .aggregate(
                n=_.count(),
                ids=_.caller.nunique(),
                blocks=(_.caller // thresholds.block).nunique() if plain else ibis.literal(0),
                borrowed=_.caller.nunique(where=_.away & _.diverted.isnull() & ~_.roaming.fill_null(False)),
            )
        )
        many = ibis.least(1.0, sums.borrowed / float(thresholds.full_borrowed))
        borrowed = ibis.ifelse(
            sums.borrowed >= thresholds.least_borrowed, many * sums.borrowed / sums.ids, 0.0
        )
        wide = ibis.least(1.0, sums.blocks / float(thresholds.full_blocks))
        scattered = ibis.ifelse(sums.blocks >= thresholds.least_blocks, wide * sums.blocks / sums.n, 0.0)
        return sums.select("kind", "unit", strength=ibis.greatest(borrowed, scattered))

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
