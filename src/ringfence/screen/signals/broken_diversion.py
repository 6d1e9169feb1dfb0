"""Says that it was diverted, in a way that does not add up.

Signal: 0.6 where it was diverted from the number that it calls or from the one it shows, or from no number
    of any plan; 0.5 where its token was for somebody else and no div leads here.
Innocent look-alike: call-back services that divert a caller to themselves; switches that write Diversion
    twice.
Reference: RFC 5806, RFC 7044, RFC 8946 section 4.2.
Cost: nothing.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.number import Kind, Number
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.signal import NONE, Example, one

NAMES = ("broken_diversion",)


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    if verification.reason == "retargeted_without_div":
        return one(NAMES[0], 0.5, "its signature was for another call, and no diversion leads here")
    diverter = attempt.diverted_from
    if diverter is None:
        return NONE
    if diverter == attempt.called:
        return one(NAMES[0], 0.6, "says that it was diverted from the number that it calls")
    if diverter == attempt.caller:
        return one(NAMES[0], 0.6, "says that the caller diverted it")
    if context.diverter is not None and context.diverter.kind is Kind.INVALID:
        return one(NAMES[0], 0.6, "says that it was diverted from a number that there is not")
    return NONE


_TO_SELF = Attempt(caller="+442079460001", called="+447700900001", diverted_from="+447700900001")
_HONEST = Attempt(caller="+442079460001", called="+447700900001", diverted_from="+442079460009")
_RETARGETED = Verification(Proof.INVALID, "retargeted_without_div", verstat="TN-Validation-Failed")
EXAMPLES = (
    Example("from the called number", NAMES, _TO_SELF),
    Example(
        "from no number",
        NAMES,
        _HONEST,
        Context(diverter=Number("+4401", "+4401", False, Kind.INVALID)),
    ),
    Example("a token for another call", NAMES, verification=_RETARGETED),
    Example("a forward", (), _HONEST),
    Example("no diversion", ()),
)
