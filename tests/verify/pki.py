"""Certificates for tests, also ones that no authority would issue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ringfence.verify import constraints, tnauthlist
from ringfence.verify.certificate import Certificate, parse_certificate
from ringfence.verify.constraints import ClaimConstraints, encode_constraints
from ringfence.verify.crl import Crl, parse_crl
from ringfence.verify.tnauthlist import TNAuthList, encode_tnauthlist

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0


class Issued(NamedTuple):
    certificate: Certificate
    key: Any


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def at(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def key_usage(*names: str) -> x509.KeyUsage:
    fields = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{field: field in names for field in fields})


def raw_extension(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def issue(
    subject: str,
    by: Issued | None = None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    usage: Iterable[str] | None = None,
    tn_auth: TNAuthList | bytes | None = None,
    limits: ClaimConstraints | bytes | None = None,
    start: float = NOW - DAY,
    end: float = NOW + DAY,
    key: Any = None,
    serial: int | None = None,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
    digest: hashes.HashAlgorithm | None = None,
    basic: bool = True,
    issuer_name: str | None = None,
) -> Issued:
    """A certificate, self-signed unless `by` another."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = by.key if by else key
    issuer = name(issuer_name) if issuer_name else by.certificate.x509.subject if by else name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(at(start))
        .not_valid_after(at(end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if basic:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
    usage = usage if usage is not None else ("key_cert_sign", "crl_sign") if ca else ("digital_signature",)
    if usage:
        builder = builder.add_extension(key_usage(*usage), critical=True)
    if tn_auth is not None:
        value = tn_auth if isinstance(tn_auth, bytes) else encode_tnauthlist(tn_auth)
        builder = builder.add_extension(raw_extension(tnauthlist.OID, value), critical=False)
    if limits is not None:
        value = limits if isinstance(limits, bytes) else encode_constraints(limits)
        enhanced = isinstance(limits, ClaimConstraints) and limits.must_exclude
        oid = constraints.ENHANCED_OID if enhanced else constraints.OID
        builder = builder.add_extension(raw_extension(oid, value), critical=False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    der = builder.sign(signer, digest or hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    certificate = parse_certificate(der)
    assert isinstance(certificate, Certificate), certificate
    return Issued(certificate, key)


def revocation_octets(
    by: Issued,
    *revoked: Issued,
    indirect: bool = False,
    start: float = NOW - 3600,
    end: float = NOW + 3600,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A revocation list in DER. indirect: its entries name the issuers of what they revoke."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.x509.subject)
        .last_update(at(start))
        .next_update(at(end))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    if indirect:
        point = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
        builder = builder.add_extension(point, critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    for issued in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(issued.certificate.serial)
            .revocation_date(at(start))
        )
        if indirect:
            issuer = x509.CertificateIssuer([x509.DirectoryName(issued.certificate.x509.issuer)])
            entry = entry.add_extension(issuer, critical=True)
        builder = builder.add_revoked_certificate(entry.build())
    signed = builder.sign(by.key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def revocation_list(by: Issued, *revoked: Issued, **options: Any) -> Crl:
    """The same, read."""
    crl = parse_crl(revocation_octets(by, *revoked, **options))
    assert isinstance(crl, Crl), crl
    return crl
