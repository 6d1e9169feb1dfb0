from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.verify.pki import DAY, NOW, Issued, issue

from ringfence.errors import ConfigError
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.signature import signature_holds
from ringfence.verify.signing_key import SigningKey
from ringfence.verify.tnauthlist import TNAuthList

X5U = "https://certs.example.org/sp.pem"
PROVIDER = TNAuthList(spcs=("TEST",))
LONDON = TNAuthList(ranges=(("442079460000", 1000),))


def loaded(issued: Issued, *above: Issued, **options: Any) -> SigningKey:
    certificates = [issued.certificate, *(i.certificate for i in above)]
    return SigningKey(issued.key, certificates, options.pop("x5u", X5U), **{"now": NOW} | options)


def provider(**options: Any) -> Issued:
    return issue("TEST SP", **{"tn_auth": PROVIDER} | options)


def test_files_of_the_test_authority_are_taken() -> None:
    files = issue_test_authority(NOW)
    for name in ("sp", "tn", "delegate", "limited"):
        key = SigningKey(files[f"{name}.key"], files[f"{name}-chain.pem"], X5U, now=NOW)
        assert key.in_force(NOW) and not key.in_force(NOW + 8 * DAY)
        public = key.certificates[0].key
        assert public is not None and signature_holds(public, key.sign(b"x"), b"x")


def test_raw_signatures_are_64_bytes_whatever_the_integers() -> None:
    key = loaded(provider())
    public = key.certificates[0].key
    assert public is not None
    # one in 128 has an integer with leading zeros
    for number in range(600):
        octets = b"%d" % number
        signature = key.sign(octets)
        assert len(signature) == 64 and signature_holds(public, signature, octets)


def test_a_delegate_that_oversteps_its_parent_is_refused_at_start() -> None:
    files = issue_test_authority(NOW)
    with pytest.raises(ConfigError, match="its parent has not"):
        SigningKey(files["outside.key"], files["outside-chain.pem"], X5U, now=NOW)


def test_a_key_of_another_certificate_is_refused_at_start() -> None:
    one, two = provider(), provider()
    with pytest.raises(ConfigError, match="not that of certificate CN=TEST SP") as raised:
        SigningKey(one.key, [two.certificate], X5U, now=NOW)
    assert "\n" not in str(raised.value)


def pem(key: Any, password: bytes | None = None) -> bytes:
    hiding = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    octets = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hiding)
    assert isinstance(octets, bytes)
    return octets


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (b"nothing", "no private key in PEM"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "not on P-256"),
        (pem(rsa.generate_private_key(65537, 2048)), "not on P-256"),
        (pem(ec.generate_private_key(ec.SECP256R1()), b"secret"), "encrypted"),
    ],
)
def test_keys_that_es256_cannot_use(key: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SigningKey(key, [provider().certificate], X5U, now=NOW)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"end": NOW - 60}, "expired at"),
        ({"start": NOW + 60}, "not in force before"),
        ({"ca": True}, "a CA's"),
        ({"usage": ("key_agreement",)}, "digitalSignature"),
        ({"key": ec.generate_private_key(ec.SECP384R1())}, "P-256"),
        ({"tn_auth": b"\x30\x00"}, "TNAuthList"),
        ({"limits": b"\x30\x00"}, "constraints"),
        ({"extra": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), True)]}, "1.2.3"),
    ],
)
def test_certificates_that_verifiers_would_refuse(options: dict[str, Any], said: str) -> None:
    issued = provider(**options)
    key = issued.key if isinstance(issued.key.curve, ec.SECP256R1) else provider().key
    with pytest.raises(ConfigError, match=said):
        SigningKey(key, [issued.certificate], X5U, now=NOW)
    with pytest.raises(ConfigError, match="certificate can't be used"):
        SigningKey(key, b"nothing", X5U, now=NOW)


@pytest.mark.parametrize(
    "x5u",
    [
        "",
        "sp.pem",
        "file:///sp.pem",
        "http://certs.example.org/sp.pem",
        "https://certs.example.org:9000/sp.pem",
        "https://certs.example.org/sp.pem?version=1",
        "https://certs.example.org/sp.pem#top",
        "https://me@certs.example.org/sp.pem",
        "https://certs.example.org/>;info=<x",
        "https://certs.example.org:port/sp.pem",
        "https://[::1/sp.pem",
    ],
)
def test_addresses_that_verifiers_do_not_ask(x5u: str) -> None:
    with pytest.raises(ConfigError, match="x5u"):
        loaded(provider(), x5u=x5u)


def test_addresses_for_trials() -> None:
    loaded(provider(), x5u="https://certs.example.org:8443/sp.pem")
    assert loaded(provider(), x5u="http://127.0.0.1:8000/sp.pem", allow_http=True).x5u


def test_intermediates_must_be_the_issuers() -> None:
    root = issue("ROOT", ca=True)
    ca = issue("CA", root, ca=True)
    leaf = issue("LEAF", ca, tn_auth=PROVIDER)
    loaded(leaf, root, ca)  # in any order
    with pytest.raises(ConfigError, match="CN=STRANGER did not issue"):
        loaded(leaf, ca, issue("STRANGER", ca=True))
    with pytest.raises(ConfigError, match="expired"):
        loaded(issue("LEAF", short := issue("CA", root, ca=True, end=NOW - 1), tn_auth=PROVIDER), short)


def test_a_key_may_start_later() -> None:
    issued = provider(start=NOW + 60, end=NOW + DAY)
    key = loaded(issued, starts=NOW + 120)
    assert [key.in_force(NOW + s) for s in (60, 119, 120, DAY, DAY + 1)] == [False, False, True, True, False]
    with pytest.raises(ConfigError, match="not in force before"):
        loaded(issued, starts=NOW + 30)
    with pytest.raises(ConfigError, match="before its key starts"):
        loaded(issued, starts=NOW + 2 * DAY)


def test_numbers_and_names_that_are_covered() -> None:
    ranged = loaded(issue("TEST", tn_auth=LONDON))
    assert ranged.covers("442079460123") and not ranged.covers("447700900123")
    anywhere = loaded(provider())
    assert anywhere.covers("442079460123") and anywhere.name == "TEST"
    told = loaded(provider(), spc_numbers={"TEST": ["+4477009"], "OTHER": ["44"]})
    assert told.covers("447700900123") and not told.covers("442079460123")
    none = loaded(provider(), spc_numbers={})
    assert not none.covers("447700900123")
    host = x509.SubjectAlternativeName([x509.DNSName("Example.org")])
    named = loaded(issue("example.org", extra=[(host, False)]))
    assert named.covers("sip:alice@example.org") and not named.covers("sip:alice@example.com")
    assert not named.covers("442079460123") and named.name == "CN=example.org"
    uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("sip:alice@example.org")])
    alone = loaded(issue("alice", extra=[(uri, False)]))
    assert alone.covers("sip:alice@example.org") and not alone.covers("sip:bob@example.org")


def test_constraints_of_every_certificate_count() -> None:
    ca = issue("CA", ca=True, limits=ClaimConstraints(permitted={"attest": ("B", "C")}))
    key = loaded(issue("LEAF", ca, tn_auth=PROVIDER, limits=ClaimConstraints(("origid",))), ca)
    base = {"iat": 1, "orig": {}, "dest": {}, "origid": "x"}
    assert key.violation(base | {"attest": "B"}) is None
    assert "attest" in (key.violation(base | {"attest": "A"}) or "")
    del base["origid"]
    assert "origid" in (key.violation(base) or "")
