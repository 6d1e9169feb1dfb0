"""What the Identity headers of the call are worth.

Signal: failed_identity, 1 for a token that was put to the test and failed, 0.4 for one that could not be
    tested; replayed_identity, 0.9 for a token used elsewhere after its call was answered;
    weak_attestation, 0.3 for a valid C and 0.1 for a valid B; unsigned, 0.1.
Innocent look-alike: a clock that is off; a forward without div; gateways, which sign C for honest callers
    too. Attestation is a signal, not a verdict: measured signed C calls were likelier robocalls than
    unsigned ones.
Reference: RFC 8224 section 6.2, RFC 8588 section 4, ATIS-1000074.
Cost: nothing; verification came before.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import LiveSignal
from ringfence.model.verification import HeaderVerdict, Verification
from ringfence.model.verification import Verdict as Proof
from ringfence.screen.context import Context
from ringfence.screen.signal import NONE, Example, one

NAMES = ("failed_identity", "replayed_identity", "weak_attestation", "unsigned")


def look(
    attempt: Attempt, verification: Verification, context: Context, now: float
) -> tuple[LiveSignal, ...]:
    if verification.verdict is Proof.INVALID:
        tested = verification.verstat == "TN-Validation-Failed"
        word = "does not hold" if tested else "could not be tested"
        reason = f"its signature {word}: {verification.reason.replace('_', ' ')}"
        return one("failed_identity", 1.0 if tested else 0.4, reason)
    if verification.verdict is Proof.UNSIGNED:
        return one("unsigned", 0.1, "nobody signed for its number")
    if any("replayed" in passport.notes for passport in verification.passports):
        return one("replayed_identity", 0.9, "its signature was used before, from elsewhere")
    if verification.attestation in ("B", "C"):
        strength = 0.3 if verification.attestation == "C" else 0.1
        return one("weak_attestation", strength, f"signed with attestation {verification.attestation}")
    return NONE


def _valid(attestation: str, *notes: str) -> Verification:
    return Verification(
        Proof.VALID,
        attestation=attestation,
        verstat="TN-Validation-Passed",
        passports=(HeaderVerdict(Proof.VALID, notes=notes),),
    )


_FAILED = Verification(Proof.INVALID, "bad_signature", verstat="TN-Validation-Failed")
EXAMPLES = (
    Example("a forged token", ("failed_identity",), verification=_FAILED),
    Example("no token", ("unsigned",), verification=Verification(Proof.UNSIGNED, "no_identity")),
    Example("a gateway's", ("weak_attestation",), verification=_valid("C")),
    Example("a used token", ("replayed_identity",), verification=_valid("A", "replayed")),
    Example("a fork", (), verification=_valid("A", "repeated")),
    Example("proved", (), verification=_valid("A")),
)
