"""Revocation lists: what they say, and octets that say nothing."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.pki import NOW, issue, revocation_list, revocation_octets

from ringfence.model.rejected import Rejected
from ringfence.verify.crl import Crl, parse_crl

ROOT = issue("Root", ca=True)
FIRST, SECOND = issue("First", ROOT), issue("Second", ROOT)
LISTED = revocation_octets(ROOT, FIRST)


def test_what_a_list_says() -> None:
    crl = parse_crl(LISTED)
    assert isinstance(crl, Crl)
    assert (crl.issuer, crl.this_update, crl.next_update) == ("CN=Root", NOW - 3600, NOW + 3600)
    assert (crl.is_indirect, crl.tells_of) == (False, "all")
    assert crl.revoked(FIRST.certificate) and not crl.revoked(SECOND.certificate)


def test_pem_is_read_too() -> None:
    pem = x509.load_der_x509_crl(LISTED).public_bytes(serialization.Encoding.PEM)
    crl = parse_crl(b"# fetched at noon\n" + pem)
    assert isinstance(crl, Crl) and crl.revoked(FIRST.certificate)


def test_a_serial_is_its_issuers() -> None:
    other = issue("Other", issue("Another root", ca=True), serial=FIRST.certificate.serial)
    assert not revocation_list(ROOT, FIRST).revoked(other.certificate)
    indirect = revocation_list(issue("Administrator", ca=True), FIRST, indirect=True)
    assert indirect.is_indirect
    assert indirect.revoked(FIRST.certificate) and not indirect.revoked(other.certificate)


def test_an_issuer_holds_for_the_entries_after_it() -> None:
    """RFC 5280 section 5.3.3: an entry without certificateIssuer has that of the entry before."""
    point = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
    named = x509.CertificateIssuer([x509.DirectoryName(FIRST.certificate.x509.issuer)])
    date = FIRST.certificate.x509.not_valid_before_utc
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issue("Administrator", ca=True).certificate.x509.subject)
        .last_update(date)
        .next_update(FIRST.certificate.x509.not_valid_after_utc)
        .add_extension(point, critical=True)
    )
    for issued, extensions in ((FIRST, [named]), (SECOND, [])):
        entry = (
            x509.RevokedCertificateBuilder().serial_number(issued.certificate.serial).revocation_date(date)
        )
        for extension in extensions:
            entry = entry.add_extension(extension, critical=True)
        builder = builder.add_revoked_certificate(entry.build())
    crl = parse_crl(
        builder.sign(ROOT.key, ROOT.certificate.x509.signature_hash_algorithm).public_bytes(
            serialization.Encoding.DER
        )
    )
    assert isinstance(crl, Crl)
    assert crl.revoked(FIRST.certificate) and crl.revoked(SECOND.certificate)


def test_whose_signature_it_carries() -> None:
    crl = revocation_list(ROOT, FIRST)
    assert crl.is_signed_by(ROOT.certificate) and crl.is_signed_by(ROOT.certificate)
    assert not crl.is_signed_by(issue("Root", ca=True).certificate)
    assert not crl.is_signed_by(issue("Else", ca=True, key=ROOT.key).certificate)
    assert not crl.is_signed_by(issue("Root", ca=True, key=ROOT.key, usage=("key_cert_sign",)).certificate)


def test_many_askers_do_not_fill_memory() -> None:
    crl = revocation_list(ROOT)
    for _ in range(70):
        assert not crl.is_signed_by(issue("Root", ca=True).certificate)
    assert len(crl._signers) <= 64


@pytest.mark.parametrize(
    "extension",
    [x509.DeltaCRLIndicator(1), x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")],
)
def test_lists_that_mean_something_else(extension: x509.ExtensionType) -> None:
    found = parse_crl(revocation_octets(ROOT, FIRST, extra=[(extension, True)]))
    assert isinstance(found, Rejected)
    assert (found.reason, found.status) == ("revocation_unknown", 437)
    assert "critical extension" in found.detail


def test_a_list_for_some_reasons_clears_nobody() -> None:
    some = x509.IssuingDistributionPoint(
        None, None, False, False, frozenset({x509.ReasonFlags.key_compromise}), False, False
    )
    crl = revocation_list(ROOT, FIRST, extra=[(some, True)])
    assert crl.tells_of == "none"
    assert crl.revoked(FIRST.certificate) and not crl.clears(SECOND.certificate, NOW)


def test_it_clears_while_in_force() -> None:
    crl = revocation_list(ROOT)
    assert crl.clears(FIRST.certificate, NOW)
    assert not crl.clears(FIRST.certificate, NOW + 7200) and not crl.clears(FIRST.certificate, NOW - 7200)


@given(at=st.integers(0, len(LISTED) - 1), bit=st.integers(0, 7))
def test_changed_octets_never_raise_and_never_pass(at: int, bit: int) -> None:
    changed = bytearray(LISTED)
    changed[at] ^= 1 << bit
    crl = parse_crl(bytes(changed))
    if isinstance(crl, Rejected):
        assert (crl.reason, crl.status) == ("revocation_unknown", 437)
    else:
        assert not crl.is_signed_by(ROOT.certificate)


@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    assert isinstance(parse_crl(octets), Rejected)
