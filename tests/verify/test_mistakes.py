"""What verifiers and signers in use have got wrong, one test for each. tests/serve/test_fetch_mistakes.py has
those of fetching."""

from __future__ import annotations

import hashlib
import hmac
import json
from email.utils import formatdate
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.verify.calls import (
    BRITISH,
    IAT,
    LONDON,
    MOBILE,
    ORIGID,
    PROVIDER,
    ROOT,
    TRUST,
    Shelf,
    call,
    judge,
    shaken,
    signer,
    verifier,
)
from tests.verify.pki import NOW, issue, revocation_list, revocation_octets

from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Step, Verdict, Verification
from ringfence.sip.identity import IdentityHeader, identity_value, parse_identity
from ringfence.verify.credential import Credentials
from ringfence.verify.crl import parse_crl
from ringfence.verify.passport import to_base64url
from ringfence.verify.signer import Signer
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier

URL = "https://certs.example.org/provider.pem"
HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": URL}
CLAIMS = {
    "attest": "A",
    "dest": {"tn": [MOBILE]},
    "iat": IAT,
    "orig": {"tn": LONDON},
    "origid": ORIGID,
}


def signed(header: object, claims: object, *, url: str = URL, ppt: str = "shaken") -> str:
    """An Identity header as someone else writes it: JSON in the order and with the spaces that are given,
    signed by the provider with the library alone. Texts are taken as JSON already."""
    octets = b".".join(
        to_base64url((part if isinstance(part, str) else json.dumps(part)).encode())
        for part in (header, claims)
    )
    r, s = decode_dss_signature(PROVIDER.key.sign(octets, ECDSA(SHA256())))
    signature = to_base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return identity_value((octets + b"." + signature).decode(), url, ppt)


def refused(found: Verification, reason: str) -> bool:
    """Whether a call's one token proves nothing, for this reason."""
    assert found.verdict is not Verdict.VALID and found.attestation is None
    assert found.verstat != "TN-Validation-Passed"
    assert found.passports[0].reason == reason, found.passports[0]
    return True


def test_someone_elses_token_is_valid_when_nothing_is_wrong_with_it() -> None:
    assert judge(signed(HEADER, CLAIMS)).attestation == "A"


