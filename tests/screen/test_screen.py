"""The screen of one process: what it looks up, counts and remembers around judging."""

from __future__ import annotations

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Action, LiveSignal
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.numbers.register import parse_register
from ringfence.screen.policy import read_policy
from ringfence.screen.screen import UNVERIFIED, Knowledge, Screen
from ringfence.screen.signal import NOW

REGISTER = parse_register(
    "number,owner,use,sector\n+442079460001,Bank A,inbound_only,bank\n"
    "+442079460002,Bank B,inbound_only,bank\n"
    "+442079460003,Bank C,outbound,bank\n+442079460004,Old,inbound_only,bank\n",
    "GB",
)
POLICY = read_policy('base = "gb"\nmode = "live"', "p.toml")


def screen(text: str = "", **options: object) -> Screen:
    policy = read_policy(text, "p.toml") if text else POLICY
    return Screen(Knowledge(policy, register=REGISTER, **options))  # type: ignore[arg-type]


def attempt(caller: str | None = "+442079460001", **values: object) -> Attempt:
    given = {"call_id": "1", "called": "+447700900123", "trunk": "T1", "account": "7"} | values
    return Attempt(caller=caller, **given)  # type: ignore[arg-type]


def test_the_register_stops_a_protected_number() -> None:
    verdict = screen().screen(attempt(), UNVERIFIED, NOW)
    assert (verdict.action, verdict.rule) == (Action.BLOCK, "do not originate")
    assert screen().screen(attempt("+442079460003"), UNVERIFIED, NOW).action is Action.ALLOW


def test_a_protected_number_anywhere_in_the_call() -> None:
    hidden = attempt("+447700900009", also_shown=("+447700900008", "+442079460002"))
    assert screen().screen(hidden, UNVERIFIED, NOW).rule == "do not originate"


def test_several_owners_from_one_customer() -> None:
    live = screen()
    for i, number in enumerate(("+442079460001", "+442079460002", "+442079460004")):
        verdict = live.screen(attempt(number, call_id=str(i), called=f"+44770090000{i}"), UNVERIFIED, NOW + i)
    assert {s.name for s in verdict.signals} >= {"many_owners"}
    other = live.screen(attempt("+442079460004", account="8"), UNVERIFIED, NOW)
    assert "many_owners" not in {s.name for s in other.signals}


def test_signed_calls_of_an_outsourcer_do_not_count() -> None:
    live = screen()
    signed = Verification(Proof.VALID, attestation="A", verstat="TN-Validation-Passed")
    for i, number in enumerate(("+442079460001", "+442079460002", "+442079460004")):
        verdict = live.screen(attempt(number, call_id=str(i)), signed, NOW + i)
    assert not {"many_owners", "owner_switch"} & {s.name for s in verdict.signals}


def test_one_mobile_in_many_calls() -> None:
    live = screen()
    verdicts = [live.screen(attempt("+447400123456", call_id=str(i)), UNVERIFIED, NOW + i) for i in range(5)]
    names = [{s.name for s in v.signals} for v in verdicts]
    assert ["over_capacity" in n for n in names] == [False, False, False, True, True]


def test_whoever_rang_for_help_is_reached() -> None:
    live = screen()
    victim = "+447700900123"
    assert live.screen(attempt(), UNVERIFIED, NOW).action is Action.BLOCK
    pretender = attempt(victim, called="999", ingress="national")
    live.screen(pretender, UNVERIFIED, NOW)
    assert live.screen(attempt(), UNVERIFIED, NOW).action is Action.BLOCK
    live.screen(attempt(victim, called="999", ingress="customer"), UNVERIFIED, NOW)
    assert live.screen(attempt(), UNVERIFIED, NOW + 60).action is Action.LABEL
    assert live.screen(attempt(), UNVERIFIED, NOW + 3700).action is Action.BLOCK


class Known:
    def signals(self, attempt: Attempt, now: float) -> tuple[LiveSignal, ...]:
        return (LiveSignal("indicator_account", 0.95, "a platform's"),) if attempt.account == "7" else ()


class Log:
    def declared(self, attempt: Attempt, now: float) -> bool | None:
        return False if attempt.caller == "+442079460003" else None


def test_indicators_and_declared_calls() -> None:
    live = screen(indicators=Known(), declared=Log())
    assert live.screen(attempt("+447700900009"), UNVERIFIED, NOW).rule == "known spoofing service"
    assert (
        live.screen(attempt("+442079460003", account="8"), UNVERIFIED, NOW).rule
        == "the owner did not make this call"
    )
    assert live.screen(attempt("+447700900009", account="8"), UNVERIFIED, NOW).action is Action.ALLOW


def test_other_knowledge_holds_from_the_next_call_on() -> None:
    live = screen()
    live.reload(Knowledge(POLICY))
    assert live.screen(attempt(), UNVERIFIED, NOW).action is Action.ALLOW


def test_counted_elsewhere() -> None:
    live = screen('base = "gb"\nmode = "live"')
    assert [hit.meter.name for hit in live.hits(attempt(), UNVERIFIED, NOW)] == [
        "owners_per_unit", "owners_per_person", "calls_per_line", "people_per_number",
    ]  # fmt: skip
    verdict = live.screen(attempt("+447400123456"), UNVERIFIED, NOW, {"people_per_number": 301})
    assert verdict.rule == "many people an hour" and verdict.display == "Suspected spam"
