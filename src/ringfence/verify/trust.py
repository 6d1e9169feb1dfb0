"""Whom a verifier trusts: roots from PEM, or from the list of the STI-PA (ATIS-1000084, a JWS)."""

from __future__ import annotations

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import Certificate, parse_certificates
from ringfence.verify.passport import from_base64url
from ringfence.verify.signature import signature_holds

#: Octets of a CA list; the real one has some 60 certificates.
MAX_LIST = 4 << 20


class TrustStore(msgspec.Struct, frozen=True):
    """roots: trusted as they stand, whoever issued them. crl_signers: trusted to sign revocation lists of
    other issuers (RFC 5280 section 5: indirect), such as the STI-PA. name: for people."""

    roots: tuple[Certificate, ...] = ()
    crl_signers: tuple[Certificate, ...] = ()
    name: str = ""


class _Header(msgspec.Struct):
    alg: str


class _Payload(msgspec.Struct):
    trust_list: list[str] = msgspec.field(name="trustList")
    exp: float
    version: str | int | float | None = None
    sequence: int | None = None


def read_pem(octets: bytes, name: str = "") -> TrustStore | Rejected:
    """The certificates of a PEM bundle as roots. Rejected: reason bad_certificate."""
    read = parse_certificates(octets)
    return read if isinstance(read, Rejected) else TrustStore(read, name=name)


def read_ca_list(jws: bytes, signer: Certificate | TrustStore, now: float) -> TrustStore | Rejected:
    """The roots that a CA list names, if one of the signers has signed it (ES256) and it is in force.

    signer: the certificate of whoever signs it, or a store whose roots are asked. The key is never taken from
    the list: its x5u is the sender's word. Rejected: untrusted, expired, not_yet_valid, bad_certificate.
    """
    signers = signer.roots if isinstance(signer, TrustStore) else (signer,)
    parts = jws.strip().split(b".")
    if len(jws) > MAX_LIST or len(parts) != 3:
        return _bad("is no JWS in compact form")
    header, payload, signature = (from_base64url(part) for part in parts)
    if header is None or payload is None or signature is None:
        return _bad("has parts that are not base64url")
    try:
        alg = msgspec.json.decode(header, type=_Header).alg
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _bad("has a header that is no JSON object with an alg")
    if alg != "ES256" or len(signature) != 64:
        return _bad("is not signed with ES256")
    signed = parts[0] + b"." + parts[1]
    by = next((s for s in signers if s.key and signature_holds(s.key, signature, signed)), None)
    if by is None:
        return Rejected("untrusted", None, "the CA list is not signed by the certificate given for it")
    if not by.not_before <= now <= by.not_after:
        word = "expired" if now > by.not_after else "not_yet_valid"
        return Rejected(word, None, "the certificate that signs the CA list is not in force")
    try:
        listed = msgspec.json.decode(payload, type=_Payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _bad(f"has another payload: {' '.join(str(error).split())[:120]}")
    if now > listed.exp:
        return Rejected("expired", None, "the CA list is over; fetch it anew")
    roots: list[Certificate] = []
    for position, pem in enumerate(listed.trust_list, 1):
        read = parse_certificates(pem.encode("utf-8", "replace"))
        if isinstance(read, Rejected):
            return _bad(f"has an entry {position} that can't be read: {read.detail}")
        roots += read
    return TrustStore(tuple(roots), name=f"CA list {listed.sequence}" if listed.sequence else "CA list")


def _bad(detail: str) -> Rejected:
    return Rejected("bad_certificate", None, f"the CA list {detail}")
