"""Many subscribers on one device type in one radio cell, who call out and are hardly called: a SIM farm.

Signal: grows with the number of such subscribers, with their share of the unit's subscribers, and with how
    many different people they call.
Innocent look-alike: a depot of couriers, a construction site: people there are called as well. Lifts and
    alarms that report to one centre, a company's gateway that rings its customers again and again: few people
    per call.
Reference: descriptions of SIM boxes in bypass-fraud research.
Cost: one group-by of the suspects on device type and cell.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, person
from ringfence.hunt.units import each_unit, only

SIGNAL = Signal(
    name="sim_farm",
    number=16,
    level="unit",
    needs=("caller", "imei_tac", "cell"),
    words="many SIM cards in one place that call out and are hardly called",
)


class Thresholds(msgspec.Struct, frozen=True):
    least_numbers: int = 3
    full_numbers: int = 8
    called_ratio: float = 0.34
    people_share: float = 0.5  # different people per call for full strength


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """kind, unit, strength."""
    inbound = context.inbound.select(number="called", n_in="n_in")

    def judge(rows: ir.Table) -> ir.Table:
        sums = (
            rows.filter(_.caller.notnull() & _.imei_tac.notnull() & _.radio_cell.notnull())
            .group_by("kind", "unit", "caller")
            .aggregate(n=_.count(), total=_.home_total.max())
        )
        sums = sums.left_join(inbound, sums.caller == inbound.number)
        one_way = sums.n_in.fill_null(0) <= thresholds.called_ratio * sums.total
        sums = sums.mutate(one_way=one_way.cast("int64"))
        units = sums.group_by("kind", "unit").aggregate(numbers=_.count(), one_way=_.one_way.sum())
        units = units.filter(units.one_way >= thresholds.least_numbers)
        reach = rows.group_by(of_kind="kind", of_unit="unit").aggregate(
            calls=_.count(), people=_.called.nunique()
        )
        units = units.join(reach, [units.kind == reach.of_kind, units.unit == reach.of_unit])
        many = ibis.least(1.0, units.one_way / float(thresholds.full_numbers))
        wide = ibis.least(1.0, units.people / (thresholds.people_share * units.calls))
        return units.select("kind", "unit", strength=many * wide * units.one_way / units.numbers)

    return each_unit(context.suspects, context.whole, judge, only(context.kinds, "device", "crew"))


EXAMPLES = (
    Example(
        name="eight new numbers in one cell call all day",
        fires=True,
        calls=tuple(
            call(3 * i, person(500 + i % 8), person(i), 40, trunk="M", imei_tac="35000000", cell="C1")
            for i in range(80)
        ),
    ),
    Example(
        name="eight people in one place who ring each other",
        fires=False,
        calls=tuple(
            call(
                3 * i,
                person(500 + i % 8),
                person(500 + (i + 3) % 8),
                40,
                trunk="M",
                imei_tac="35000000",
                cell="C1",
            )
            for i in range(80)
        ),
    ),
)
