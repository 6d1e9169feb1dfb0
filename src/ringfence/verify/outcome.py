"""What the judged tokens of a call prove together (RFC 8224 section 6.2.1)."""

from __future__ import annotations

from typing import Any

from ringfence.model.verification import HeaderVerdict, Verdict, Verification
from ringfence.verify.binding import parties, party
from ringfence.verify.opening import Judgement
from ringfence.verify.policy import Policy
from ringfence.verify.reasons import REASONS

#: Types that say nothing of the caller's number by themselves.
_BESIDE = ("div", "rph")


def combined(tokens: list[Judgement], policy: Policy) -> Verification:
    """The call's verification from its judged tokens: one that is valid makes the call valid, a shaken one
    first; else the one speaks that failed a test; else the first."""
    verdicts = tuple([header_verdict(token) for token in tokens])
    valid = [i for i, token in enumerate(tokens) if token.fault is None and token.ppt not in _BESIDE]
    priority = _priority(tokens)
    if valid:
        best = next((i for i in valid if tokens[i].innermost().ppt == "shaken"), valid[0])
        inner = tokens[best].innermost()
        claims = inner.claims
        return Verification(
            Verdict.VALID,
            attestation=claims.attest if claims and inner.ppt == "shaken" else None,
            origid=claims.origid if claims and inner.ppt == "shaken" else None,
            orig=verdicts[best].orig,
            dest=verdicts[best].dest,
            signer=inner.signer,
            verstat="TN-Validation-Passed",
            passports=verdicts,
            rich=_rich(tokens),
            priority=priority,
        )
    spoke = [i for i, token in enumerate(tokens) if token.ppt not in _BESIDE]
    failed = [i for i in spoke or range(len(tokens)) if verdicts[i].verdict is Verdict.INVALID]
    if not failed:
        reason = "unsupported" if tokens else "no_identity"
        return Verification(
            Verdict.UNSIGNED,
            reason,
            REASONS[reason].status if policy.refuses(reason) else None,
            detail=verdicts[0].detail if verdicts else "",
            passports=verdicts,
            priority=priority,
        )
    # 436 is for calls none of whose certificates can be had: what failed a test comes first
    chosen = verdicts[min(failed, key=lambda i: (not REASONS[verdicts[i].reason].checked, i))]
    return Verification(
        Verdict.INVALID,
        chosen.reason,
        chosen.sip_status if policy.refuses(chosen.reason) else None,
        orig=chosen.orig,
        dest=chosen.dest,
        signer=chosen.signer,
        verstat="TN-Validation-Failed" if REASONS[chosen.reason].checked else "No-TN-Validation",
        detail=chosen.detail,
        passports=verdicts,
        priority=priority,
    )


def header_verdict(token: Judgement) -> HeaderVerdict:
    """What one header is worth."""
    claims, fault = token.claims, token.fault
    if fault is None:
        verdict = Verdict.VALID
    else:
        verdict = Verdict.UNSIGNED if fault.reason == "unsupported" else Verdict.INVALID
    return HeaderVerdict(
        verdict,
        fault.reason if fault else "",
        fault.status if fault else None,
        token.step,
        token.ppt,
        claims.attest if claims else None,
        claims.origid if claims else None,
        party(claims.orig) if claims else None,
        parties(claims.dest) if claims else (),
        party(claims.div) if claims and claims.div is not None else None,
        claims.iat if claims else None,
        token.x5u,
        token.signer,
        fault.detail if fault else "",
        tuple(token.notes),
    )


def _rich(tokens: list[Judgement]) -> dict[str, Any] | None:
    """Name, card and reason of the call, from one valid token: a name that nobody vouches for is the
    fraudster's best tool, and digests hold for the card that they were signed with."""
    chosen: dict[str, Any] | None = None
    for token in tokens:
        claims = token.innermost().claims
        if token.fault is None and token.ppt not in _BESIDE and claims is not None:
            if claims.rcd is None and claims.crn is None:
                continue
            if chosen is None or token.innermost().ppt == "rcd":
                chosen = {n: v for n in ("rcd", "rcdi", "crn") if (v := getattr(claims, n)) is not None}
    return chosen


def _priority(tokens: list[Judgement]) -> dict[str, Any] | None:
    """The priorities that trusted signers ask for (RFC 8443, RFC 9027)."""
    found: dict[str, Any] = {}
    for token in tokens:
        if token.fault is None and token.ppt == "rph" and token.claims is not None:
            found["rph"] = token.claims.rph
            if token.claims.sph is not None:
                found["sph"] = token.claims.sph
    return found or None
