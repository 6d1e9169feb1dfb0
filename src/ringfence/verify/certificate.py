"""X.509 certificates as values (RFC 5280), with the extensions of STIR (RFC 8226, RFC 9118).

Reading is lenient, so that whatever a parser takes can be looked at: an odd key, a missing extension or a
TNAuthList that cannot be read is told in the value. What may be believed is for `ringfence.verify.chain`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
import warnings
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import SignatureAlgorithmOID as Algorithm

from ringfence.model.rejected import Rejected
from ringfence.verify import constraints as claim_constraints
from ringfence.verify import tnauthlist
from ringfence.verify.constraints import ClaimConstraints, parse_constraints
from ringfence.verify.tnauthlist import TNAuthList, parse_tnauthlist

# a stranger's certificate with a serial of 0, or too long a name, is no news for whoever runs this
warnings.filterwarnings("ignore", message="Parsed a serial number", category=CryptographyDeprecationWarning)
warnings.filterwarnings("ignore", message="Attribute's length must be", category=UserWarning)

#: A distinguished name as it is compared: RFC 5280 section 7.1, whatever the type of string.
NameKey = tuple[frozenset[tuple[str, str]], ...]

#: What the library raises for octets that it does not take.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

#: Signature algorithms of certificates and CRLs. RFC 8226 section 4 asks for ECDSA with SHA-256 and, for the
#: time of transition, RSA with PKCS #1 v1.5; the longer hashes are those of the larger CA keys in use.
_HASHES: dict[x509.ObjectIdentifier, hashes.HashAlgorithm] = {
    Algorithm.ECDSA_WITH_SHA256: hashes.SHA256(),
    Algorithm.ECDSA_WITH_SHA384: hashes.SHA384(),
    Algorithm.ECDSA_WITH_SHA512: hashes.SHA512(),
    Algorithm.RSA_WITH_SHA256: hashes.SHA256(),
    Algorithm.RSA_WITH_SHA384: hashes.SHA384(),
    Algorithm.RSA_WITH_SHA512: hashes.SHA512(),
}
_RSA = (Algorithm.RSA_WITH_SHA256, Algorithm.RSA_WITH_SHA384, Algorithm.RSA_WITH_SHA512)
_RSA_BITS = range(2048, 8193)

_KEY_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
}

#: Extensions that are processed, or that ask for nothing; critical ones beside these are not understood.
_UNDERSTOOD = frozenset(
    {
        tnauthlist.OID,
        claim_constraints.OID,
        claim_constraints.ENHANCED_OID,
        "2.5.29.14",  # subjectKeyIdentifier
        "2.5.29.15",  # keyUsage
        "2.5.29.17",  # subjectAltName: names are not what STIR authorises by
        "2.5.29.18",  # issuerAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies: any is taken (RFC 5280 section 6.1.1 d)
        "2.5.29.35",  # authorityKeyIdentifier
    }
)

_PEM = re.compile(
    rb"-----BEGIN (CERTIFICATE|X509 CERTIFICATE|TRUSTED CERTIFICATE|PKCS7|CMS)-----(.*?)-----END \1-----",
    re.S,
)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # OBJECT IDENTIFIER pkcs7-signedData


class Certificate(msgspec.Struct, frozen=True, eq=False, dict=True):
    """One certificate. Two are equal where their octets are.

    x509: for what is not named here. sha256: of the DER, in hex. subject, issuer: RFC 4514 text, a
    stranger's. issuer_name, subject_name: the same, to compare. not_before, not_after: seconds since 1970.
    public_key: whatever it is, None where it cannot be read. key: the same where it is on P-256, which ES256
    needs; else None, and key_fault says why. is_ca, path_length: basic constraints, path_length None where
    unbounded. key_usage: names of RFC 5280 section 4.2.1.3, None where the extension is absent. skid, akid:
    key identifiers in hex, "" where absent. tn_auth, constraints: None where absent or not readable; the
    fault beside it tells them apart. crl_points: addresses and names of the CRL's issuer, for each point.
    policies, unknown_critical: object identifiers, dotted.
    """

    der: bytes
    x509: x509.Certificate
    sha256: str
    subject: str
    issuer: str
    issuer_name: NameKey
    serial: int
    not_before: float
    not_after: float
    public_key: CertificatePublicKeyTypes | None
    key: ec.EllipticCurvePublicKey | None
    key_fault: str = ""
    is_ca: bool = False
    path_length: int | None = None
    key_usage: frozenset[str] | None = None
    skid: str = ""
    akid: str = ""
    tn_auth: TNAuthList | None = None
    tn_auth_fault: str = ""
    constraints: ClaimConstraints | None = None
    constraints_fault: str = ""
    crl_points: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    policies: tuple[str, ...] = ()
    unknown_critical: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    @functools.cached_property
    def subject_name(self) -> NameKey:
        return name_key(self.x509.subject)

    @functools.cached_property
    def _alternative_names(self) -> tuple[frozenset[str], frozenset[str]]:
        # read when asked for: few certificates of STIR have any
        try:
            names = self.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (x509.ExtensionNotFound, *UNREADABLE):
            return frozenset(), frozenset()
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        hosts = names.get_values_for_type(x509.DNSName)
        return frozenset(u.lower() for u in uris), frozenset(h.lower() for h in hosts)

    def names(self, uri: str) -> bool:
        """Whether a SIP URI, canonical, or its domain is among the alternative names (RFC 5922 section 7.2:
        host names count where there is no URI)."""
        domain = uri.rpartition("@")[2] if "@" in uri else uri.partition(":")[2]
        uris, hosts = self._alternative_names
        return uri in uris or f"sip:{domain}" in uris or (domain in hosts and not uris)

    def pem(self) -> bytes:
        return self.x509.public_bytes(serialization.Encoding.PEM)


@functools.lru_cache(maxsize=512)  # the CAs above many leafs come again and again
def parse_certificate(der: bytes) -> Certificate | Rejected:
    """One certificate from DER. Rejected: reason bad_certificate, status 437."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        issuer, issuer_name = _issuer(parsed.issuer)
        key, fault = _key(parsed)
        return Certificate(
            der=der,
            x509=parsed,
            sha256=hashlib.sha256(der).hexdigest(),
            subject=parsed.subject.rfc4514_string(),
            issuer=issuer,
            issuer_name=issuer_name,
            serial=parsed.serial_number,
            not_before=parsed.not_valid_before_utc.timestamp(),
            not_after=parsed.not_valid_after_utc.timestamp(),
            public_key=key,
            key=key if isinstance(key, ec.EllipticCurvePublicKey) and not fault else None,
            key_fault=fault,
            **_read_extensions(parsed.extensions),
        )
    except UNREADABLE as error:
        return _bad(f"it can't be read: {' '.join(str(error).split())[:200] or type(error).__name__}")


