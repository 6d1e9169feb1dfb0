"""One attempt, one verdict: every signal looks, then the policy's rules are asked in their order.

The first rule in force (`live`) whose condition holds says what is done. A rule in shadow before it is
written down as what the policy would do, and changes nothing.
"""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Action, LiveSignal, Mode, Verdict
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.policy import Policy
from ringfence.screen.rules import Asked, CompiledRule, compile_rules
from ringfence.screen.signal import looks

#: The reason phrases of refusals (RFC 3261, RFC 8224, RFC 8197, RFC 8688, ATIS-1000099).
PHRASES = {
    403: "Forbidden", 428: "Use Identity Header", 436: "Bad Identity Info",
    437: "Unsupported Credential", 438: "Invalid Identity Header", 480: "Temporarily Unavailable",
    486: "Busy Here", 603: "Network Blocked", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip


class Judge:
    """A policy, ready to judge. Holds no state: equal calls get equal verdicts."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._rules = compile_rules(policy)
        self._looks = looks()
        self._emergency_trunks = frozenset(policy.exempt.emergency_trunks)
        self._trunks = frozenset(policy.exempt.trunks)

    def judge(self, attempt: Attempt, verification: Verification, context: Context, now: float) -> Verdict:
        """What the policy says of a call. now: seconds since 1970."""
        signals: tuple[LiveSignal, ...] = ()
        for look in self._looks:
            if found := look(attempt, verification, context, now):
                signals += found
        asked = Asked(attempt, verification, context, {s.name: s.strength for s in signals})
        first: CompiledRule | None = None
        live: CompiledRule | None = None
        for compiled in self._rules:
            if compiled.test(asked):
                first = first or compiled
                if compiled.mode is Mode.LIVE:
                    live = compiled
                    break
        if first is None:
            return self._verdict(attempt, verification, signals)
        if exemption := self._exemption(attempt, verification, context):
            would = first.rule.action
            stopped = would not in (Action.ALLOW, Action.LABEL)
            reasons = (f"exempt: {exemption}", f"else {first.rule.name}: {first.rule.reason}")
            return Verdict(
                action=Action.LABEL if stopped and live is not None else Action.ALLOW,
                would=Action.LABEL if stopped else would,
                verstat=verification.verstat,
                reasons=reasons,
                signals=signals,
                rule=f"exempt: {exemption}",
                mode=Mode.LIVE,
                policy=self.policy.version,
                call_id=attempt.call_id,
            )
        return self._ruled(attempt, verification, signals, first, live)

    def _ruled(
        self,
        attempt: Attempt,
        verification: Verification,
        signals: tuple[LiveSignal, ...],
        first: CompiledRule,
        live: CompiledRule | None,
    ) -> Verdict:
        chosen = live or first
        rule = chosen.rule
        reasons = [rule.reason]
        if first is not chosen:
            reasons.append(f"in shadow, {first.rule.name} would {first.rule.action}: {first.rule.reason}")
        action = rule.action if live is not None else Action.ALLOW
        blocks = action is Action.BLOCK
        status = (rule.answer or 603) if blocks else None
        return Verdict(
            action=action,
            would=first.rule.action,
            sip_status=status,
            sip_reason=(rule.text or PHRASES[status]) if status else "",
            verstat=(rule.verstat if live is not None else "") or verification.verstat,
            display=rule.display if live is not None else "",
            reasons=tuple(reasons),
            signals=signals,
            rule=rule.name,
            mode=chosen.mode,
            policy=self.policy.version,
            call_id=attempt.call_id,
        )

    def _verdict(
        self, attempt: Attempt, verification: Verification, signals: tuple[LiveSignal, ...]
    ) -> Verdict:
        return Verdict(
            verstat=verification.verstat,
            signals=signals,
            policy=self.policy.version,
            call_id=attempt.call_id,
        )

    def _exemption(self, attempt: Attempt, verification: Verification, context: Context) -> str:
        """Why no rule may stop this call; "": nothing says so. What a caller presents is not asked."""
        exempt = self.policy.exempt
        if attempt.trunk is not None and attempt.trunk in self._emergency_trunks:
            return "emergency ingress"
        if attempt.trunk is not None and attempt.trunk in self._trunks:
            return "listed trunk"
        if exempt.verified_sph and verification.priority and "sph" in verification.priority:
            return "emergency centre calling back, signed"
        if exempt.after_emergency_seconds and context.rang_emergency:
            return "the called line rang an emergency number shortly before"
        return ""


def judge(
    attempt: Attempt, verification: Verification, context: Context, now: float, policy: Policy
) -> Verdict:
    """The same for one call: for many, make a `Judge` once."""
    return Judge(policy).judge(attempt, verification, context, now)
