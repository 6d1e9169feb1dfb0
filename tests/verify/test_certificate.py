from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from tests.verify.pki import DAY, NOW, issue, raw_extension

from ringfence.model.rejected import Rejected
from ringfence.verify import constraints as claim_constraints
from ringfence.verify.certificate import (
    Certificate,
    is_signed_by,
    name_key,
    parse_certificate,
    parse_certificates,
)
from ringfence.verify.constraints import ClaimConstraints, encode_constraints
from ringfence.verify.tnauthlist import TNAuthList

ROOT = issue("TEST ONLY root", ca=True)
CA = issue("TEST ONLY CA", ROOT, ca=True, path_length=0, tn_auth=TNAuthList(spcs=("TEST",)))
LEAF = issue("TEST ONLY leaf", CA, tn_auth=TNAuthList(spcs=("TEST",)))

#: RFC 9118 section 5, figure 1
RFC_9118 = b"""-----BEGIN CERTIFICATE-----
MIICpzCCAk2gAwIBAgIUH7Zd3rQ5AsvOlzLnzUHhrVhDSlswCgYIKoZIzj0EAwIw
KTELMAkGA1UEBhMCVVMxGjAYBgNVBAMMEUJPR1VTIFNIQUtFTiBST09UMB4XDTIx
MDcxNTIxNTIxNVoXDTIyMDcxNTIxNTIxNVowbDELMAkGA1UEBhMCVVMxCzAJBgNV
BAgMAlZBMRAwDgYDVQQHDAdIZXJuZG9uMR4wHAYDVQQKDBVCb2d1cyBFeGFtcGxl
IFRlbGVjb20xDTALBgNVBAsMBFZvSVAxDzANBgNVBAMMBlNIQUtFTjBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNR6C6nBWRA/fXTglV03aXkXy8hx9oBttVLhsTZ1
IYVRBao4OZhVf/Xv1a3xLsZ6KfdhuylSeAKuCoSbVGojYDGjggEOMIIBCjAMBgNV
HRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAdBgNVHQ4EFgQUDlG3dxHyzKL/FZfS
PI7rpuueRbswHwYDVR0jBBgwFoAUlToKtrQeFrwwyXpMj1qu3TQEeoEwQgYJYIZI
AYb4QgENBDUWM1RoaXMgY2VydGlmaWNhdGUgY2Fubm90IGJlIHRydXN0ZWQgZm9y
IGFueSBwdXJwb3NlLjAWBggrBgEFBQcBGgQKMAigBhYEMTIzNDBOBggrBgEFBQcB
IQRCMECgDjAMFgpjb25maWRlbmNloSAwHjAcFgpjb25maWRlbmNlMA4MBGhpZ2gM
Bm1lZGl1baIMMAoWCHByaW9yaXR5MAoGCCqGSM49BAMCA0gAMEUCIQCbNR4QK1um
+0vq2CE1B1/W3avYeREsPi/7RKHffL+5eQIgarHot+X9Rl7SOyNBq5X5JyEMx0SQ
hRLkCY3Zoz2OCNQ=
-----END CERTIFICATE-----
"""


def test_the_fields_of_a_certificate() -> None:
    leaf, ca = LEAF.certificate, CA.certificate
    assert (leaf.subject, leaf.issuer) == ("CN=TEST ONLY leaf", "CN=TEST ONLY CA")
    assert leaf.issuer_name == ca.subject_name and leaf.akid == ca.skid != ""
    assert (leaf.not_before, leaf.not_after) == (NOW - DAY, NOW + DAY)
    assert leaf.key is leaf.public_key and leaf.key_fault == ""
    assert leaf.key_usage == {"digitalSignature"} and ca.key_usage == {"keyCertSign", "cRLSign"}
    assert (leaf.is_ca, ca.is_ca, ca.path_length) == (False, True, 0)
    assert leaf.tn_auth == ca.tn_auth == TNAuthList(spcs=("TEST",))
    assert leaf == parse_certificate(leaf.der) and hash(leaf) == hash(parse_certificate(leaf.der))
    assert leaf != ca and leaf != leaf.der


