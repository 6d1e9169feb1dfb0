"""A rare INVITE shape under changing numbers: the service outlives its numbers and trunks.

Signal: grows as the shape's share of all calls falls from 1 in 100 to 1 in 100,000, and with the identities
    shown in it that usually come from elsewhere or belong to somebody by name.
Innocent look-alike: hundreds of small PBXs each with a shape of its own, but each shows its own numbers; an
    SBC that rewrites shapes, which makes them common.
Reference: rarity weighting as in record linkage (Winkler 2000).
Cost: one group-by of the suspects for shapes and cells.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person
from ringfence.hunt.units import each_unit, only

SIGNAL = Signal(
    name="rare_fingerprint",
    number=4,
    level="unit",
    needs=("caller", "fingerprint"),
    words="uses a rare phone or software under changing numbers",
)


class Thresholds(msgspec.Struct, frozen=True):
    """common_share: a shape with this share of all calls is worth nothing; decades: powers of ten below it
    until it is worth everything. full_identities: borrowed identities for full strength."""

    common_share: float = 0.01
    decades: float = 3.0
    full_identities: int = 6


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""
    shapes = context.shapes
    rarity = pa.table(
        {
            "of_shape": pa.array(shapes.index.to_numpy(), pa.int64()),
            "shape_calls": pa.array(shapes["calls"].to_numpy(), pa.float64()),
        }
    )
    known = context.engine.upload(rarity, "shape_rarity")
    total = float(max(context.records.accepted, 1))

    def judge(rows: ir.Table) -> ir.Table:
        borrowed = (_.away | _.owner.notnull()) & _.caller.notnull()
        sums = rows.group_by("kind", "unit").aggregate(
            n=_.count(),
            shape=_.shape.max(),
            borrowed=_.caller.nunique(where=borrowed),
            ids=_.caller.nunique(),
        )
        sums = sums.filter(_.ids > 1).join(known, sums.shape == known.of_shape)
        rare = (thresholds.common_share * total / sums.shape_calls).log10() / thresholds.decades
        rare = ibis.least(1.0, ibis.greatest(0.0, rare))
        changing = ibis.least(1.0, sums.borrowed / float(thresholds.full_identities))
        # where most numbers shown are at home on the entry, this is somebody's own telephone system
        changing = ibis.ifelse(sums.borrowed >= 0.5 * sums.ids, changing, changing * sums.borrowed / sums.ids)
        return sums.select("kind", "unit", strength=rare * changing)

    return each_unit(context.suspects, context.whole, judge, only(context.kinds, "shape", "cell", "crew"))


_CROWD = tuple(
    call(0.05 * i, person(100 + i), person(3000 + i), 60, trunk="M", fingerprint="common")
    for i in range(2000)
)
EXAMPLES = (
    Example(
        name="six banks' numbers in a shape that nobody else has",
        fires=True,
        register=tuple((office(i), f"Bank {i}", "inbound_only") for i in range(6)),
        calls=(
            *_CROWD,
            *(call(9 * i, office(i), person(i), 60, trunk="T1", fingerprint="odd") for i in range(6)),
        ),
    ),
    Example(
        name="a small PBX with a shape and a number of its own",
        fires=False,
        calls=(
            *_CROWD,
            *(call(9 * i, office(9), person(i), 60, trunk="T1", fingerprint="odd") for i in range(9)),
        ),
    ),
)
