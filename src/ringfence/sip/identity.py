"""What an Identity header claims (RFC 8224, RFC 8225), decoded and NOT verified.

Call records carry a claim as a claim. Who wants to know whether it is true must verify the signature.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

_MAX_TOKEN = 16_384


class Claims(msgspec.Struct, frozen=True):
    """attestation: A, B or C, else None. origid: as claimed. signer_url: the certificate's address (info)."""

    attestation: str | None = None
    origid: str | None = None
    signer_url: str | None = None


class _Payload(msgspec.Struct):
    attest: str | None = None
    origid: str | None = None


def read_claims(value: str) -> Claims | None:
    """The claims of one Identity header value in full form.

    None for the compact form (which carries none), for what is no PASSporT and for anything over 16 KiB.
    """
    token, _, parameters = value.partition(";")
    pieces = token.strip().split(".")
    if len(pieces) != 3 or not pieces[1] or len(token) > _MAX_TOKEN:
        return None
    try:
        raw = base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4))
        payload = msgspec.json.decode(raw, type=_Payload)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return None
    attest = (payload.attest or "").strip().upper()
    url: str | None = None
    for parameter in parameters.split(";"):
        name, _, text = parameter.strip().partition("=")
        if name.lower() == "info":
            url = text.strip().strip("<>")
    return Claims(attest if attest in ("A", "B", "C") else None, payload.origid, url)
