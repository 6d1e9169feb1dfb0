from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_crl
from tests.verify.pki import DAY, NOW

from ringfence.console.inspection import card, read_rows
from ringfence.errors import InputError
from ringfence.verify.authority import issue_test_authority

FILES = issue_test_authority(NOW)


def rows(octets: bytes, now: float = NOW) -> list[dict[str, Any]]:
    found = list(read_rows(octets, "a file", now))
    json.dumps(found)
    assert all(row["place"] == "a file" and card(row).plain for row in found)
    return found


def jws(payload: Any, header: Any = None) -> bytes:
    parts = (json.dumps(part).encode() for part in (header or {"alg": "ES256"}, payload))
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts) + b".c2lnbmVk"


def test_a_chain() -> None:
    found = rows(FILES["delegate-chain.pem"])
    assert [(r["kind"], r["position"], r["of"], r["role"]) for r in found] == [
        ("certificate", 1, 3, "delegate"),
        ("certificate", 2, 3, "delegate CA"),
        ("certificate", 3, 3, "intermediate"),
    ]
    assert "a file, 1 of 3: issued by number 2" in card(found[0]).plain


def test_a_certificate_in_der() -> None:
    der = load_pem_x509_certificate(FILES["sp.pem"]).public_bytes(Encoding.DER)
    (row,) = rows(der)
    assert (row["role"], row["of"], row["spcs"]) == ("signer", 1, ["TEST"])
    assert "a file: its issuer is not here" in card(row).plain


def test_revocation_lists() -> None:
    (row,) = rows(FILES["crl.pem"])
    assert (row["kind"], row["indirect"], row["number"], row["entries"]) == ("crl", False, 1, 1)
    serial = load_pem_x509_certificate(FILES["revoked.pem"]).serial_number
    assert row["revoked"][0]["serial"] == f"{serial:x}" and row["revoked"][0]["issuer"] is None
    (row,) = rows(FILES["sti-pa-crl.pem"], NOW + 30 * DAY)
    assert (row["indirect"], row["state"]) == (True, "expired")
    assert row["revoked"][0]["issuer"] == "CN=SHAKEN TEST ONLY CA,O=TEST ONLY,C=US"
    text = card(row).plain
    assert "indirect revocation list" in text and f"{serial:x} of CN=SHAKEN TEST ONLY CA" in text
    der = load_pem_x509_crl(FILES["crl.pem"]).public_bytes(Encoding.DER)
    assert rows(der)[0]["kind"] == "crl"


def test_a_revocation_list_beside_certificates() -> None:
    assert [r["kind"] for r in rows(FILES["crl.pem"] + FILES["sp-chain.pem"])] == [
        "crl",
        "certificate",
        "certificate",
    ]


def test_a_ca_list_and_what_it_names() -> None:
    listed, root = rows(FILES["ca-list.jws"] + b"\n")
    assert (listed["kind"], listed["sequence"], listed["certificates"]) == ("ca_list", 1, 1)
    assert (listed["state"], listed["not_after"]) == ("in_force", "2026-03-08T12:00:00Z")
    assert root["role"] == "root" and "signature is not checked" in card(listed).plain


@pytest.mark.parametrize(
    "payload",
    [
        {"trustList": ["no certificate", FILES["root.pem"].decode()], "exp": NOW - 1},
        {"trustList": [], "exp": 1e300, "sequence": "x"},
        {},
    ],
)
def test_odd_ca_lists_are_shown(payload: Any) -> None:
    listed = rows(jws(payload))[0]
    assert listed["kind"] == "ca_list"
    if payload.get("trustList"):
        assert listed["faults"] and listed["certificates"] == 1 and listed["state"] == "expired"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"0",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----",
        FILES["sp.key"],
        jws([]),
        jws({"trustList": 1}),
        b"a.b.c",
    ],
)
def test_what_is_nothing_of_the_kind(octets: bytes) -> None:
    with pytest.raises(InputError, match=r"^a file: ") as caught:
        list(read_rows(octets, "a file", NOW))
    assert "\n" not in str(caught.value)
