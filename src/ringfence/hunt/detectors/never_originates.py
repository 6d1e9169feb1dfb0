"""A number that many people ring and that hardly ever calls: learned from the records, without a register.

Signal: 1 when the number has no home or a home elsewhere, 0.4 when what little it calls comes from this
    entry.
Innocent look-alike: shops, surgeries and help lines, which call out now and then from their own line; that is
    one such number to an entry, where a spoofing source shows several.
Reference: the published finding that a careless threshold here makes suspects of half of all households.
Cost: one group-by of all called numbers, then exact counts of a few hundred.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import msgspec
from ibis import _

from ringfence.hunt.context import Context
from ringfence.hunt.signal import Example, Signal, call, office, person

SIGNAL = Signal(
    name="never_originates",
    number=10,
    level="call",
    needs=("caller",),
    words="presents a number that many ring and that otherwise never calls",
)


class Thresholds(msgspec.Struct, frozen=True):
    at_home: float = 0.4


def detect(context: Context, thresholds: Thresholds) -> ir.Table:
    """call_id, strength."""
    quiet = context.suspects.filter(_.use == "quiet")
    return quiet.select("call_id", strength=ibis.ifelse(quiet.at_home, thresholds.at_home, 1.0))


_LINES = tuple(call(0.2 * i, person(100 + i), office(i % 3), 60, trunk="M") for i in range(900))
EXAMPLES = (
    Example(
        name="three lines that hundreds ring now call from one trunk",
        fires=True,
        calls=(*_LINES, *(call(9 * i, office(i % 3), person(i), 60, trunk="T1") for i in range(6))),
    ),
    Example(
        name="a company that calls as often as it is called",
        fires=False,
        calls=(*_LINES, *(call(0.2 * i, office(i % 3), person(i), 60, trunk="T1") for i in range(600))),
    ),
)
