"""ES256 over the octets as received (RFC 7518 section 3.4). The algorithm is ours, never the token's."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_ES256 = ECDSA(SHA256())


def _integer(octets: bytes) -> bytes:
    """A DER INTEGER of 32 big-endian bytes."""
    short = octets.lstrip(b"\0") or b"\0"
    return (b"\2%c\0" % (len(short) + 1) if short[0] & 0x80 else b"\2%c" % len(short)) + short


def to_der(signature: bytes) -> bytes:
    """r and s, 32 bytes each, as the DER that X.509 and OpenSSL use."""
    body = _integer(signature[:32]) + _integer(signature[32:])
    return b"\x30%c" % len(body) + body


def signature_holds(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    """Whether the 64 bytes are this P-256 key's signature of these octets."""
    try:
        key.verify(to_der(signature), signed, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True