def parse_certificates(octets: bytes) -> tuple[Certificate, ...] | Rejected:
    """What stands at an address or in a file: PEM with anything between, one certificate in DER, or PKCS #7.

    The signer's comes first (RFC 9060 section 7): where the first is a CA's, the first that is not. Rejected:
    reason bad_certificate, status 437, also where one of several cannot be read.
    """
    found: list[bytes] = []
    blocks = _PEM.findall(octets)
    for label, text in blocks or [(b"", octets)]:
        decoded = _base64(text) if label else octets
        if decoded is None:
            return _bad("PEM with what is not base64 inside")
        if _SIGNED_DATA in decoded[:32]:
            held = _pkcs7(decoded)
            if held is None:
                return _bad("PKCS #7 that can't be read")
            found += held
        elif label or octets[:1] == b"\x30":
            found.append(decoded)
    if not found:
        return _bad("neither PEM nor DER nor PKCS #7")
    certificates: list[Certificate] = []
    for number, der in enumerate(found, 1):
        certificate = parse_certificate(der)
        if isinstance(certificate, Rejected):
            return _bad(f"{number} of {len(found)}: {certificate.detail}")
        certificates.append(certificate)
    if (leaf := next((c for c in certificates if not c.is_ca), certificates[0])) is not certificates[0]:
        certificates.remove(leaf)
        certificates.insert(0, leaf)
    return tuple(certificates)


