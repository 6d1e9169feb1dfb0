"""Several tokens, one verdict."""

from __future__ import annotations

import msgspec
from tests.verify.calls import BRITISH, IAT, LONDON, MOBILE, judge, shaken, signer

from ringfence.model.verification import Verdict
from ringfence.verify.opening import Judgement
from ringfence.verify.outcome import combined, header_verdict
from ringfence.verify.policy import OBSERVE

RICH = {"rcd": {"nam": "Example Bank"}, "crn": "your appointment"}


def test_nothing_to_judge() -> None:
    found = combined([], BRITISH)
    assert (found.verdict, found.reason, found.sip_status) == (Verdict.UNSIGNED, "no_identity", 428)
    assert (found.verstat, found.passports) == ("No-TN-Validation", ())


def test_the_shaken_token_speaks_first() -> None:
    plain = signer().plain(LONDON, MOBILE, IAT)
    found = judge(plain, shaken(attest="B"))
    assert (found.verdict, found.attestation) == (Verdict.VALID, "B")
    assert judge(plain).attestation is None


def test_what_failed_a_test_speaks_before_what_was_never_tested() -> None:
    gone = shaken().replace("provider.pem", "provider.pem")
    unfetched = judge(gone.replace("alg=ES256", "alg=none"), shaken("stranger"))
    assert (unfetched.reason, unfetched.verstat) == ("untrusted", "TN-Validation-Failed")


def test_unsupported_tokens_are_no_failure() -> None:
    found = judge(shaken().replace("alg=ES256", "alg=none"))
    assert (found.verdict, found.reason, found.sip_status) == (Verdict.UNSIGNED, "unsupported", 428)
    observing = msgspec.structs.replace(OBSERVE, region="GB")
    assert judge(shaken().replace("alg=ES256", "alg=none"), policy=observing).sip_status is None


def test_a_name_is_shown_only_where_it_was_proved() -> None:
    good = signer().rcd(LONDON, MOBILE, IAT, RICH)
    assert judge(good).rich == RICH
    assert judge(shaken(), signer("stranger").rcd(LONDON, MOBILE, IAT, RICH)).rich is None
    assert judge(signer("stranger").rcd(LONDON, MOBILE, IAT, RICH)).rich is None


def test_a_name_and_its_digests_come_from_one_token() -> None:
    other = {"rcd": {"nam": "Another"}, "crn": "else"}
    in_shaken = shaken(rcd={"nam": "In shaken"})
    assert judge(in_shaken).rich == {"rcd": {"nam": "In shaken"}}
    assert judge(in_shaken, signer().rcd(LONDON, MOBILE, IAT, other)).rich == other


def test_priorities_are_those_of_named_signers() -> None:
    header = signer().rph(LONDON, MOBILE, IAT, ["ets.0"], sph=True)
    found = judge(shaken(), header)
    assert (found.verdict, found.priority, found.passports[1].reason) == (
        Verdict.VALID,
        None,
        "not_authorised",
    )
    trusting = msgspec.structs.replace(BRITISH, priority_signers=("TEST",))
    found = judge(shaken(), header, policy=trusting)
    assert found.priority == {"rph": {"auth": ["ets.0"]}, "sph": "psap-callback"}
    # a priority says nothing of who calls
    assert judge(header, policy=trusting).verdict is not Verdict.VALID


def test_a_header_that_was_never_opened() -> None:
    verdict = header_verdict(Judgement())
    assert (verdict.ppt, verdict.orig, verdict.dest) == ("", None, ())
