"""The fields of a certificate as they are written, right or wrong.

What a rule asks for is worked out once and kept. A field that cannot be read is None or empty, and the rule
that is about it says so; only a certificate whose outer structure is broken has no fields at all.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cached_property
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ringfence.verify.lint import der
from ringfence.verify.lint.oids import Alg, Ext, Name
from ringfence.verify.lint.values import CrlPoint, TnEntry, crl_points, tn_entries


class Attribute(NamedTuple):
    """One attribute of a name: its type (dotted), the tag its value has, and the value (None: unreadable)."""

    type: str
    tag: int
    value: str | None


class DistinguishedName(msgspec.Struct, frozen=True, dict=True):
    """A name: its octets, and its relative names, most general first (None: no RDNSequence)."""

    raw: bytes
    relatives: tuple[tuple[Attribute, ...], ...] | None

    @cached_property
    def attributes(self) -> tuple[Attribute, ...] | None:
        """The attributes of all relative names, in the order they stand."""
        return None if self.relatives is None else tuple(a for some in self.relatives for a in some)

    def values(self, type: str) -> list[str]:
        """The readable values of one attribute type."""
        return [a.value for a in self.attributes or () if a.type == type and a.value is not None]

    def last(self, type: str) -> str:
        """The last value of an attribute type, the most specific one; empty where there is none."""
        return values[-1] if (values := self.values(type)) else ""

    @cached_property
    def text(self) -> str:
        """The name in the form of RFC 4514, most specific first: CN=SHAKEN 1234,O=Example,C=US."""
        return ",".join("+".join(map(_written, some)) for some in reversed(self.relatives or ()))


#: What stands behind a backslash (RFC 4514 section 2.4); a # at the beginning, spaces at either end.
_SPECIAL = re.compile(r'[,+"\\<>;]|^[# ]| $')


def _written(attribute: Attribute) -> str:
    value = "?" if attribute.value is None else _SPECIAL.sub(r"\\\g<0>", attribute.value)
    return f"{Name.SHORT.get(attribute.type, attribute.type)}={value}"


class Time(NamedTuple):
    """A time: seconds since 1970 (None: unreadable), and how it is written."""

    seconds: float | None
    tag: int
    written: str


class Algorithm(NamedTuple):
    """An AlgorithmIdentifier: its object identifier, its parameters (None: absent), and its octets."""

    oid: str
    parameters: der.Element | None
    raw: bytes


class Extension(NamedTuple):
    """An extension: object identifier, criticality, and the octets of its value."""

    oid: str
    critical: bool
    value: bytes


class Fields(msgspec.Struct, frozen=True, dict=True):
    """A certificate taken apart (RFC 5280 section 4.1)."""

    der: bytes
    version: int
    serial: int
    inner_algorithm: Algorithm
    outer_algorithm: Algorithm
    issuer: DistinguishedName
    subject: DistinguishedName
    not_before: Time
    not_after: Time
    key_algorithm: Algorithm
    key: bytes  # content of the BIT STRING without the count of unused bits
    key_info: bytes
    unique_ids: bool
    extensions: tuple[Extension, ...]
    signed: bytes
    signature: bytes

    @cached_property
    def by_oid(self) -> dict[str, Extension]:
        """Each extension by its object identifier; the first where one is there twice."""
        return {extension.oid: extension for extension in reversed(self.extensions)}

    def extension(self, oid: str) -> Extension | None:
        """The extension with this object identifier."""
        return self.by_oid.get(oid)

    @cached_property
    def basic_constraints(self) -> tuple[bool, int | None] | None:
        """The cA boolean and the path length; None without a readable extension."""
        extension = self.extension(Ext.BASIC_CONSTRAINTS)
        found = der.parts(extension.value) if extension else None
        if found is None:
            return None
        is_ca, path_length = False, None
        for part in found:
            if part.tag == der.BOOLEAN and part.content:
                is_ca = any(part.content)
            elif part.tag == der.INTEGER:
                path_length = der.integer(part.content)
            else:
                return None
        return is_ca, path_length

    @cached_property
    def is_ca(self) -> bool:
        """Whether the certificate says that its key signs certificates."""
        return bool(self.basic_constraints and self.basic_constraints[0])

    @cached_property
    def is_self_signed(self) -> bool:
        """Whether the subject issued the certificate to itself, proved by the signature."""
        return self.issuer.raw == self.subject.raw and is_signed_by(self, self.key_info)

    @cached_property
    def is_root(self) -> bool:
        """Whether this is the certificate of a root: of a CA, and self-signed."""
        return self.is_ca and self.is_self_signed

    @cached_property
    def key_usage(self) -> frozenset[int] | None:
        """The bits that are set (0 digitalSignature … 8 decipherOnly); None without a readable extension."""
        extension = self.extension(Ext.KEY_USAGE)
        bits = der.sole(extension.value, der.BIT_STRING) if extension else None
        if bits is None or not bits.content:
            return None
        octets = bits.content[1:3]
        return frozenset(i for i in range(8 * len(octets)) if octets[i // 8] & 0x80 >> i % 8)

    @cached_property
    def subject_key_id(self) -> bytes | None:
        """The subject key identifier; None without a readable extension."""
        extension = self.extension(Ext.SUBJECT_KEY_ID)
        found = der.sole(extension.value, der.OCTET_STRING) if extension else None
        return found.content if found else None

    @cached_property
    def authority_key_id(self) -> bytes | None:
        """The keyIdentifier of the authority key identifier; None without one that is readable."""
        extension = self.extension(Ext.AUTHORITY_KEY_ID)
        found = der.parts(extension.value) if extension else None
        wanted = der.context(0, constructed=False)
        return next((part.content for part in found or () if part.tag == wanted), None)

    @cached_property
    def policies(self) -> tuple[str, ...] | None:
        """The policies named; empty without the extension, None where it is unreadable."""
        extension = self.extension(Ext.POLICIES)
        if extension is None:
            return ()
        entries = der.parts(extension.value)
        if entries is None:
            return None
        found = []
        for entry in entries:
            information = der.elements(entry.content) if entry.tag == der.SEQUENCE else None
            policy = (
                der.oid(information[0].content) if information and information[0].tag == der.OID else None
            )
            if policy is None:
                return None
            found.append(policy)
        return tuple(found)

    @cached_property
    def crl_points(self) -> tuple[CrlPoint, ...] | None:
        """The CRL distribution points; empty without the extension, None where it is unreadable."""
        extension = self.extension(Ext.CRL_POINTS)
        return crl_points(extension.value) if extension else ()

    @cached_property
    def tn_entries(self) -> tuple[TnEntry, ...] | None:
        """The entries of the TN authorization list; empty without it, None where it is unreadable."""
        extension = self.extension(Ext.TN_AUTH_LIST)
        return tn_entries(extension.value) if extension else ()

    @cached_property
    def spc(self) -> str | None:
        """The service provider code, where the TN authorization list has exactly one entry and it is one."""
        entries = self.tn_entries or ()
        return entries[0].text if len(entries) == 1 and entries[0].kind == "spc" else None


def read_fields(data: bytes) -> Fields | str:
    """Take a certificate apart; the text says why its outer structure cannot be followed.

    Octets after the certificate are left aside: the verifier's own parser is asked about them.
    """
    outer = der.first(data)
    if outer is None or outer[0].tag != der.SEQUENCE:
        return "no DER SEQUENCE, or shorter than it says"
    certificate = outer[0]
    top = der.elements(certificate.content)
    if top is None or [e.tag for e in top] != [der.SEQUENCE, der.SEQUENCE, der.BIT_STRING]:
        return "no certificate: not a body, an algorithm and a signature"
    body = der.elements(top[0].content)
    if body is None:
        return "the body of the certificate is not whole"
    version, rest = _version(body)
    tags = [der.INTEGER, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE, der.SEQUENCE]
    if [e.tag for e in rest[:6]] != tags:
        return "the body of the certificate lacks fields, or has them in another order"
    serial = der.integer(rest[0].content)
    inner, outer_algorithm = _algorithm(rest[1]), _algorithm(top[1])
    key = der.elements(rest[5].content)
    if serial is None or inner is None or outer_algorithm is None:
        return "the serial number or the signature algorithm is no DER"
    if key is None or [e.tag for e in key] != [der.SEQUENCE, der.BIT_STRING]:
        return "the subject's public key is no DER"
    key_algorithm = _algorithm(key[0])
    if key_algorithm is None:
        return "the subject's key algorithm is no DER"
    times = der.elements(rest[3].content)
    if times is None or len(times) != 2:
        return "the validity is not two times"
    extensions = _extensions(rest[6:])
    if isinstance(extensions, str):
        return extensions
    return Fields(
        der=certificate.raw,
        version=version,
        serial=serial,
        inner_algorithm=inner,
        outer_algorithm=outer_algorithm,
        issuer=_name(rest[2]),
        subject=_name(rest[4]),
        not_before=_time(times[0]),
        not_after=_time(times[1]),
        key_algorithm=key_algorithm,
        key=key[1].content[1:],
        key_info=rest[5].raw,
        unique_ids=any(e.tag & 0x1F in (1, 2) for e in rest[6:]),
        extensions=extensions,
        signed=top[0].raw,
        signature=top[2].content[1:],
    )


def is_signed_by(certificate: Fields, key_info: bytes) -> bool:
    """Whether the certificate's signature is one of this key (a SubjectPublicKeyInfo)."""
    hash_name = Alg.HASHES.get(certificate.outer_algorithm.oid)
    if hash_name is None:
        return False
    digest: hashes.HashAlgorithm = getattr(hashes, hash_name)()
    try:
        key = load_der_public_key(key_info)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(certificate.signature, certificate.signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(certificate.signature, certificate.signed, padding.PKCS1v15(), digest)
        else:
            return False
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True


def _version(body: tuple[der.Element, ...]) -> tuple[int, tuple[der.Element, ...]]:
    """The version as people count it (1 where it is not written), and the fields after it."""
    if not body or body[0].tag != der.context(0):
        return 1, body
    written = der.sole(body[0].content, der.INTEGER)
    number = der.integer(written.content) if written else None
    return (0 if number is None else number + 1), body[1:]


def _algorithm(element: der.Element) -> Algorithm | None:
    found = der.elements(element.content)
    if not found or found[0].tag != der.OID or (name := der.oid(found[0].content)) is None:
        return None
    return Algorithm(name, found[1] if len(found) > 1 else None, element.raw)


def _name(element: der.Element) -> DistinguishedName:
    relatives: list[tuple[Attribute, ...]] = []
    whole = der.elements(element.content)
    for relative in whole or ():
        members = der.elements(relative.content) if relative.tag == der.SET else None
        read = [_attribute(member) for member in members or ()]
        attributes = tuple(attribute for attribute in read if attribute is not None)
        if not read or len(attributes) < len(read):
            return DistinguishedName(element.raw, None)
        relatives.append(attributes)
    return DistinguishedName(element.raw, None if whole is None else tuple(relatives))


def _attribute(member: der.Element) -> Attribute | None:
    pair = der.elements(member.content) if member.tag == der.SEQUENCE else None
    if pair is None or len(pair) != 2 or pair[0].tag != der.OID:
        return None
    kind = der.oid(pair[0].content)
    return None if kind is None else Attribute(kind, pair[1].tag, der.text(pair[1].tag, pair[1].content))


_TIME = re.compile(r"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.(\d+))?(Z|[+-]\d{4})?")


def _time(element: der.Element) -> Time:
    written = element.content.decode("ascii", "replace")
    unread = Time(None, element.tag, written)
    match = _TIME.fullmatch(written) if written.isascii() else None
    if match is None or len(match[1]) != {der.UTC_TIME: 2, der.GENERALIZED_TIME: 4}.get(element.tag):
        return unread
    year, month, day, hour, minute, second = (int(match[i] or 0) for i in range(1, 7))
    if element.tag == der.UTC_TIME:
        year += 1900 if year >= 50 else 2000  # RFC 5280 section 4.1.2.5.1
    zone = (match[8] or "Z").replace("Z", "+0000")
    try:
        offset = dt.timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
        when = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.timezone(offset))
        seconds = when.timestamp()
    except (ValueError, OverflowError):
        return unread
    return Time(seconds, element.tag, written)


def _extensions(rest: tuple[der.Element, ...]) -> tuple[Extension, ...] | str:
    holder = next((e for e in rest if e.tag == der.context(3)), None)
    if holder is None:
        return ()
    found = []
    entries = der.parts(holder.content)
    if entries is None:
        return "the extensions are no DER"
    for entry in entries:
        fields = der.elements(entry.content) if entry.tag == der.SEQUENCE else None
        if not fields or fields[0].tag != der.OID or fields[-1].tag != der.OCTET_STRING:
            return "an extension is no DER"
        name = der.oid(fields[0].content)
        if name is None:
            return "an extension's object identifier is no DER"
        critical = any(fields[1].content) if len(fields) == 3 and fields[1].tag == der.BOOLEAN else False
        found.append(Extension(name, critical, fields[-1].content))
    return tuple(found)
