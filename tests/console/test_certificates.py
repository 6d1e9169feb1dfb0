from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.verify.pki import DAY, NOW, issue, raw_extension

from ringfence.console.certificates import certificate_card, certificate_row, iso, role, span, span_words
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.tnauthlist import TNAuthList

BLOCK = TNAuthList(ranges=(("447700900000", 1000),))
ROOT = issue("TEST ONLY root", ca=True)
CA = issue("TEST ONLY CA", ROOT, ca=True, path_length=1)
PARENT = issue("TEST ONLY parent", CA, ca=True, path_length=0, tn_auth=BLOCK)
DELEGATE = issue("TEST ONLY delegate", PARENT, tn_auth=TNAuthList(numbers=("447700900123",)))
SIGNER = issue(
    "TEST ONLY signer",
    CA,
    tn_auth=TNAuthList(("TEST", "7000"), (("12025550100", 100),), ("447700900123",)),
    limits=ClaimConstraints(("attest",), {"attest": ("B", "C")}, ("rcd",)),
)
ALL = [c.certificate for c in (DELEGATE, PARENT, CA, ROOT)]


def row(issued: Any, others: Any = (), now: float = NOW) -> dict[str, Any]:
    found = certificate_row(issued.certificate, others, now)
    json.dumps(found)  # plain values alone
    return found


def test_the_row_of_a_signer() -> None:
    found = row(SIGNER, [SIGNER.certificate, CA.certificate])
    assert (found["role"], found["issued_by"]) == ("signer", 2)
    assert (found["subject"], found["issuer"]) == ("CN=TEST ONLY signer", "CN=TEST ONLY CA")
    assert (found["spcs"], found["ranges"]) == (["TEST", "7000"], [["12025550100", 100]])
    assert found["numbers"] == ["447700900123"]
    assert found["constraints"] == {
        "must_include": ["attest"],
        "permitted": {"attest": ["B", "C"]},
        "must_exclude": ["rcd"],
    }
    assert (found["not_before"], found["not_after"]) == ("2026-02-28T12:00:00Z", "2026-03-02T12:00:00Z")
    assert (found["state"], found["days_left"], found["key"]) == ("in_force", 1.0, "P-256")
    assert (found["key_usage"], found["is_ca"], found["faults"]) == (["digitalSignature"], False, [])
    assert int(found["serial"], 16) == SIGNER.certificate.serial


def test_where_each_stands() -> None:
    rows = [certificate_row(certificate, ALL, NOW) for certificate in ALL]
    assert [r["role"] for r in rows] == ["delegate", "delegate CA", "intermediate", "root"]
    assert [r["issued_by"] for r in rows] == [2, 3, 4, "itself"]
    # by name alone nobody is an issuer
    other = issue("TEST ONLY CA", ROOT, ca=True)
    assert row(SIGNER, [other.certificate])["issued_by"] is None
    assert role(issue("TEST ONLY").certificate, None) == "end entity"


@pytest.mark.parametrize(
    ("now", "state", "words"),
    [
        (NOW, "in_force", "24 hours left"),
        (NOW + DAY - 60, "in_force", "1 minute left"),
        (NOW + 3.9 * DAY, "expired", "expired 2 days ago"),
        (NOW - 2 * DAY, "not_yet_valid", "not yet"),
    ],
)
def test_validity(now: float, state: str, words: str) -> None:
    found = span(NOW - DAY, NOW + DAY, now)
    assert found["state"] == state and words in span_words(found)
    assert "2026-02-28 12:00 to 2026-03-02 12:00 UTC" in span_words(found)


def test_a_list_may_have_no_end() -> None:
    found = span(NOW, None, NOW)
    assert (found["state"], found["days_left"]) == ("in_force", None) and "no said end" in span_words(found)


def test_times_of_any_year() -> None:
    assert iso(253_402_300_799) == "9999-12-31T23:59:59Z" and iso(-1) == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("key", "called", "faults"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA 2048", 1),
        (ec.generate_private_key(ec.SECP384R1()), "P-384", 1),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1", 1),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", 1),
    ],
)
def test_keys(key: Any, called: str, faults: int) -> None:
    found = row(issue("TEST ONLY", CA, key=key))
    assert found["key"] == called and len(found["faults"]) == faults
    # a CA's key signs no calls
    assert row(issue("TEST ONLY", CA, ca=True, key=key))["faults"] == []


def test_what_cannot_be_understood_is_a_fault() -> None:
    odd = raw_extension("1.2.3.4", b"\5\0")
    found = row(issue("TEST ONLY", CA, tn_auth=b"\x30\0", limits=b"\x30\0", extra=[(odd, True)]))
    assert len(found["faults"]) == 3 and "1.2.3.4" in found["faults"][-1]


def test_the_card_says_what_the_row_says() -> None:
    others = [SIGNER.certificate, CA.certificate]
    card = certificate_card(certificate_row(SIGNER.certificate, others, NOW), "chain.pem, 1 of 2").plain
    for text in (
        "signer: CN=TEST ONLY signer",
        "chain.pem, 1 of 2: issued by number 2",
        "SPCs TEST, 7000",
        "+12025550100 and 99 more",
        "+447700900123",
        "must have attest",
        "attest only B or C",
        "must not have rcd",
        "24 hours left",
        "P-256",
        "digitalSignature",
    ):
        assert text in card, text
    card = certificate_card(certificate_row(PARENT.certificate, ALL, NOW), "x").plain
    assert "delegate CA: " in card and "0 CAs below" in card
    assert "any number of CAs below" in certificate_card(certificate_row(ALL[-1], ALL, NOW), "x").plain


def test_where_revocation_is_told() -> None:
    signer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "TEST ONLY CRL")])
    url = x509.UniformResourceIdentifier("https://crl.example.test/crl")
    point = x509.DistributionPoint([url], None, None, [x509.DirectoryName(signer)])
    found = row(issue("TEST ONLY", CA, extra=[(x509.CRLDistributionPoints([point]), False)]))
    assert found["crl_points"] == [
        {"urls": ["https://crl.example.test/crl"], "issuers": ["CN=TEST ONLY CRL"]}
    ]
    assert "https://crl.example.test/crl, by CN=TEST ONLY CRL" in certificate_card(found, "x").plain


def test_long_lists_are_cut_for_people_alone() -> None:
    many = TNAuthList(numbers=tuple(f"4477009000{n:02}" for n in range(50)))
    found = row(issue("TEST ONLY", CA, tn_auth=many))
    assert len(found["numbers"]) == 50
    card = certificate_card(found, "x").plain
    assert "+447700900019" in card and "+447700900020" not in card and "and 30 ranges" in card


def test_names_cannot_steer_a_terminal() -> None:
    card = certificate_card(row(issue("TEST\x1b[2J\n  faults none ONLY\u202e")), "a\nb").plain
    assert "\x1b" not in card and "\u202e" not in card and "\n  faults" not in card and "a\nb" not in card
