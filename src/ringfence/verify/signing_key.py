"""A private key with the certificate that speaks for it: what verifiers would refuse is refused here.

A key that is not its certificate's, a certificate that is over, a delegate that oversteps its parent: found
when the key is loaded, not when calls fail at the other end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ringfence.errors import ConfigError
from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, is_signed_by, parse_certificates
from ringfence.verify.tnauthlist import TNAuthList

_ES256 = ECDSA(SHA256())
#: Numbers of a service provider code, as the start of their digits.
SpcNumbers = Mapping[str, Sequence[str]]


class SigningKey:
    """A P-256 key, its certificate with the intermediates, and the address where verifiers find them.

    key: PEM (PKCS #8 or SEC 1, not encrypted) or the key itself. certificates: PEM, DER or PKCS #7, or
    already read; the signer's first, the root need not be there. x5u: the https address of the same
    certificates. now: seconds since 1970. starts: when it is to begin to sign; without it the certificate
    must be in force now. spc_numbers: the numbers of the certificate's service provider codes, which it may
    then not exceed; None: a code covers every number, as in SHAKEN. allow_http: an x5u of http is taken, for
    trials.

    Raises ConfigError, one line, for what verifiers would refuse.
    """

    def __init__(
        self,
        key: bytes | EllipticCurvePrivateKey,
        certificates: bytes | Sequence[Certificate],
        x5u: str,
        *,
        now: float,
        starts: float | None = None,
        spc_numbers: SpcNumbers | None = None,
        allow_http: bool = False,
    ) -> None:
        self.certificates = _read_certificates(certificates)
        leaf = self.certificates[0]
        self._key = _read_key(key)
        self.x5u = _checked_url(x5u, allow_http)
        if leaf.key is None:
            raise ConfigError(f"certificate {leaf.subject}: {leaf.key_fault}")
        if leaf.key.public_numbers() != self._key.public_key().public_numbers():
            raise ConfigError(
                f"the key is not that of certificate {leaf.subject}; give the key that was certified"
            )
        chain = _chain(self.certificates)
        _check_holder(chain)
        #: seconds since 1970 between which all certificates are in force
        self.not_before = max(c.not_before for c in chain)
        self.not_after = min(c.not_after for c in chain)
        self.starts = self.not_before if starts is None else starts
        self._check_time(leaf, now if starts is None else max(now, starts), now)
        self.authority: TNAuthList | None = leaf.tn_auth
        self.constraints = tuple(c.constraints for c in chain if c.constraints is not None)
        self._prefixes: tuple[str, ...] | None = None
        if spc_numbers is not None:
            codes = leaf.tn_auth.spcs if leaf.tn_auth else ()
            self._prefixes = tuple(p.removeprefix("+") for code in codes for p in spc_numbers.get(code, ()))

    def _check_time(self, leaf: Certificate, first: float, now: float) -> None:
        where = f"certificate {leaf.subject}"
        if now > self.not_after:
            raise ConfigError(f"{where}: expired at {_utc(self.not_after)}; renew it")
        if first < self.not_before:
            raise ConfigError(f"{where}: not in force before {_utc(self.not_before)}; let the key start then")
        if first > self.not_after:
            raise ConfigError(f"{where}: over at {_utc(self.not_after)}, before its key starts; renew it")

    @property
    def name(self) -> str:
        """Who signs, for a person: the service provider codes, else the certificate's subject."""
        return ",".join(self.authority.spcs if self.authority else ()) or self.certificates[0].subject

    def in_force(self, now: float) -> bool:
        return self.starts <= now and self.not_before <= now <= self.not_after

    def covers(self, identity: str) -> bool:
        """Whether the certificate speaks for a number (digits) or a URI (RFC 8226 section 9, RFC 8224 8.4).

        A number needs a TNAuthList; a URI its domain among the alternative names."""
        if ":" in identity:
            return self.certificates[0].names(identity)
        if self.authority is None:
            return False
        if self.authority.covers(identity):
            return True
        if not self.authority.spcs:
            return False
        return self._prefixes is None or identity.startswith(self._prefixes)

    def violation(self, claims: Mapping[str, Any]) -> str | None:
        """What claims break of its certificates' constraints, in words (RFC 8226 section 8, RFC 9118)."""
        for constraints in self.constraints:
            if fault := constraints.violation(claims):
                return fault
        return None

    def sign(self, octets: bytes) -> bytes:
        """r and s, 32 bytes each (RFC 7518 section 3.4)."""
        return _raw(self._key.sign(octets, _ES256))


def _raw(signature: bytes) -> bytes:
    """The 64 bytes of a DER signature by this library: SEQUENCE of two INTEGERs, all lengths in one octet."""
    end = 4 + signature[3]
    r, s = signature[4:end], signature[end + 2 :]
    return r.rjust(32, b"\0")[-32:] + s.rjust(32, b"\0")[-32:]


def _read_key(key: bytes | EllipticCurvePrivateKey) -> EllipticCurvePrivateKey:
    loaded: object = key
    if isinstance(key, bytes):
        try:
            loaded = load_pem_private_key(key, None)
        except TypeError:
            raise ConfigError("the key is encrypted; decrypt it with openssl pkey") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ConfigError("the key is no private key in PEM; openssl pkey writes one") from None
    if not isinstance(loaded, EllipticCurvePrivateKey) or not isinstance(loaded.curve, SECP256R1):
        raise ConfigError(
            "the key is not on P-256, which ES256 needs; openssl ecparam -name prime256v1 makes one"
        )
    return loaded


def _read_certificates(certificates: bytes | Sequence[Certificate]) -> tuple[Certificate, ...]:
    if not isinstance(certificates, bytes):
        return tuple(certificates)
    read = parse_certificates(certificates)
    if isinstance(read, Rejected):
        raise ConfigError(f"the certificate can't be used: {read.detail}")
    return read


def _checked_url(x5u: str, allow_http: bool) -> str:
    try:
        parts = urlsplit(x5u)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"x5u {x5u!r:.80}: no URL; give the https address of the certificate") from None
    if any(c in '<>"' or not "\x20" < c < "\x7f" for c in x5u) or not host:
        raise ConfigError(f"x5u {x5u!r:.80}: no URL; give the https address of the certificate")
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise ConfigError(f"x5u {x5u:.80}: verifiers fetch from https addresses only; publish it there")
    if parts.query or parts.fragment or parts.username is not None:
        raise ConfigError(
            f"x5u {x5u:.80}: no query, fragment or user in it; verifiers refuse them (ATIS-1000074)"
        )
    if parts.scheme == "https" and port not in (None, 443, 8443):
        raise ConfigError(f"x5u {x5u:.80}: port 443 or 8443 only; verifiers ask no other (ATIS-1000074)")
    return x5u


