"""Verification, step by step: what each refuses, and that nothing before or after it does."""

from __future__ import annotations

from email.utils import formatdate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.calls import (
    BRITISH,
    FORWARD,
    FURTHER,
    IAT,
    LONDON,
    MOBILE,
    ORIGID,
    PROVIDER,
    Shelf,
    call,
    judge,
    shaken,
    signer,
    verifier,
)
from tests.verify.pki import NOW

from ringfence.model.verification import Step, Verdict, Verification
from ringfence.sip.identity import parse_identity
from ringfence.verify.credential import BareKey
from ringfence.verify.passport import parse_token
from ringfence.verify.policy import FRANCE, OBSERVE, SHAKEN, Policy
from ringfence.verify.reasons import REASONS
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.verifier import MAX_HEADERS, Verifier

TO_FORWARD = {"request_uri": f"sip:+{FORWARD}@example.org"}


def passport(header: object):  # type: ignore[no-untyped-def]
    return parse_token(parse_identity(str(header)).token)  # type: ignore[union-attr]


def policy(**settings: object) -> Policy:
    return msgspec.structs.replace(BRITISH, **settings)


def stopped(found: Verification, reason: str, step: Step) -> bool:
    """Whether the one header of a call stopped here, and the call with it, under a strict policy."""
    one = found.passports[0]
    assert (one.reason, one.step, found.reason) == (reason, step, reason), found
    assert one.sip_status == REASONS[reason].status or reason == "bad_syntax"
    assert found.sip_status == one.sip_status
    failed = "TN-Validation-Failed" if REASONS[reason].checked else "No-TN-Validation"
    assert found.verstat == failed
    assert found.attestation is None and found.rich is None
    return True


def test_a_call_that_was_signed_for() -> None:
    found = judge(shaken())
    assert found.verdict is Verdict.VALID
    assert (found.attestation, found.origid, found.orig, found.dest) == ("A", ORIGID, LONDON, (MOBILE,))
    assert (found.signer, found.verstat, found.sip_status) == ("TEST", "TN-Validation-Passed", None)


def test_no_header() -> None:
    found = judge()
    assert (found.verdict, found.reason, found.sip_status) == (Verdict.UNSIGNED, "no_identity", 428)
    assert judge(policy=SHAKEN).sip_status is None and judge(policy=FRANCE).sip_status == 428


def test_1_header() -> None:
    assert stopped(judge("no header at all"), "bad_syntax", Step.HEADER)
    assert judge(shaken().partition(";")[0]).passports[0].sip_status == 436  # no info


def test_2_token() -> None:
    assert stopped(judge(shaken().replace("ppt=shaken", "ppt=div")), "ppt_mismatch", Step.TOKEN)
    elsewhere = shaken().replace("/provider.pem>", "/narrow.pem>")
    assert stopped(judge(elsewhere), "info_mismatch", Step.TOKEN)
    assert judge(shaken().replace("alg=ES256", "alg=RS256")).verdict is Verdict.UNSIGNED


