"""Tokens that a hard reader made pass, or that made a verifier fail: each refused by now."""

from __future__ import annotations

from email.utils import formatdate

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.verify.calls import (
    BRITISH,
    FORWARD,
    FURTHER,
    IAT,
    LONDON,
    MOBILE,
    MOBILES,
    NOW,
    PROVIDER,
    ROOT,
    TRUST,
    Shelf,
    call,
    judge,
    shaken,
    signer,
    verifier,
)  # fmt: skip
from tests.verify.pki import issue, revocation_list

from ringfence.model.passport import Claims, Passport
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Step, Verdict
from ringfence.sip.call import call_of
from ringfence.sip.identity import identity_value
from ringfence.sip.message import Message, parse
from ringfence.verify.credential import Credentials
from ringfence.verify.passport import parse_token, read_claims, signing_input, to_token
from ringfence.verify.verifier import Verifier


@pytest.mark.parametrize("iat", ["1" + "0" * 400, "-1", "1e300", "9007199254740993"], ids=len)
def test_an_iat_that_no_clock_shows(iat: str) -> None:
    payload = f'{{"attest":"A","dest":{{"tn":["1"]}},"iat":{iat},"orig":{{"tn":"2"}},"origid":"x"}}'
    found = read_claims(payload.encode(), "shaken")
    assert isinstance(found, Rejected) and found.reason == "bad_syntax"


@pytest.mark.parametrize(
    "payload",
    [
        '{"attest":"C","attest":"A","dest":{"tn":["1"]},"div":{},"iat":1,"orig":{"tn":"2"},"origid":"x"}',
        '{"attest":"A","dest":{"tn":["1"]},"div":{},"iat":1,"orig":{"tn":"3","tn":"2"},"origid":"x"}',
        '{"attest":"A","dest":{"tn":["1"]},"iat":1,"orig":{"tn":"3"},"orig":{"tn":"2"},"origid":"x"}',
    ],
    ids=["attest", "orig.tn", "orig"],
)
def test_a_name_twice_behind_an_empty_div(payload: str) -> None:
    assert not isinstance(read_claims(payload.encode(), "shaken"), Claims)


def _forged(**claims: object) -> str:
    """What `Signer` refuses to sign, by the provider's key."""
    whole = {"attest": "A", "dest": {"tn": [MOBILE]}, "iat": IAT, "origid": "x"} | claims
    url = "https://certs.example.org/provider.pem"
    signed = signing_input("shaken", url, whole)
    r, s = decode_dss_signature(PROVIDER.key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return identity_value(to_token(signed, r.to_bytes(32, "big") + s.to_bytes(32, "big")), url, "shaken")


def test_a_number_before_a_domain_is_a_number() -> None:
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("sip:evil.example")])
    of_domain = issue(
        "Domain", ROOT, tn_auth=MOBILES.certificate.tn_auth, key=PROVIDER.key, extra=[(names, False)]
    )
    uri = f"sip:+{LONDON}@evil.example"
    url = "https://certs.example.org/provider.pem"
    shelf = Shelf({url: of_domain.certificate.pem()})
    for form in (uri, f"sip:0{LONDON[2:]}@evil.example"):
        header = _forged(orig={"uri": form})
        signed = msgspec.structs.replace(call(header), caller=f"{form};user=phone")
        found = Verifier(Credentials(shelf, TRUST), BRITISH).verify(signed, NOW)
        assert found.verdict is Verdict.INVALID and found.verstat != "TN-Validation-Passed"


def test_each_number_that_the_network_asserts() -> None:
    two = (f"sip:+{FURTHER}@x.example", f"tel:+{LONDON}")
    assert judge(shaken(), asserted=two).reason == "orig_mismatch"
    assert judge(shaken(), asserted=two[::-1]).reason == "orig_mismatch"
    same = (f"sip:+{LONDON}@x.example;user=phone", f"tel:+{LONDON}")
    assert judge(shaken(), asserted=same).verdict is Verdict.VALID
    assert judge(shaken(), asserted=("", f"tel:+{LONDON}")).reason == "orig_mismatch"


def _invite(*more: str) -> Message:
    lines = [
        f"INVITE sip:+{MOBILE}@example.org SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
        f"To: <sip:+{MOBILE}@example.org>", "Call-ID: 1", "CSeq: 1 INVITE", *more, "", "",
    ]  # fmt: skip
    message = parse("\r\n".join(lines).encode())
    assert isinstance(message, Message)
    return message


