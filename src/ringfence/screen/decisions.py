"""A verdict as a row of the decision log."""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.decision import Decision
from ringfence.model.verdict import Verdict
from ringfence.model.verification import Verification

#: Characters of a Call-ID and a User-Agent that are kept: longer ones are a sender's joke.
LONGEST = 256


def decision_of(attempt: Attempt, verification: Verification, verdict: Verdict, row_id: str) -> Decision:
    """The row of one judged call. row_id: unique in the log; Call-IDs are not."""
    return Decision(
        call_id=row_id,
        start_time=int(attempt.time * 1e6),
        called=attempt.called or "",
        sip_call_id=attempt.call_id[:LONGEST] or None,
        caller=attempt.caller,
        network_number=attempt.network_number,
        diverted_from=attempt.diverted_from,
        trunk=attempt.trunk,
        account=attempt.account,
        carrier=attempt.carrier,
        ingress=attempt.ingress or None,
        roaming=attempt.roaming,
        status=verdict.sip_status,
        attestation=verification.attestation,
        verstat=verification.verstat,
        origid=verification.origid,
        signer=verification.signer or None,
        user_agent=attempt.user_agent[:LONGEST] if attempt.user_agent else None,
        fingerprint=attempt.fingerprint,
        fingerprint_parts=attempt.fingerprint_parts,
        source_ip=attempt.source_ip,
        action=verdict.action.value,
        would=verdict.would.value,
        rule=verdict.rule,
        mode=verdict.mode.value,
        policy=verdict.policy,
        signals=tuple([signal.name for signal in verdict.signals]),
        sip_status=verdict.sip_status,
        reasons=verdict.reasons,
    )