@pytest.mark.parametrize("alg", ["HS256", "ES256", "none"])
@pytest.mark.parametrize("secret", ["certificate", "key", "point"])
def test_hmac_token_accepted_with_the_public_key_as_its_secret(alg: str, secret: str) -> None:
    public = PROVIDER.key.public_key()
    octets = {
        "certificate": PROVIDER.certificate.pem(),
        "key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "point": public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    }[secret]
    parts = [to_base64url(json.dumps(part).encode()) for part in (HEADER | {"alg": alg}, CLAIMS)]
    mac = hmac.digest(octets, b".".join(parts), hashlib.sha256)
    for signature in (mac, mac + mac, b""):
        token = b".".join([*parts, to_base64url(signature)]).decode()
        for said in ("alg=ES256", f"alg={alg}", ""):
            found = judge(f"{token};info=<{URL}>;{said or 'x=y'};ppt=shaken")
            assert found.verdict is not Verdict.VALID and found.passports[0].step is not None


def test_dest_never_compared() -> None:
    header = shaken()
    assert judge(header).verdict is Verdict.VALID
    victim = "sip:+447700900999@example.org"
    assert refused(judge(header, request_uri=victim, to=victim), "dest_mismatch")
    # nor is it enough that the thief copies To
    assert refused(judge(header, request_uri=victim), "retargeted_without_div")


@pytest.mark.parametrize("attest", ["Apple", "AB", "a", "", " A", "D", 1, ["A"], None])
def test_apple_accepted_as_attestation_a(attest: object) -> None:
    assert refused(judge(signed(HEADER, CLAIMS | {"attest": attest})), "bad_syntax")


@pytest.mark.parametrize("ahead", [61, 10 * 365 * 86_400, 10**15])
def test_iat_years_ahead_accepted(ahead: int) -> None:
    header = signed(HEADER, CLAIMS | {"iat": IAT + ahead})
    assert refused(judge(header), "future")
    assert refused(judge(header, date=None), "future")


@pytest.mark.parametrize("name", ["alg", "typ", "ppt", "x5u"])
def test_header_without_alg_typ_or_ppt_accepted(name: str) -> None:
    header = {key: value for key, value in HEADER.items() if key != name}
    reason = "ppt_mismatch" if name == "ppt" else "bad_syntax"
    assert refused(judge(signed(header, CLAIMS)), reason)


def _provided(by: Any = None) -> tuple[Any, Any]:
    """An intermediate, and a provider certified by it with the key that signs here."""
    middle = issue("Intermediate", by or ROOT, ca=True, path_length=0)
    return middle, issue("Provider", middle, tn_auth=TNAuthList(spcs=("TEST",)), key=PROVIDER.key)


def test_chain_lost_when_cached() -> None:
    middle, leaf = _provided()
    shelf = Shelf({URL: leaf.certificate.pem() + middle.certificate.pem()})
    judges = verifier(shelf=shelf)
    for _ in range(3):
        assert judges.verify(call(shaken()), NOW).verdict is Verdict.VALID
    assert shelf.asked == [URL]


def test_intermediates_in_x5u_ignored() -> None:
    middle, leaf = _provided()
    pems = (leaf.certificate.pem(), middle.certificate.pem())
    whole = verifier(shelf=Shelf({URL: b"".join(pems)})).verify(call(shaken()), NOW)
    assert whole.verdict is Verdict.VALID
    alone = verifier(shelf=Shelf({URL: pems[0]})).verify(call(shaken()), NOW)
    assert refused(alone, "untrusted") and alone.passports[0].step is Step.CHAIN
    # and what comes along is no root by coming along
    false = issue("Other root", ca=True)
    middle, leaf = _provided(false)
    body = b"".join(issued.certificate.pem() for issued in (leaf, middle, false))
    assert refused(verifier(shelf=Shelf({URL: body})).verify(call(shaken()), NOW), "untrusted")


def test_date_demanded() -> None:
    assert judge(shaken(), date=None).verdict is Verdict.VALID
    assert judge(shaken(), date="").verdict is Verdict.VALID
    # but one that is there must agree
    assert refused(judge(shaken(), date=formatdate(NOW - 3600, usegmt=True)), "date_mismatch")


def test_crl_signature_never_checked() -> None:
    def with_list(*crls: Any) -> Verification:
        judges = Verifier(Credentials(Shelf(), TRUST, crls), BRITISH)
        return judges.verify(call(shaken()), NOW)

    assert refused(with_list(revocation_list(ROOT, PROVIDER)), "revoked")
    # a list of the root's name under another key revokes nothing
    false = issue("Root", ca=True)
    assert with_list(revocation_list(false, PROVIDER)).verdict is Verdict.VALID
    octets = bytearray(revocation_octets(ROOT, PROVIDER))
    octets[-1] ^= 1
    damaged = parse_crl(bytes(octets))
    assert not isinstance(damaged, Rejected)
    assert with_list(damaged).verdict is Verdict.VALID
    # nor does it clear anything where lists are demanded
    demanding = Credentials(Shelf(), TRUST, (revocation_list(false),), need_revocation_list=True)
    assert refused(Verifier(demanding, BRITISH).verify(call(shaken()), NOW), "revocation_unknown")
    # the list of a signer that is trusted for lists speaks for other issuers
    signs_lists = issue("Lists", usage=("crl_sign",), ca=True)
    indirect = revocation_list(signs_lists, PROVIDER, indirect=True)
    assert with_list(indirect).verdict is Verdict.VALID
    trusting = TrustStore(TRUST.roots, (signs_lists.certificate,))
    judges = Verifier(Credentials(Shelf(), trusting, (indirect,)), BRITISH)
    assert refused(judges.verify(call(shaken()), NOW), "revoked")


def test_json_rebuilt_before_verification() -> None:
    extra = CLAIMS | {"example": {"b": [1, 2.50, "\u00e9/"], "a": None}}
    orders = (
        dict(reversed(HEADER.items())),
        dict(reversed(extra.items())),
    )
    assert judge(signed(*orders)).verdict is Verdict.VALID
    spaced = json.dumps(extra, indent=2)
    assert judge(signed(json.dumps(HEADER, indent=1), spaced)).verdict is Verdict.VALID
    # escapes that a writer need not use, and a slash that some write as \/
    claims = json.dumps(CLAIMS).replace("attest", "\\u0061ttest")
    assert judge(signed(json.dumps(HEADER).replace("/", "\\/"), claims)).attestation == "A"


def test_a_limit_of_2000_bytes() -> None:
    card = {"nam": "Example Bank", "jcd": ["vcard", [["note", {}, "text", "x" * 6000]]]}
    rich = shaken(rcd=card)
    assert len(rich) > 8000 and judge(rich).verdict is Verdict.VALID
    nested = signer().div_o(rich, "447700900456")
    assert isinstance(nested, str) and len(nested) > 10_000
    assert judge(nested, request_uri="sip:+447700900456@example.org").verdict is Verdict.VALID


def test_a_signature_spelt_in_two_ways() -> None:
    """None of the list, but its like: of the last character of 64 bytes in base64url four bits are unused."""
    token, _, parameters = shaken().partition(";")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    valid = [end for end in alphabet if judge(f"{token[:-1]}{end};{parameters}").verdict is Verdict.VALID]
    assert valid == [token[-1]]


def test_an_info_url_with_an_equals_sign_dropped() -> None:
    url = "https://certs.example.org/a=b;v=1/provider.pem"
    header = signed(HEADER | {"x5u": url}, CLAIMS, url=url)
    assert parse_identity(header) == IdentityHeader(header.partition(";")[0], url, "ES256", "shaken")
    shelf = Shelf({url: PROVIDER.certificate.pem()})
    assert verifier(shelf=shelf).verify(call(header), NOW).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "value",
    [
        "{token}",
        "{token} info=<{url}>",
        "{token};info=<{url}>alg=ES256",
        "{token};info=<{url}",
        "{token};info={url}",
        "{token};",
        "{token};;",
        "{token};=",
        "{token};info",
        "{token};info=",
        "{token};info=<>",
        ";info=<{url}>",
        ";",
        "",
        "=",
        "<",
        ".;.;.",
        "..;..",
    ],
)
def test_a_missing_semicolon_that_crashed_the_parser(value: str) -> None:
    token = shaken().partition(";")[0]
    found = judge(value.format(token=token, url=URL))
    assert refused(found, "bad_syntax") and found.sip_status in (436, 438)


def test_a_key_and_certificate_that_do_not_match_found_only_in_production() -> None:
    certificate = issue("Provider", tn_auth=TNAuthList(spcs=("TEST",)))
    other = issue("Other", tn_auth=TNAuthList(spcs=("TEST",)))
    Signer(certificate.key, [certificate.certificate], URL, now=NOW)
    with pytest.raises(ConfigError, match="not that of certificate"):
        Signer(other.key, [certificate.certificate], URL, now=NOW)
