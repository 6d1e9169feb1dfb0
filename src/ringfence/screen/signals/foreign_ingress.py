"""Comes from abroad and presents a number of this country.

Signal: foreign_ingress, 1 for a fixed number, 0.4 for a call that was diverted, as a trusted network
    or a div token says; foreign_mobile, 1 where the home
    network says that the mobile does not roam, 0.5 where nobody was asked; nothing where roaming is
    confirmed, or where an attestation A proves the right to use the number.
Innocent look-alike: roamers; cloud nodes of national providers abroad; calls forwarded home. Trunks that
    carry such calls by agreement are exempted by name in the policy.
Reference: Ofcom, General Condition C6 and its guidance on calls from abroad (CLI), +447 included.
Cost: nothing.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.number import Kind, Number
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.screen.context import Context, diverted
from ringfence.screen.signal import NONE, Example, one

NAMES = ("foreign_ingress", "foreign_mobile")


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    caller = context.caller
    if attempt.ingress != "international" or caller is None or caller.region != context.region:
        return NONE
    if verification.verdict is Proof.VALID and verification.attestation == "A":
        return NONE
    if caller.kind is not Kind.MOBILE:
        strength = 0.4 if diverted(attempt, verification) else 1.0
        return one("foreign_ingress", strength, "comes from abroad and shows a number of this country")
    if attempt.roaming:
        return NONE
    if attempt.roaming is False:
        return one("foreign_mobile", 1.0, "comes from abroad and shows a mobile that does not roam")
    return one("foreign_mobile", 0.5, "comes from abroad and shows a mobile of this country, roaming unasked")


def _at(kind: Kind, region: str = "GB") -> Context:
    return Context(caller=Number("+442079460001", "+442079460001", True, kind, region))


_ABROAD = Attempt(ingress="international")
_UNSIGNED = Verification(Proof.UNSIGNED, "no_identity")
EXAMPLES = (
    Example("a landline from abroad", ("foreign_ingress",), _ABROAD, _at(Kind.GEOGRAPHIC), _UNSIGNED),
    Example("a mobile nobody asked about", ("foreign_mobile",), _ABROAD, _at(Kind.MOBILE), _UNSIGNED),
    Example("a roamer", (), Attempt(ingress="international", roaming=True), _at(Kind.MOBILE)),
    Example("a foreign number", (), _ABROAD, _at(Kind.GEOGRAPHIC, "FR")),
    Example("from home", (), Attempt(ingress="national"), _at(Kind.GEOGRAPHIC)),
    Example("proved", (), _ABROAD, _at(Kind.GEOGRAPHIC), Verification(Proof.VALID, attestation="A")),
)