def is_signed_by(
    signed: x509.Certificate | x509.CertificateRevocationList, key: CertificatePublicKeyTypes | None
) -> bool:
    """Whether a certificate or CRL carries the signature of this key, by an algorithm of our list."""
    algorithm = signed.signature_algorithm_oid
    digest = _HASHES.get(algorithm)
    if digest is None:
        return False
    octets = (
        signed.tbs_certificate_bytes if isinstance(signed, x509.Certificate) else signed.tbs_certlist_bytes
    )
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm not in _RSA:
            key.verify(signed.signature, octets, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA and key.key_size in _RSA_BITS:
            key.verify(signed.signature, octets, padding.PKCS1v15(), digest)
        else:
            return False
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def name_key(name: x509.Name) -> NameKey:
    """A name to compare: case and runs of spaces make no difference (RFC 5280 section 7.1)."""
    return tuple(
        frozenset(
            (a.oid.dotted_string, a.value.hex() if isinstance(a.value, bytes) else _folded(a.value))
            for a in relative
        )
        for relative in name.rdns
    )


@functools.lru_cache(maxsize=1024)  # few issuers, many certificates
def _issuer(name: x509.Name) -> tuple[str, NameKey]:
    return name.rfc4514_string(), name_key(name)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _key(parsed: x509.Certificate) -> tuple[CertificatePublicKeyTypes | None, str]:
    try:
        key = parsed.public_key()
    except UNREADABLE as error:
        return None, f"its key can't be read: {' '.join(str(error).split())[:200]}"
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return key, f"its key is {type(key).__name__.removesuffix('PublicKey')}, and ES256 needs P-256"
    if not isinstance(key.curve, ec.SECP256R1):
        return key, f"its key is on {key.curve.name}, and ES256 needs P-256"
    return key, ""


def _read_extensions(extensions: x509.Extensions) -> dict[str, Any]:
    """The fields of a Certificate that come from extensions."""
    found: dict[str, Any] = {}
    unknown: list[str] = []
    limits: list[ClaimConstraints | Rejected] = []
    for extension in extensions:
        oid, value = extension.oid.dotted_string, extension.value
        if extension.critical and oid not in _UNDERSTOOD:
            unknown.append(oid)
        match value:
            case x509.BasicConstraints():
                found |= {"is_ca": value.ca, "path_length": value.path_length}
            case x509.KeyUsage():
                found["key_usage"] = frozenset(n for n, field in _KEY_USAGES.items() if getattr(value, field))
            case x509.SubjectKeyIdentifier():
                found["skid"] = value.digest.hex()
            case x509.AuthorityKeyIdentifier():
                found["akid"] = (value.key_identifier or b"").hex()
            case x509.CertificatePolicies():
                found["policies"] = tuple(p.policy_identifier.dotted_string for p in value)
            case x509.CRLDistributionPoints():
                found["crl_points"] = tuple(_crl_point(point) for point in value)
            case x509.UnrecognizedExtension() if oid == tnauthlist.OID:
                read = parse_tnauthlist(value.value)
                found["tn_auth_fault" if isinstance(read, Rejected) else "tn_auth"] = (
                    read.detail if isinstance(read, Rejected) else read
                )
            case x509.UnrecognizedExtension() if oid in (
                claim_constraints.OID,
                claim_constraints.ENHANCED_OID,
            ):
                limits.append(parse_constraints(value.value, oid == claim_constraints.ENHANCED_OID))
    found["unknown_critical"] = tuple(unknown)
    return found | _read_constraints(limits)


def _read_constraints(limits: list[ClaimConstraints | Rejected]) -> dict[str, Any]:
    if len(limits) > 1:
        # which of the two holds is not said: section 6 forbids both in one certificate
        return {"constraints_fault": "it has claim constraints of both kinds (RFC 9118 section 6)"}
    for limit in limits:
        if isinstance(limit, Rejected):
            return {"constraints_fault": limit.detail}
        if limit != ClaimConstraints():
            return {"constraints": limit}
    return {}


def _crl_point(point: x509.DistributionPoint) -> tuple[tuple[str, ...], tuple[str, ...]]:
    urls = (n.value for n in point.full_name or () if isinstance(n, x509.UniformResourceIdentifier))
    issuers = (_issuer(n.value)[0] for n in point.crl_issuer or () if isinstance(n, x509.DirectoryName))
    return tuple(urls), tuple(issuers)


def _base64(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return None


def _pkcs7(octets: bytes) -> list[bytes] | None:
    try:
        held = pkcs7.load_der_pkcs7_certificates(octets)
        return [certificate.public_bytes(serialization.Encoding.DER) for certificate in held]
    except UNREADABLE:
        return None


def _bad(detail: str) -> Rejected:
    return Rejected("bad_certificate", 437, detail)