def test_fields_that_may_come_once() -> None:
    one, two = f"From: <sip:+{LONDON}@h>;tag=1", f"f: <sip:+{FURTHER}@h>;tag=2"
    assert call_of(_invite(one)).caller.startswith(f"sip:+{LONDON}")
    for order in ((one, two), (two, one)):
        assert call_of(_invite(*order)).caller == ""
    assert call_of(_invite(one, "t: <sip:1@h>")).to == ""
    asserted = call_of(_invite(one, f"P-Asserted-Identity: %%, <tel:+{LONDON}>")).asserted
    assert asserted == ("", f"tel:+{LONDON}")


@pytest.mark.parametrize(
    "shown",
    [f"sip:+{LONDON[:-1]}.{LONDON[-1]}0@h", f"tel:bank44x{LONDON[2:]}", f"sip:+{LONDON};x=@h@evil.example"],
)
def test_spellings_that_are_another_number(shown: str) -> None:
    assert judge(shaken(), caller=shown).verdict is Verdict.INVALID


def test_an_address_with_two_hosts() -> None:
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("sip:evil.example")])
    of_domain = issue("Domain", ROOT, key=PROVIDER.key, extra=[(names, False)])
    shelf = Shelf({"https://certs.example.org/provider.pem": of_domain.certificate.pem()})
    for uri in ("sip:ceo@bank.example;x=@evil.example", "sip:ceo@bank.example?x=@evil.example"):
        header = _forged(orig={"uri": uri})
        found = Verifier(Credentials(shelf, TRUST), BRITISH).verify(call(header, caller=uri), NOW)
        assert found.verdict is Verdict.INVALID
    honest = call(_forged(orig={"uri": "sip:ceo@evil.example"}), caller="sip:ceo@evil.example")
    assert Verifier(Credentials(shelf, TRUST), BRITISH).verify(honest, NOW).verdict is Verdict.VALID


def test_the_date_of_a_call_that_was_not_diverted() -> None:
    patient = msgspec.structs.replace(BRITISH, max_age_diverted=3 * 3600.0)
    old = formatdate(NOW - 3600, usegmt=True)
    assert judge(shaken(), policy=patient, date=old).reason == "date_mismatch"


def test_a_region_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="region"):
        msgspec.convert(msgspec.to_builtins(BRITISH) | {"region": "ZZ"}, type(BRITISH))


def _token(header: str) -> Passport:
    read = parse_token(header.partition(";")[0])
    assert isinstance(read, Passport)
    return read


def test_a_strangers_div_spoils_no_call() -> None:
    first = shaken()
    good = str(signer().div(_token(first), FORWARD))
    forged = str(signer("stranger").div(_token(first), FORWARD))
    for order in ((first, forged, good), (forged, first, good), (first, good, forged)):
        found = judge(*order, request_uri=f"sip:+{FORWARD}@example.org")
        assert found.verdict is Verdict.VALID, found
    found = judge(first, forged, request_uri=f"sip:+{FORWARD}@example.org")
    assert found.reason == "dest_mismatch"


def test_what_cannot_be_true_is_not_fetched() -> None:
    judges = verifier()
    stale, elsewhere = shaken(iat=IAT - 3600), shaken(dest={"tn": [FURTHER]})
    junk = [f"junk;info=<https://h{i}.example/a.pem>" for i in range(12)]
    assert judges.begin(call(stale, elsewhere, *junk), NOW).addresses() == []


def test_a_revocation_list_that_ran_out() -> None:
    lists = [revocation_list(ROOT, start=NOW - 10, end=NOW + 100)]
    needs = msgspec.structs.replace(BRITISH, need_revocation_list=True, max_age=7200.0)
    judges = verifier(needs, Shelf(lasts=50), crls=lists, need_revocation_list=True)
    without = {"date": None}
    assert judges.verify(call(shaken(), **without), NOW).verdict is Verdict.VALID
    assert judges.verify(call(shaken(), **without), NOW + 60).verdict is Verdict.VALID
    assert judges.verify(call(shaken(), **without), NOW + 120).reason == "revocation_unknown"


def test_signatures_alone_pass_nothing_on() -> None:
    found = Verifier(Credentials(Shelf(), TRUST), BRITISH).signatures(call(shaken()), NOW)
    assert (found.verdict, found.verstat) == (Verdict.VALID, "No-TN-Validation")


def test_priorities_that_were_not_granted() -> None:
    header = str(signer().rph(LONDON, MOBILE, IAT, ["ets.0"]))
    polite = msgspec.structs.replace(BRITISH, priority_signers=("TEST",))
    assert judge(header, policy=polite, resource_priority=("ets.0",)).priority == {"rph": {"auth": ["ets.0"]}}
    found = judge(header, policy=polite, resource_priority=("wps.0",))
    assert (found.passports[0].reason, found.passports[0].step) == ("priority_mismatch", Step.BINDING)
    assert found.priority is None
