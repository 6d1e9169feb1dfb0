"""The same person is called within 48 hours under another identity from the same source.

Signal: 1 when both identities belong to different owners, 0.7 when one of them is somebody's by name, 0.4
    when the identities merely differ. Same source: same entry, signalling address or shape on the same trunk.
Innocent look-alike: a call centre that serves two of the customer's banks; CPaaS, where different tenants
    reach the same person: there the source is wide and such pairs are a tiny share of its calls.
Reference: police descriptions: "your bank", then "the police", then "the card issuer".
Cost: one self-join of the suspects on the called number, where that is no switchboard.
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
    name="owner_switch",
    number=5,
    level="call",
    needs=("caller",),
    words="calls the same person again as somebody else",
)


class Thresholds(msgspec.Struct, frozen=True):
    hours: int = 48


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    rows = context.suspects.filter(_.caller.notnull() & ~_.switchboard)
    one = rows.select("call_id", "t", "caller", "called", "entry", "address", "cell", "owner")
    two = one.rename(lambda c: f"other_{c}")
    pairs = one.join(two, one.called == two.other_called)
    same = (
        ((pairs.entry >= 0) & (pairs.entry == pairs.other_entry))
        | ((pairs.address >= 0) & (pairs.address == pairs.other_address))
        | ((pairs.cell >= 0) & (pairs.cell == pairs.other_cell))
    )
    pairs = pairs.filter(
        same
        & (pairs.caller != pairs.other_caller)
        & ((pairs.t - pairs.other_t).abs() <= thresholds.hours * HOUR)
        & (pairs.owner.isnull() | pairs.other_owner.isnull() | (pairs.owner != pairs.other_owner))
    )
    strength = ibis.cases(
        (pairs.owner.notnull() & pairs.other_owner.notnull(), 1.0),
        (pairs.owner.notnull() | pairs.other_owner.notnull(), 0.7),
        else_=0.4,
    )
    return pairs.select("call_id", strength=strength).group_by("call_id").aggregate(strength=_.strength.max())


_BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3))
EXAMPLES = (
    Example(
        name="the bank rings, then another bank, from one trunk",
        fires=True,
        register=_BANKS,
        calls=(
            call(0, office(0), person(0), 200, trunk="T1"),
            call(30, office(1), person(0), 500, trunk="T1"),
            call(60, office(2), person(1), 20, trunk="T1"),
        ),
    ),
    Example(
        name="the bank rings twice",
        fires=False,
        register=_BANKS,
        calls=tuple(call(30 * i, office(0), person(0), 200, trunk="T1") for i in range(4)),
    ),
    Example(
        name="two banks ring from places that have nothing in common",
        fires=False,
        register=_BANKS,
        calls=tuple(call(30 * i, office(i), person(0), 200, trunk=f"T{i}") for i in range(3)),
    ),
)
