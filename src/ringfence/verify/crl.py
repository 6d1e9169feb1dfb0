"""Certificate revocation lists (RFC 5280 section 5), direct and indirect."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec
from cryptography import x509

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import UNREADABLE, Certificate, NameKey, is_signed_by, name_key

_NUMBER, _SCOPE, _AUTHORITY = (
    e.oid.dotted_string for e in (x509.CRLNumber, x509.IssuingDistributionPoint, x509.AuthorityKeyIdentifier)
)
_REASON, _DATE, _ISSUER = (
    e.oid.dotted_string for e in (x509.CRLReason, x509.InvalidityDate, x509.CertificateIssuer)
)
_FRESHEST = x509.FreshestCRL.oid.dotted_string


class Crl(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A list as it is written; whoever signed it. this_update, next_update: seconds since 1970, None where it
    says no end. is_indirect: it speaks for other issuers than its own. entries: issuer and serial. tells_of:
    the certificates of which its silence says something; none where it leaves reasons out."""

    x509: x509.CertificateRevocationList
    issuer: str
    issuer_name: NameKey
    this_update: float
    next_update: float | None
    is_indirect: bool
    tells_of: Literal["all", "leafs", "CAs", "none"]
    entries: frozenset[tuple[NameKey, int]]

    def revoked(self, certificate: Certificate) -> bool:
        """Whether the certificate is listed, by its issuer and serial."""
        return (certificate.issuer_name, certificate.serial) in self.entries

    def clears(self, certificate: Certificate, now: float) -> bool:
        """Whether it says, by silence, that a certificate of an issuer it speaks for is not revoked."""
        if self.tells_of not in ("all", "CAs" if certificate.is_ca else "leafs"):
            return False
        return self.this_update <= now and (self.next_update is None or now <= self.next_update)

    def is_signed_by(self, signer: Certificate) -> bool:
        """Whether a certificate's key, which may sign lists, signed this one."""
        if signer.key_usage is not None and "cRLSign" not in signer.key_usage:
            return False
        if signer.subject_name != self.issuer_name:
            return False
        known = self._signers.get(signer.der)
        if known is None:
            # a list is asked about for every chain, and may have megabytes
            known = self._signers[signer.der] = is_signed_by(self.x509, signer.public_key)
            if len(self._signers) > 64:
                self._signers.clear()
        return known

    @cached_property
    def _signers(self) -> dict[bytes, bool]:
        return {}


def parse_crl(octets: bytes) -> Crl | Rejected:
    """One list, PEM or DER, its signature not yet checked. Rejected: reason revocation_unknown."""
    try:
        is_pem = b"-----BEGIN X509 CRL-----" in octets
        read = x509.load_pem_x509_crl(octets) if is_pem else x509.load_der_x509_crl(octets)
        scope = None
        for extension in read.extensions:
            oid = extension.oid.dotted_string
            if isinstance(extension.value, x509.IssuingDistributionPoint):
                scope = extension.value
            elif extension.critical and oid not in (_NUMBER, _AUTHORITY, _FRESHEST):
                return _bad(f"it has a critical extension that is not known here: {oid}")
        issuer = name_key(read.issuer)
        entries = _entries(read, issuer)
        if isinstance(entries, Rejected):
            return entries
        until = read.next_update_utc
        return Crl(
            x509=read,
            issuer=read.issuer.rfc4514_string(),
            issuer_name=issuer,
            this_update=read.last_update_utc.timestamp(),
            next_update=until.timestamp() if until else None,
            is_indirect=scope is not None and scope.indirect_crl,
            tells_of=_scope(scope),
            entries=entries,
        )
    except UNREADABLE as error:
        return _bad(f"it can't be read: {' '.join(str(error).split())[:200] or type(error).__name__}")


def _scope(scope: x509.IssuingDistributionPoint | None) -> Literal["all", "leafs", "CAs", "none"]:
    if scope is None:
        return "all"
    if scope.only_some_reasons or scope.only_contains_attribute_certs:
        return "none"
    return "leafs" if scope.only_contains_user_certs else "CAs" if scope.only_contains_ca_certs else "all"


def _entries(
    crl: x509.CertificateRevocationList, issuer: NameKey
) -> frozenset[tuple[NameKey, int]] | Rejected:
    found = set()
    for entry in crl:
        removed = False
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CertificateIssuer):
                # of this entry and of those after it (RFC 5280 section 5.3.3)
                names = extension.value.get_values_for_type(x509.DirectoryName)
                if not names:
                    return _bad("an entry's issuer has no distinguished name")
                issuer = name_key(names[0])
            elif isinstance(extension.value, x509.CRLReason):
                removed = extension.value.reason is x509.ReasonFlags.remove_from_crl
            elif extension.critical:
                return _bad(f"an entry has a critical extension: {extension.oid.dotted_string}")
        if not removed:
            found.add((issuer, entry.serial_number))
    return frozenset(found)


def _bad(detail: str) -> Rejected:
    return Rejected("revocation_unknown", 437, f"the revocation list can't be used: {detail}")