def test_the_example_of_rfc_9118() -> None:
    read = parse_certificates(RFC_9118)
    assert isinstance(read, tuple)
    assert read[0].tn_auth == TNAuthList(spcs=("1234",))
    assert read[0].constraints == ClaimConstraints(
        ("confidence",), {"confidence": ("high", "medium")}, ("priority",)
    )


def test_several_in_pem_with_text_between() -> None:
    text = b"the chain\r\n" + LEAF.certificate.pem().replace(b"\n", b"\r\n") + b"and\n" + CA.certificate.pem()
    assert parse_certificates(text) == (LEAF.certificate, CA.certificate)
    assert parse_certificates(LEAF.certificate.der) == (LEAF.certificate,)
    # the signer's comes first even where a server got the order wrong
    turned = ROOT.certificate.pem() + CA.certificate.pem() + LEAF.certificate.pem()
    assert parse_certificates(turned) == (LEAF.certificate, ROOT.certificate, CA.certificate)
    assert parse_certificates(ROOT.certificate.pem()) == (ROOT.certificate,)


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_pkcs7(encoding: serialization.Encoding) -> None:
    octets = pkcs7.serialize_certificates([CA.certificate.x509, LEAF.certificate.x509], encoding)
    assert parse_certificates(octets) == (LEAF.certificate, CA.certificate)


BROKEN = LEAF.certificate.pem().replace(b"MII", b"MIJ", 1)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html>",
        b"0",
        LEAF.certificate.der[:-1],
        LEAF.certificate.der + b"\0",
        BROKEN,
        LEAF.certificate.pem() + BROKEN,
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        b"-----BEGIN PKCS7-----\nMAsGCSqGSIb3DQEHAg==\n-----END PKCS7-----",
        b"-----BEGIN CERTIFICATE-----\n" * 1000,
    ],
)
def test_what_is_no_certificate(octets: bytes) -> None:
    rejected = parse_certificates(octets)
    assert isinstance(rejected, Rejected) and "\n" not in rejected.detail
    assert (rejected.reason, rejected.status) == ("bad_certificate", 437)


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "on secp384r1"),
        (ec.generate_private_key(ec.SECP256K1()), "on secp256k1"),
        (rsa.generate_private_key(65537, 2048), "is RSA"),
        (ed25519.Ed25519PrivateKey.generate(), "is Ed25519"),
    ],
)
def test_a_key_that_es256_cannot_use(key: ec.EllipticCurvePrivateKey, fault: str) -> None:
    certificate = issue("TEST ONLY odd", ROOT, key=key).certificate
    assert certificate.key is None and fault in certificate.key_fault
    assert certificate.public_key is not None


def test_a_key_that_is_no_point() -> None:
    der = bytearray(LEAF.certificate.der)
    point = LEAF.key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    der[der.index(point) + 40] ^= 1
    certificate = parse_certificate(bytes(der))
    assert isinstance(certificate, Certificate)
    assert certificate.key is None and certificate.public_key is None and certificate.key_fault