def test_3_claims() -> None:
    header, _, rest = shaken().partition(".")
    body, _, end = rest.partition(".")
    whole = body[: len(body) // 4 * 4 - 4]  # of groups of four, so that octets are missing and no bits
    assert stopped(judge(f"{header}.{whole}.{end}"), "bad_syntax", Step.CLAIMS)


@pytest.mark.parametrize(
    ("iat", "reason"),
    [(IAT - 61, "stale"), (IAT + 61, "future"), (IAT + 10 * 365 * 86_400, "future"), (0, "stale")],
)
def test_4_freshness(iat: int, reason: str) -> None:
    assert stopped(judge(shaken(iat=iat), date=None), reason, Step.FRESHNESS)


def test_4_the_date_of_the_call() -> None:
    far = formatdate(NOW + 120, usegmt=True)
    assert stopped(judge(shaken(), date=far), "date_mismatch", Step.FRESHNESS)
    assert judge(shaken(), date=far, policy=policy(date="ignore")).verdict is Verdict.VALID
    assert judge(shaken(), date=None).verdict is Verdict.VALID
    assert judge(shaken(), date="yesterday").passports[0].notes == ("bad_date",)


def test_5_binding() -> None:
    other_caller = judge(shaken(), caller=f"sip:+{FURTHER}@example.net")
    assert stopped(other_caller, "orig_mismatch", Step.BINDING)
    assert LONDON in other_caller.detail and FURTHER in other_caller.detail
    both = {"request_uri": f"sip:+{FURTHER}@example.org", "to": f"sip:+{FURTHER}@example.org"}
    assert stopped(judge(shaken(), **both), "dest_mismatch", Step.BINDING)
    assert stopped(judge(shaken(), **TO_FORWARD), "retargeted_without_div", Step.BINDING)
    nobody = judge(shaken(), caller="sip:anonymous@anonymous.invalid")
    assert stopped(nobody, "anonymous", Step.BINDING)


def test_5_what_the_network_asserts_stands_before_from() -> None:
    asserted = {"caller": "sip:anonymous@anonymous.invalid", "asserted": (f"tel:+{LONDON}",)}
    assert judge(shaken(), **asserted).verdict is Verdict.VALID


def test_5_to_alone_passes_where_the_policy_says_so() -> None:
    found = judge(shaken(), policy=policy(accept_to=True), **TO_FORWARD)
    assert found.verdict is Verdict.VALID
    assert found.passports[0].notes == ("retargeted_without_div",)


def test_5_diversions() -> None:
    first = signer().div(passport(shaken()), FORWARD)
    assert judge(shaken(), first, **TO_FORWARD).verdict is Verdict.VALID
    assert judge(first, shaken(), **TO_FORWARD).verdict is Verdict.VALID
    # a div for nobody's diversion says so, and changes nothing
    beside = judge(shaken(), first)
    assert beside.verdict is Verdict.VALID and beside.passports[1].reason == "dest_mismatch"
    # a diversion by one who may not divert
    false = signer("stranger").div(passport(shaken()), FORWARD)
    found = judge(shaken(), false, **TO_FORWARD)
    assert [p.reason for p in found.passports] == ["dest_mismatch", "untrusted"]
    # a diverted token alone proves no caller
    assert judge(first, **TO_FORWARD).verdict is Verdict.INVALID


def test_5_a_diverter_must_hold_its_number() -> None:
    by_holder = signer("mobiles").div(passport(shaken()), FORWARD)
    assert judge(shaken(), by_holder, **TO_FORWARD).verdict is Verdict.VALID
    to_london = shaken(dest={"tn": [LONDON]}, orig={"tn": MOBILE})
    by_other = signer("mobiles").div(passport(to_london), FORWARD)
    found = judge(to_london, by_other, caller=f"tel:+{MOBILE}", to=f"tel:+{LONDON}", **TO_FORWARD)
    assert [p.reason for p in found.passports] == ["dest_mismatch", "not_authorised"]


def test_5_tokens_inside_tokens() -> None:
    nested = signer().div_o(shaken(), FORWARD)
    found = judge(nested, **TO_FORWARD)
    assert (found.verdict, found.attestation) == (Verdict.VALID, "A")
    false = signer().div_o(shaken("stranger"), FORWARD)
    assert stopped(judge(false, **TO_FORWARD), "untrusted", Step.CHAIN)
    old = judge(signer().div_o(shaken(iat=IAT - 100), FORWARD), date=None, **TO_FORWARD)
    assert old.verdict is Verdict.INVALID


def test_5_a_priority_inside_a_diversion_names_no_caller() -> None:
    nested = signer().div_o(str(signer().rph(LONDON, MOBILE, IAT, ["ets.0"])), FORWARD)
    trusting = policy(priority_signers=("TEST",))
    assert judge(nested, policy=trusting, **TO_FORWARD).verdict is not Verdict.VALID


def test_5_transfers_may_take_longer() -> None:
    old = shaken(iat=IAT - 3600)
    first = signer().div(passport(old), FORWARD, iat=IAT)
    assert judge(old, first, date=None, **TO_FORWARD).verdict is Verdict.INVALID
    patient = policy(max_age_diverted=10_800.0)
    assert judge(old, first, date=None, policy=patient, **TO_FORWARD).verdict is Verdict.VALID
    assert judge(old, date=None, policy=patient).reason == "stale"  # not diverted, not forgiven


def test_6_certificate() -> None:
    shelf = Shelf({"https://certs.example.org/provider.pem": b"<html>"})
    assert stopped(verifier(shelf=shelf).verify(call(shaken()), NOW), "bad_certificate", Step.CERTIFICATE)
    shelf.bodies.clear()
    gone = verifier(shelf=Shelf({"https://else.example/": b""})).verify(call(shaken()), NOW)
    assert stopped(gone, "no_certificate", Step.CERTIFICATE)


def test_7_chain() -> None:
    assert stopped(judge(shaken("stranger")), "untrusted", Step.CHAIN)


def test_8_signature() -> None:
    token, _, parameters = shaken().partition(";")
    head, _, signature = token.rpartition(".")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert stopped(judge(f"{head}.{changed};{parameters}"), "bad_signature", Step.SIGNATURE)


def test_9_authority() -> None:
    found = judge(shaken("mobiles"))
    assert stopped(found, "not_authorised", Step.AUTHORITY)
    assert LONDON in found.detail
    assert stopped(judge(shaken("narrow")), "constraint_violated", Step.AUTHORITY)
    assert judge(shaken("narrow", attest="B")).attestation == "B"


def test_10_replay() -> None:
    memory = ReplayMemory()
    judges = Verifier(verifier().credentials, BRITISH, memory)
    header = shaken()
    assert judges.verify(call(header), NOW).passports[0].notes == ()
    assert judges.verify(call(header), NOW + 1).passports[0].notes == ("repeated",)
    memory.answered("1@example.net")
    assert judges.verify(call(header), NOW + 2).verdict is Verdict.VALID
    stolen = call(header, source="198.51.100.9", call_id="2@example.com")
    assert stopped(judges.verify(stolen, NOW + 3), "replayed", Step.REPLAY)
    noting = Verifier(judges.credentials, policy(replay="note"), memory)
    assert noting.verify(stolen, NOW + 4).passports[0].notes == ("replayed",)


def test_one_valid_token_is_enough() -> None:
    found = judge("rubbish", shaken("stranger"), shaken())
    assert found.verdict is Verdict.VALID
    assert [p.reason for p in found.passports] == ["bad_syntax", "untrusted", ""]


def test_a_flood_of_headers_costs_no_flood_of_work() -> None:
    shelf = Shelf()
    found = verifier(shelf=shelf).verify(call(*[shaken("stranger")] * 50), NOW)
    assert len(found.passports) == MAX_HEADERS and len(shelf.asked) == 1


def test_what_will_be_asked_for() -> None:
    nested = signer().div_o(shaken("mobiles"), FORWARD)
    there = call(nested, shaken(), "rubbish", nested, request_uri=f"sip:+{FORWARD}@example.org")
    asked = verifier().begin(there, NOW).addresses()
    assert asked == ["https://certs.example.org/provider.pem", "https://certs.example.org/mobiles.pem"]


def test_many_calls_each_at_its_time() -> None:
    calls = [(call(shaken()), NOW), (call(shaken()), NOW + 100), (call(), NOW)]
    verdicts = [v.reason for v in verifier().verify_many(calls)]
    assert verdicts == ["", "stale", "no_identity"]


def test_signatures_alone() -> None:
    stale = call(shaken(iat=1), caller="sip:nobody@example.org")
    judges = Verifier(BareKey(PROVIDER.key.public_key()), BRITISH)
    assert judges.signatures(stale, NOW).verdict is Verdict.VALID
    assert judges.signatures(call(shaken("stranger")), NOW).reason == "bad_signature"


def test_a_trial_refuses_nothing() -> None:
    found = judge(shaken("stranger"), policy=msgspec.structs.replace(OBSERVE, region="GB"))
    assert (found.verdict, found.reason, found.sip_status) == (Verdict.INVALID, "untrusted", None)
    assert found.passports[0].sip_status == 437


GOOD = shaken()


@given(at=st.integers(0, len(GOOD) - 1), letter=st.characters(min_codepoint=32, max_codepoint=126))
def test_no_changed_character_makes_another_call_valid(at: int, letter: str) -> None:
    found = judge(GOOD[:at] + letter + GOOD[at + 1 :])
    if found.verdict is Verdict.VALID:
        # only what stands outside the token may differ: spaces, the case of names
        assert parse_identity(GOOD[:at] + letter + GOOD[at + 1 :]).token == parse_identity(GOOD).token  # type: ignore[union-attr]


@given(st.lists(st.text(max_size=80), max_size=3), st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_call_carries_is_a_value(headers: list[str], uri: str, date: str) -> None:
    found = judge(*headers, request_uri=uri, to=uri, caller=uri, date=date)
    assert found.verdict is not Verdict.VALID
