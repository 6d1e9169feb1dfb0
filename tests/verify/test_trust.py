"""Trust lists: roots from PEM, and the signed list of an STI-PA."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.pki import DAY, NOW, Issued, issue

from ringfence.model.rejected import Rejected
from ringfence.verify.trust import MAX_LIST, TrustStore, read_ca_list, read_pem

ROOTS = [issue(f"Root {number}", ca=True) for number in range(2)]
ADMINISTRATOR = issue("Administrator")
PAYLOAD = {
    "version": "1.0",
    "sequence": 7,
    "exp": int(NOW + DAY),
    "trustList": [root.certificate.pem().decode() for root in ROOTS],
}


def b64(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def jws(payload: Any = PAYLOAD, by: Issued = ADMINISTRATOR, header: Any = None) -> bytes:
    header = {"alg": "ES256", "typ": "JWT", "x5u": "https://sti-pa.example/ca-list.pem"} | (header or {})
    signed = b64(msgspec.json.encode(header)) + b"." + b64(msgspec.json.encode(payload))
    r, s = decode_dss_signature(by.key.sign(signed, ECDSA(SHA256())))
    return signed + b"." + b64(r.to_bytes(32) + s.to_bytes(32))


def read(octets: bytes, now: float = NOW) -> TrustStore | Rejected:
    return read_ca_list(octets, ADMINISTRATOR.certificate, now)


def reason(found: TrustStore | Rejected) -> str:
    assert isinstance(found, Rejected), found
    return found.reason


def test_a_bundle_of_roots() -> None:
    found = read_pem(b"\n".join(root.certificate.pem() for root in ROOTS), "ours")
    assert found == TrustStore(tuple(root.certificate for root in ROOTS), name="ours")
    assert reason(read_pem(b"no certificate")) == "bad_certificate"


def test_a_ca_list() -> None:
    found = read(jws())
    assert found == TrustStore(tuple(root.certificate for root in ROOTS), name="CA list 7")
    assert read(jws() + b"\n") == found
    signers = TrustStore((ROOTS[0].certificate, ADMINISTRATOR.certificate))
    assert read_ca_list(jws(), signers, NOW) == found


def test_only_its_signer_is_believed() -> None:
    assert reason(read(jws(by=ROOTS[0]))) == "untrusted"
    changed = jws().split(b".")
    changed[1] = b64(msgspec.json.encode(PAYLOAD | {"trustList": [ADMINISTRATOR.certificate.pem().decode()]}))
    assert reason(read(b".".join(changed))) == "untrusted"


def test_the_algorithm_is_ours() -> None:
    """The list's own public key as the secret of an HMAC, and no signature at all."""
    public = ADMINISTRATOR.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = b64(b'{"alg":"HS256"}') + b"." + b64(msgspec.json.encode(PAYLOAD))
    forged = signed + b"." + b64(hmac.digest(public, signed, hashlib.sha256))
    assert reason(read(forged)) == "bad_certificate"
    assert (
        reason(read(b64(b'{"alg":"none"}') + b"." + b64(msgspec.json.encode(PAYLOAD)) + b"."))
        == "bad_certificate"
    )


def test_times() -> None:
    assert reason(read(jws(), NOW + 2 * DAY)) == "expired"
    assert reason(read(jws(PAYLOAD | {"exp": int(NOW - 1)}))) == "expired"
    unready = issue("Administrator", start=NOW + 60)
    found = read_ca_list(jws(by=unready), unready.certificate, NOW)
    assert reason(found) == "not_yet_valid"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"trustList": []}, "exp"),
        (PAYLOAD | {"trustList": "x"}, "trustList"),
        (PAYLOAD | {"trustList": [PAYLOAD["trustList"][0], "-----BEGIN CERTIFICATE-----"]}, "entry 2"),  # type: ignore[index]
        ([], "array"),
    ],
)
def test_what_is_wrong_with_a_list_is_told(payload: Any, said: str) -> None:
    found = read(jws(payload))
    assert isinstance(found, Rejected) and found.reason == "bad_certificate"
    assert said in found.detail and "\n" not in found.detail


def test_a_list_without_end_is_not_read() -> None:
    assert reason(read(b"a" * (MAX_LIST + 1))) == "bad_certificate"


@given(
    st.binary(max_size=200) | st.lists(st.binary(max_size=60).map(b64), min_size=3, max_size=3).map(b".".join)
)
def test_any_octets(octets: bytes) -> None:
    assert isinstance(read(octets), Rejected)