def test_a_negative_serial_is_read_and_nothing_is_printed() -> None:
    der = bytearray(issue("TEST ONLY", ROOT, serial=1 << 152).certificate.der)
    der[der.index(b"\x02\x14") + 2] |= 0x80
    code = (
        "import sys; from ringfence.verify.certificate import parse_certificate;"
        "assert parse_certificate(bytes.fromhex(sys.argv[1])).serial < 0"
    )
    # pytest puts its own warning filters in place of ours
    done = subprocess.run([sys.executable, "-c", code, der.hex()], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_an_unreadable_tnauthlist_is_a_note() -> None:
    certificate = issue("TEST ONLY", CA, tn_auth=bytes.fromhex("300613043633334b")).certificate
    assert certificate.tn_auth is None and "0x13" in certificate.tn_auth_fault


def test_constraints_that_cannot_be_read_or_are_twice_there_are_a_fault() -> None:
    assert issue("TEST ONLY", CA, limits=b"\x30\x00").certificate.constraints_fault
    one = ClaimConstraints(must_include=("attest",))
    enhanced = raw_extension(claim_constraints.ENHANCED_OID, encode_constraints(one))
    both = issue("TEST ONLY", CA, limits=one, extra=[(enhanced, False)]).certificate
    assert both.constraints is None and "both kinds" in both.constraints_fault


def test_critical_extensions_that_are_not_understood() -> None:
    limits = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.test")], excluded_subtrees=None)
    odd = raw_extension("1.2.3.4", b"\x05\x00")
    certificate = issue("TEST ONLY", CA, extra=[(limits, True), (odd, True)]).certificate
    assert certificate.unknown_critical == ("2.5.29.30", "1.2.3.4")
    assert issue("TEST ONLY", CA, extra=[(odd, False)]).certificate.unknown_critical == ()


def test_crl_points_and_policies() -> None:
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY CRL")])
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("https://crl.example.test/crl")],
        None,
        None,
        [x509.DirectoryName(signer), x509.DNSName("x.example.test")],
    )
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.16.840.1.114569.1.1.3"), None)
    extra = [(x509.CRLDistributionPoints([point]), False), (x509.CertificatePolicies([policy]), False)]
    certificate = issue("TEST ONLY", CA, extra=extra).certificate
    assert certificate.crl_points == ((("https://crl.example.test/crl",), ("CN=TEST ONLY CRL",)),)
    assert certificate.policies == ("2.16.840.1.114569.1.1.3",)


def test_names_compare_whatever_case_spaces_and_type() -> None:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])

    assert name_key(named("Test  Only ")) == name_key(named("TEST ONLY"))
    assert name_key(named("Test Only")) != name_key(named("TestOnly"))


def test_signatures() -> None:
    assert is_signed_by(LEAF.certificate.x509, CA.certificate.public_key)
    assert not is_signed_by(LEAF.certificate.x509, ROOT.certificate.public_key)
    assert not is_signed_by(LEAF.certificate.x509, None)
    by_rsa = issue("TEST ONLY RSA", ca=True, key=rsa.generate_private_key(65537, 2048))
    assert is_signed_by(by_rsa.certificate.x509, by_rsa.certificate.public_key)
    assert not is_signed_by(by_rsa.certificate.x509, CA.certificate.public_key)
    short = issue("TEST ONLY RSA", ca=True, key=rsa.generate_private_key(65537, 1024))
    assert not is_signed_by(short.certificate.x509, short.certificate.public_key)
    larger = issue("TEST ONLY", ca=True, key=ec.generate_private_key(ec.SECP384R1()), digest=hashes.SHA384())
    assert is_signed_by(larger.certificate.x509, larger.certificate.public_key)
    weak = issue("TEST ONLY", CA, digest=hashes.SHA224())
    assert not is_signed_by(weak.certificate.x509, CA.certificate.public_key)


@pytest.mark.corpus
@pytest.mark.parametrize(("file", "total", "unreadable"), [("leaf", 7969, 3), ("ca", 49, 0)])
def test_real_certificates_are_read(corpus: Path, file: str, total: int, unreadable: int) -> None:
    counts: Counter[str] = Counter()
    with gzip.open(corpus / "certificates" / f"shaken-{file}.jsonl.gz") as lines:
        for line in lines:
            row = json.loads(line)
            certificate = parse_certificate(base64.b64decode(row["der_b64"]))
            counts["all"] += 1
            if isinstance(certificate, Rejected):
                # an AlgorithmIdentifier with parameters, which RFC 5758 section 3.2 forbids
                assert "signature_alg" in certificate.detail
                counts["unreadable"] += 1
                continue
            assert certificate.sha256 == row["sha256"]
            counts["tn_auth"] += certificate.tn_auth is not None
            counts["tn_auth_fault"] += bool(certificate.tn_auth_fault)
            counts["is_ca"] += certificate.is_ca
            assert not certificate.unknown_critical and not certificate.constraints_fault
    assert (counts["all"], counts["unreadable"]) == (total, unreadable)
    if file == "leaf":
        assert (counts["tn_auth"], counts["tn_auth_fault"], counts["is_ca"]) == (7959, 7, 0)
