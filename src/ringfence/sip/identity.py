"""The Identity header (RFC 8224 section 4): its parts, and what it claims, decoded and NOT verified.

Call records carry a claim as a claim. Who wants to know whether it is true must verify the signature.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.sip.headers import TOKEN

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


class IdentityHeader(msgspec.Struct, frozen=True):
    """token: the PASSporT, in full or compact form. info: where its certificate is, "" where not said. alg
    and ppt: as the parameters have them, ppt in lower case; "" where absent."""

    token: str
    info: str = ""
    alg: str = ""
    ppt: str = ""


# a URI in angle brackets may hold anything else: "=" and ";" too
_PARAMETER = re.compile(
    rf';\s*(?P<name>{TOKEN})\s*(?:=\s*(?:<(?P<uri>[^<>]*)>|"(?P<quoted>[^"\\]*)"|(?P<plain>[^\s;,<>"]+))\s*)?'
)
_TOKEN_TEXT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+="


def parse_identity(value: str) -> IdentityHeader | Rejected:
    """The parts of one Identity header value. Rejected: reason bad_syntax, status 438, or 436 where what is
    said of the certificate cannot be read."""
    token, semicolon, rest = value.partition(";")
    token = token.strip(" \t\r\n")
    # old stacks quote the token, as RFC 4474 did
    if len(token) > 2 and token[0] == token[-1] == '"':
        token = token[1:-1]
    if not token or not token.isascii() or token.encode().translate(None, _TOKEN_TEXT):
        return Rejected("bad_syntax", 438, "an Identity header is a token, and parameters after semicolons")
    if not semicolon:
        return IdentityHeader(token)
    # longer ones than signers write would fill memory
    parameters = (_parameters if len(rest) <= 1024 else _parameters.__wrapped__)(";" + rest)
    return parameters if isinstance(parameters, Rejected) else IdentityHeader(token, *parameters)


@functools.lru_cache(maxsize=8192)  # the same in all calls of a signer
def _parameters(text: str) -> tuple[str, str, str] | Rejected:
    """info, alg and ppt; parameters that are not known are passed over."""
    found: dict[str, str] = {}
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            return Rejected("bad_syntax", 438, f"parameter at {text[position : position + 40]!r}")
        name = match["name"].lower()
        if name in ("info", "alg", "ppt"):
            if name in found:
                return Rejected("bad_syntax", 438, f"{name} is given twice")
            if name == "info" and match["uri"] is None:
                return Rejected("bad_syntax", 436, "info is no URI in angle brackets")
            found[name] = next((v for v in match.group("uri", "quoted", "plain") if v is not None), "")
        position = match.end()
    return found.get("info", "").strip(), found.get("alg", ""), found.get("ppt", "").lower()


def identity_value(token: str, x5u: str, ppt: str = "") -> str:
    """The value of an Identity header that carries this token. ppt: "" for the base type."""
    return f"{token};info=<{x5u}>;alg=ES256" + (f";ppt={ppt}" if ppt else "")
