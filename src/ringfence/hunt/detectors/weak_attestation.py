"""Failed or weak attestation, or one origid under many numbers.

Signal: 1 when validation failed; 0.6 for a call whose origid stands under ten or more numbers; 0.3 for
    attestation C; 0.1 for B.
Innocent look-alike: transit carriers sign with C what they did not originate; real forwarding breaks tokens.
Reference: RFC 8224, RFC 8588 (origid); ATIS-1000074.
Cost: one group-by of the suspects on origid.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="weak_attestation",
    number=13,
    level="call",
    needs=("attestation|verstat|origid",),
    words="its signature failed, or says little about the caller",
)


class Thresholds(msgspec.Struct, frozen=True):
    origid_numbers: int = 10


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects
    many = rows.filter(_.origid.notnull()).group_by("origid").aggregate(ids=_.caller.nunique())
    many = many.filter(many.ids >= thresholds.origid_numbers).select(of_origid="origid", ids="ids")
    rows = rows.left_join(many, rows.origid == many.of_origid)
    strength = ibis.cases(
        ((rows.verstat == "TN-Validation-Failed").fill_null(False), 1.0),
        (rows.ids.notnull(), 0.6),
        ((rows.attestation == "C").fill_null(False), 0.3),
        ((rows.attestation == "B").fill_null(False), 0.1),
        else_=0.0,
    )
    return rows.select("call_id", strength=strength).filter(_.strength > 0)


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="the signature does not hold",
        fires=True,
        register=_BANKS,
        calls=tuple(
            call(9 * i, office(i), person(i), 60, trunk="T1", verstat="TN-Validation-Failed")
            for i in range(3)
        ),
    ),
    Example(
        name="signed in full",
        fires=False,
        register=_BANKS,
        calls=tuple(
            call(9 * i, office(i), person(i), 60, trunk="T1", attestation="A", verstat="TN-Validation-Passed")
            for i in range(3)
        ),
    ),
)
