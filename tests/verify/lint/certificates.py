"""Certificates for tests: three without fault, and what it takes to spoil them. Any octets can be put in."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.verify.lint import lint
from ringfence.verify.lint.oids import Alg, Ext, Name, Policy

#: An extension: whether it is critical, and its value. None takes it out.
Extensions = dict[str, tuple[bool, bytes] | None]

CRL_URL = b"https://crl.example.com/shaken.crl"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def oid(dotted: str) -> bytes:
    first, second, *others = map(int, dotted.split("."))
    content = b""
    for arc in (first * 40 + second, *others):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(octets))
    return tlv(0x06, content)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def bits(unused: int, *octets: int) -> bytes:
    return tlv(0x03, bytes((unused, *octets)))


def name(*attributes: tuple[str, str] | tuple[str, str, int]) -> bytes:
    """A name. Countries and serialNumbers are PrintableString, others UTF8String, or of the tag given."""
    relatives = []
    for kind, text, *given in attributes:
        printable = kind in (Name.COUNTRY, Name.SERIAL_NUMBER)
        tag = given[0] if given else 0x13 if printable else 0x0C
        relatives.append(tlv(0x31, tlv(0x30, oid(kind), tlv(tag, text.encode()))))
    return tlv(0x30, *relatives)


def subject(cn: str = "SHAKEN 700J", c: str = "US", o: str = "Example Telecom") -> bytes:
    return name((Name.COUNTRY, c), (Name.ORGANIZATION, o), (Name.COMMON_NAME, cn))


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    return tlv(0x30, oid(dotted), *parameters)


@cache
def key(curve: str = "SECP256R1") -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(7_700_900, getattr(ec, curve)())


def key_info(curve: str = "SECP256R1") -> bytes:
    return key(curve).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def point(curve: str = "SECP256R1") -> bytes:
    return key(curve).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


OWN_KEY_ID = hashlib.sha1(point()).digest()
BASIC = tlv(0x30)
CA_BASIC = tlv(0x30, b"\x01\x01\xff")
KEY_USAGE, CA_KEY_USAGE = bits(7, 0x80), bits(2, 0x04)
ISSUER = subject("SHAKEN Example Intermediate", o="Example CA")
ROOT = subject("SHAKEN Example Root", o="Example CA")
CRL_ISSUER = tlv(0xA2, tlv(0xA4, subject("STI-PA CRL")))
TN_LIST = tlv(0x30, tlv(0xA0, tlv(0x16, b"700J")))


def authority(key_id: bytes = OWN_KEY_ID) -> bytes:
    return tlv(0x30, tlv(0x80, key_id))


def policies(*named: str) -> bytes:
    return tlv(0x30, *(tlv(0x30, oid(policy)) for policy in named))


def crl_point(*names: bytes, tail: bytes = CRL_ISSUER) -> bytes:
    """A distribution point with the names of its full name (one URL by default), and what follows them."""
    full = tlv(0xA0, *(names or (tlv(0x86, CRL_URL),)))
    return tlv(0x30, tlv(0xA0, full), tail)


def crl_points(*points: bytes) -> bytes:
    return tlv(0x30, *(points or (crl_point(),)))


def access(method: str, *, form: int = 6, place: bytes = b"https://ca.example.com/ca.crt") -> bytes:
    return tlv(0x30, tlv(0x30, oid(method), tlv(0x80 | form, place)))


BASE: Extensions = {
    Ext.SUBJECT_KEY_ID: (False, tlv(0x04, OWN_KEY_ID)),
    Ext.AUTHORITY_KEY_ID: (False, authority()),
    Ext.POLICIES: (False, policies(Policy.US_1_4)),
    Ext.CRL_POINTS: (False, crl_points()),
}
LEAF: Extensions = {
    **BASE,
    Ext.BASIC_CONSTRAINTS: (True, BASIC),
    Ext.KEY_USAGE: (True, KEY_USAGE),
    Ext.TN_AUTH_LIST: (False, TN_LIST),
}
CA: Extensions = {**BASE, Ext.BASIC_CONSTRAINTS: (True, CA_BASIC), Ext.KEY_USAGE: (True, CA_KEY_USAGE)}


def leaf(extensions: Extensions | None = None, **changes: Any) -> bytes:
    """A certificate of a service provider, under version 1.4 of the US policy."""
    return build(LEAF | (extensions or {}), **changes)


def intermediate(extensions: Extensions | None = None, **changes: Any) -> bytes:
    """A certificate of an intermediate CA, under version 1.4 of the US policy."""
    return build(CA | (extensions or {}), **{"subject": ISSUER, "issuer": ROOT} | changes)


def root(extensions: Extensions | None = None, **changes: Any) -> bytes:
    """A certificate of a root, which signs itself."""
    bare: Extensions = {Ext.POLICIES: None, Ext.CRL_POINTS: None, Ext.AUTHORITY_KEY_ID: None}
    return build(CA | bare | (extensions or {}), **{"subject": ROOT, "issuer": ROOT} | changes)


def build(
    extensions: Extensions,
    *,
    version: int = 3,
    serial: int = 0x700900700900700900700900,
    issuer: bytes = ISSUER,
    subject: bytes = subject(),
    not_before: bytes = b"240101000000Z",
    not_after: bytes = b"250101000000Z",
    times: tuple[int, int] = (0x17, 0x17),
    signature_algorithm: bytes = algorithm(Alg.ECDSA_SHA256),
    inner_algorithm: bytes | None = None,
    info: bytes | None = None,
    unique_id: bytes = b"",
    more: bytes = b"",
) -> bytes:
    """A certificate of these fields, signed with the key that all have. more: further extensions, as DER."""
    listed = [
        tlv(0x30, oid(kind), b"\x01\x01\xff" if entry[0] else b"", tlv(0x04, entry[1]))
        for kind, entry in extensions.items()
        if entry is not None
    ]
    body = tlv(
        0x30,
        tlv(0xA0, integer(version - 1)) if version > 1 else b"",
        integer(serial),
        signature_algorithm if inner_algorithm is None else inner_algorithm,
        issuer,
        tlv(0x30, tlv(times[0], not_before), tlv(times[1], not_after)),
        subject,
        key_info() if info is None else info,
        unique_id,
        tlv(0xA3, tlv(0x30, *listed, more)) if listed or more else b"",
    )
    signature = key().sign(body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return tlv(0x30, body, signature_algorithm, tlv(0x03, b"\0", signature))


def rules_broken(certificate: bytes) -> set[str]:
    return {finding.rule for finding in lint(certificate).findings}
