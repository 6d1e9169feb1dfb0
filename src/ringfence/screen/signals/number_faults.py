"""Presents what is no number, one that nobody holds, or one that cannot be called back.

Signal: invalid_number, 1 where it is written as a number and its plan has no such, 0.8 where it cannot be
    read at all; unallocated_number, 0.9 where the regulator's table says that nobody holds its block;
    undialable_number, 0.7 for a short code from outside, or a premium-rate number.
Innocent look-alike: switchboards that send extensions (a short number from a customer is left alone);
    tables that lag behind a new block; networks' own numbers (UK 08979), which are neither invalid nor an
    identity.
Reference: Ofcom General Condition C6.4 (valid, dialable, uniquely identifying); 47 CFR 64.1200(k)(2).
Cost: nothing; the number was looked up.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.number import Kind, Number
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import NONE, Example, one

NAMES = ("invalid_number", "unallocated_number", "undialable_number")
_NO_NUMBER = frozenset({"", "withheld", "empty"})


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    caller = context.caller
    if caller is None:
        if attempt.caller_fault in _NO_NUMBER:
            return NONE
        return one("invalid_number", 0.8, "shows what cannot be read as a number")
    if caller.kind is Kind.INVALID:
        return one("invalid_number", 1.0, "shows a number that its numbering plan does not have")
    if caller.kind is Kind.UNALLOCATED:
        return one("unallocated_number", 0.9, "shows a number in a block that nobody holds")
    if caller.kind is Kind.PREMIUM:
        return one("undialable_number", 0.7, "shows a premium-rate number")
    if caller.kind in (Kind.SHORT, Kind.UNKNOWN) and not caller.number.startswith("+"):
        if attempt.ingress == "customer":
            return NONE
        return one("undialable_number", 0.7, "shows a short number, which cannot be called back")
    return NONE


def _number(kind: Kind, text: str = "+442079460001") -> Context:
    return Context(caller=Number(text, text, kind is not Kind.INVALID, kind, "GB"))


EXAMPLES = (
    Example("not in the plan", ("invalid_number",), context=_number(Kind.INVALID)),
    Example("rubbish", ("invalid_number",), Attempt(caller_fault="not_a_number")),
    Example("a free block", ("unallocated_number",), context=_number(Kind.UNALLOCATED)),
    Example("premium rate", ("undialable_number",), context=_number(Kind.PREMIUM)),
    Example("159 from a carrier", ("undialable_number",), context=_number(Kind.SHORT, "159")),
    Example("an extension", (), Attempt(ingress="customer"), _number(Kind.UNKNOWN, "2001")),
    Example("a network number", (), context=_number(Kind.NETWORK)),
    Example("withheld", (), Attempt(caller_fault="withheld")),
    Example("a subscriber", (), context=_number(Kind.MOBILE)),
)
