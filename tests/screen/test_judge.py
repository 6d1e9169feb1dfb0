"""What a policy makes of calls, in shadow and live, and what nothing overrides."""

from __future__ import annotations

import pytest

from ringfence.model.attempt import Attempt
from ringfence.model.number import Kind, Number
from ringfence.model.register import RegisterEntry, Use
from ringfence.model.verdict import Action, Mode
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.screen.context import Context
from ringfence.screen.judge import Judge, judge
from ringfence.screen.policy import read_policy
from ringfence.screen.signal import NOW

BANK = "+442079460001"
UNSIGNED = Verification(Proof.UNSIGNED, "no_identity")
ENTRY = RegisterEntry(BANK, "Example Bank", Use.INBOUND_ONLY, "bank", "owner")
ATTEMPT = Attempt(call_id="1@h", caller=BANK, called="+447700900123", trunk="T1", ingress="national")
CONTEXT = Context(caller=Number(BANK, BANK, True, Kind.DRAMA, "GB"), entries=(ENTRY,))
SHADOW = read_policy('base = "gb"', "p.toml")
LIVE = read_policy(
    'base = "gb"\nmode = "live"\n[exempt]\ntrunks = ["PARTNER"]\nemergency_trunks = ["E"]', "p"
)


def test_in_shadow_the_call_goes_on() -> None:
    verdict = judge(ATTEMPT, UNSIGNED, CONTEXT, NOW, SHADOW)
    assert (verdict.action, verdict.would, verdict.mode) == (Action.ALLOW, Action.BLOCK, Mode.SHADOW)
    assert verdict.rule == "do not originate" and verdict.sip_status is None
    assert verdict.call_id == "1@h" and verdict.policy == SHADOW.version
    assert {signal.name for signal in verdict.signals} == {"protected_identity", "unsigned"}


def test_live_it_is_refused() -> None:
    verdict = Judge(LIVE).judge(ATTEMPT, UNSIGNED, CONTEXT, NOW)
    assert (verdict.action, verdict.would, verdict.mode) == (Action.BLOCK, Action.BLOCK, Mode.LIVE)
    assert (verdict.sip_status, verdict.sip_reason) == (603, "Network Blocked")
    assert verdict.reasons == ("its owner never calls from the number that it shows",)


def test_a_shadow_rule_does_not_hide_a_live_one() -> None:
    text = 'base = "gb"\n[modes]\n"national number from abroad" = "live"'
    from_abroad = Attempt(caller=BANK, called="+447700900123", ingress="international")
    verdict = judge(from_abroad, UNSIGNED, CONTEXT, NOW, read_policy(text, "p.toml"))
    assert (verdict.action, verdict.rule, verdict.mode) == (
        Action.BLOCK,
        "national number from abroad",
        Mode.LIVE,
    )
    assert "in shadow, do not originate would block" in verdict.reasons[1]


@pytest.mark.parametrize("trunk", ["PARTNER", "E"])
def test_listed_ingress_is_labelled_and_not_stopped(trunk: str) -> None:
    attempt = Attempt(caller=BANK, called="+447700900123", trunk=trunk)
    verdict = Judge(LIVE).judge(attempt, UNSIGNED, CONTEXT, NOW)
    assert (verdict.action, verdict.would) == (Action.LABEL, Action.LABEL)
    assert verdict.rule.startswith("exempt: ") and "do not originate" in verdict.reasons[1]


def test_emergencies() -> None:
    rang = Context(caller=CONTEXT.caller, entries=(ENTRY,), rang_emergency=True)
    assert Judge(LIVE).judge(ATTEMPT, UNSIGNED, rang, NOW).action is Action.LABEL
    signed = Verification(Proof.VALID, attestation="A", priority={"sph": "psap-callback"})
    assert Judge(LIVE).judge(ATTEMPT, signed, CONTEXT, NOW).action is Action.LABEL


def test_what_a_caller_presents_exempts_nobody() -> None:
    attempt = Attempt(caller=BANK, called="+447700900123", priority=("psap-callback", "esnet.1"))
    assert Judge(LIVE).judge(attempt, UNSIGNED, CONTEXT, NOW).action is Action.BLOCK
    police = RegisterEntry(BANK, "Example Police", Use.INBOUND_ONLY, "police", "owner")
    context = Context(caller=CONTEXT.caller, entries=(police,))
    assert Judge(LIVE).judge(ATTEMPT, UNSIGNED, context, NOW).action is Action.BLOCK
    rph_alone = Verification(Proof.VALID, attestation="C", priority={"rph": {"auth": ["esnet.1"]}})
    assert Judge(LIVE).judge(ATTEMPT, rph_alone, CONTEXT, NOW).action is Action.BLOCK


def test_nobody_is_accused_of_nothing() -> None:
    verdict = Judge(LIVE).judge(Attempt(caller="+447700900001"), Verification(Proof.VALID, attestation="A",
        verstat="TN-Validation-Passed"), Context(), NOW)  # fmt: skip
    assert (verdict.action, verdict.would, verdict.rule, verdict.reasons) == (
        Action.ALLOW,
        Action.ALLOW,
        "",
        (),
    )
    assert verdict.verstat == "TN-Validation-Passed"