def _chain(certificates: tuple[Certificate, ...]) -> list[Certificate]:
    """The leaf and its issuers as far as they are here."""
    chain = [certificates[0]]
    others = list(certificates[1:])
    while True:
        child = chain[-1]
        issuer = next(
            (
                c
                for c in others
                if c.subject_name == child.issuer_name and is_signed_by(child.x509, c.public_key)
            ),
            None,
        )
        if issuer is None:
            break
        others.remove(issuer)
        chain.append(issuer)
    if others:
        raise ConfigError(
            f"certificate {others[0].subject} did not issue {chain[-1].subject}; "
            "give the signer's certificate and those between it and the root"
        )
    return chain


def _check_holder(chain: list[Certificate]) -> None:
    leaf = chain[0]
    where = f"certificate {leaf.subject}"
    if leaf.is_ca:
        raise ConfigError(f"{where}: a CA's; calls are signed with an end certificate")
    if leaf.key_usage is not None and "digitalSignature" not in leaf.key_usage:
        raise ConfigError(f"{where}: its key usage has no digitalSignature")
    for fault in (leaf.tn_auth_fault, *(c.constraints_fault for c in chain)):
        if fault:
            raise ConfigError(f"{where}: {fault}")
    if leaf.unknown_critical:
        raise ConfigError(
            f"{where}: critical extension {leaf.unknown_critical[0]}, which verifiers do not know"
        )
    for parent in chain[1:]:
        if not parent.is_ca:
            raise ConfigError(f"{where}: issued by {parent.subject}, which is no CA")
        if parent.tn_auth is not None and (leaf.tn_auth is None or not leaf.tn_auth.within(parent.tn_auth)):
            raise ConfigError(f"{where}: claims numbers that its parent has not (RFC 9060 section 4)")


def _utc(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
