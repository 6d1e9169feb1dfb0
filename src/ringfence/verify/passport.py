"""PASSporT tokens: text to values and back (RFC 8225 sections 3 to 7 and 9, JWS of RFC 7515).

The octets under the signature are those received: JSON is rebuilt only where a token is made, or where a
compact one has to be completed from the call.
"""

from __future__ import annotations

import binascii
import functools
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ringfence.model.passport import Claims, Passport
from ringfence.model.rejected import Rejected

#: Bytes of a token. rcd and div-o tokens of a few KiB are honest; a SIP message seldom carries more.
MAX_TOKEN = 32_768
#: Bytes of a token's header that is remembered: longer ones are hostile, and many would fill memory.
LONGEST_CACHED = 1024

# + and / are none of base64url's, nor is padding: they become what no decoder takes
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"", b"==", b"=")
# what a text may end in whose last character is not used to the full: the bits left over are zero
_ENDS = (None, None, frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
_CLAIMS = msgspec.json.Decoder(Claims)
_NUMBER_CHARACTERS = str.maketrans("", "", "0123456789*#")


class Token(msgspec.Struct, frozen=True):
    """A token taken apart. ppt: "" for none. signed: what is under the signature. payload: the claims' JSON,
    decoded. signature: r and s, 32 bytes each."""

    ppt: str
    x5u: str
    signed: bytes
    payload: bytes
    signature: bytes


def parse_token(token: str) -> Passport | Rejected:
    """A token in full form. Rejected: reason bad_syntax or unsupported, status 438."""
    opened = open_token(token)
    if isinstance(opened, Rejected):
        return opened
    claims = read_claims(opened.payload, opened.ppt)
    if isinstance(claims, Rejected):
        return claims
    return Passport(opened.ppt, opened.x5u, claims, opened.signed, opened.payload, opened.signature)


def is_compact(token: str) -> bool:
    """Whether a token has the compact form (RFC 8225 section 7): header and payload left out."""
    return token.startswith("..")


def open_token(token: str) -> Token | Rejected:
    """A full-form token's parts, its claims not yet read."""
    if len(token) > MAX_TOKEN:
        return _bad(f"the token has {len(token)} bytes, over {MAX_TOKEN}")
    try:
        octets = token.encode("ascii")
    except UnicodeEncodeError:
        return _bad("the token has characters that are not ASCII")
    head, one, rest = octets.partition(b".")
    body, two, tail = rest.partition(b".")
    if not (one and two and head and body) or b"." in tail:
        return _bad("a token has three parts with a dot between them")
    header = _read_header(head) if len(head) <= LONGEST_CACHED else _read_header.__wrapped__(head)
    if isinstance(header, Rejected):
        return header
    payload = from_base64url(body)
    signature = from_base64url(tail)
    if payload is None:
        return _bad("the payload is not base64url")
    if signature is None or len(signature) != 64:
        return _bad("the signature is not 64 bytes in base64url (RFC 7518 section 3.4)")
    return Token(*header, octets[: len(head) + 1 + len(body)], payload, signature)


def from_base64url(text: bytes) -> bytes | None:
    """Octets from base64url without padding (RFC 7515 section 2); None for anything else, also for a second
    spelling of the same octets (RFC 4648 section 3.5)."""
    left = len(text) % 4
    ends = _ENDS[left]
    if ends is not None and text[-1] not in ends:
        return None
    try:
        return binascii.a2b_base64(text.translate(_TO_STANDARD) + _PADDING[left], strict_mode=True)
    except binascii.Error:
        return None


def to_base64url(octets: bytes) -> bytes:
    """Base64url without padding (RFC 7515 section 2)."""
    return binascii.b2a_base64(octets, newline=False).rstrip(b"=").translate(_TO_URL)


@functools.lru_cache(maxsize=8192)  # a signer's header is the same in all its calls
def _read_header(text: bytes) -> tuple[str, str] | Rejected:
    """ppt and x5u of a JOSE header. The algorithm is ours to choose: the header may only agree."""
    octets = from_base64url(text)
    header = None if octets is None else _object(octets)
    if header is None:
        return _bad("the header is no JSON object with names of its own, in base64url")
    alg, typ, ppt, x5u = (header.get(name) for name in ("alg", "typ", "ppt", "x5u"))
    if alg is None or typ is None:
        return _bad(f"the header has no {'alg' if alg is None else 'typ'}")
    if alg != "ES256":
        return Rejected("unsupported", 438, f"alg {alg!r:.40}: only ES256 is used in PASSporTs")
    if typ != "passport":
        return _bad(f"typ {typ!r:.40} is not passport")
    if "crit" in header:
        return Rejected("unsupported", 438, "crit names extensions that are not known (RFC 7515 4.1.11)")
    if ppt is not None and (not isinstance(ppt, str) or not ppt):
        return _bad("ppt is no text")
    if not isinstance(x5u, str) or not x5u:
        return _bad("the header has no x5u")
    return ppt or "", x5u


def _object(octets: bytes) -> dict[str, Any] | None:
    """A JSON object in which no name comes twice; None for anything else."""
    try:
        value = json.loads(octets, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def all_claims(payload: bytes) -> dict[str, Any]:
    """Every claim of a payload that `read_claims` has accepted, those unknown to Ringfence too."""
    claims: dict[str, Any] = json.loads(payload)
    return claims


def read_claims(payload: bytes, ppt: str) -> Claims | Rejected:
    """The claims of a payload, each of the right kind, none of them twice, and those there that the type
    demands (RFC 8225 section 5, RFC 8588 section 4, RFC 8946 sections 3 and 5, RFC 8443 section 4).

    A type that is not known is held to the rules of the base type."""
    try:
        claims = _CLAIMS.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _bad(f"claims: {error}"[:200])
    if not _plainly_unique(payload, claims) and _object(payload) is None:
        return _bad("claims: a name comes twice, or a number is none")
    fault = _fault(claims, ppt)
    return claims if fault is None else _bad(f"claims: {fault}")


def _plainly_unique(payload: bytes, claims: Claims) -> bool:
    """Whether no name can come twice, seen from their count: two readers of a JSON with a name given twice
    may see two callers. False where that cannot be told so cheaply."""
    if len(payload.translate(None, b"\\ \n\t\r")) != len(payload):
        return False
    # these hold objects of any shape
    if claims.rcd is not None or claims.rcdi is not None or claims.rph is not None or claims.mky is not None:
        return False
    names = 5 + bool(claims.dest.tn and claims.dest.uri)
    for claim in (claims.attest, claims.origid, claims.opt, claims.crn, claims.sph):
        names += claim is not None
    if claims.div is not None:
        parts = (claims.div.tn, claims.div.uri, claims.div.hi)
        names += 1 + sum(part is not None for part in parts)
    return payload.count(b'":') == names


def _party_fault(tn: str | None, uri: str | None) -> str | None:
    if (tn is None) == (uri is None):
        return "needs either tn or uri"
    if tn is not None and (not tn or tn.translate(_NUMBER_CHARACTERS)):
        return "tn is not digits, # and * alone (RFC 8225 section 5.2.1)"
    if uri is not None and ":" not in uri:
        return "uri is no URI"
    return None


def _fault(claims: Claims, ppt: str) -> str | None:
    if not 0 <= claims.iat < 1 << 53:  # also no number, or one that no clock can be compared with
        return "iat is no time"
    if fault := _party_fault(claims.orig.tn, claims.orig.uri):
        return f"orig {fault}"
    if not claims.dest.tn and not claims.dest.uri:
        return "dest names nobody"
    for tn in claims.dest.tn:
        if fault := _party_fault(tn, None):
            return f"dest {fault}"
    for uri in claims.dest.uri:
        if fault := _party_fault(None, uri):
            return f"dest {fault}"
    rule = _RULES.get(ppt)
    return rule(claims) if rule else None


def _shaken(claims: Claims) -> str | None:
    if claims.attest not in ("A", "B", "C"):
        return "attest is not A, B or C" if claims.attest is not None else "no attest"
    return None if claims.origid else "no origid"


def _div(claims: Claims) -> str | None:
    if claims.div is None:
        return "no div"
    fault = _party_fault(claims.div.tn, claims.div.uri)
    return f"div {fault}" if fault else None


def _div_o(claims: Claims) -> str | None:
    if claims.opt is None:
        return "no opt"
    return "opt is in compact form" if is_compact(claims.opt) else _div(claims)


def _rph(claims: Claims) -> str | None:
    if not claims.rph:
        return "no rph"
    for name, values in claims.rph.items():
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            return f"rph {name[:40]} is no list of texts"
    return None


def _rcd(claims: Claims) -> str | None:
    if claims.rcd is None:
        return None if claims.crn is not None else "no rcd"
    return None if isinstance(claims.rcd.get("nam"), str) else "rcd has no nam"


_RULES = {"shaken": _shaken, "div": _div, "div-o": _div_o, "rph": _rph, "rcd": _rcd}


def canonical_json(value: Any) -> bytes:
    """JSON as RFC 8225 section 9 has it: names in order of their code points, no white space, UTF-8."""
    return msgspec.json.encode(msgspec.to_builtins(value), order="sorted")


@functools.lru_cache(maxsize=1024)
def _header(ppt: str, x5u: str) -> bytes:
    header = {"alg": "ES256", "typ": "passport", "x5u": x5u} | ({"ppt": ppt} if ppt else {})
    return to_base64url(canonical_json(header))


def signing_input(ppt: str, x5u: str, claims: Claims | Mapping[str, Any]) -> bytes:
    """The octets to sign: header, dot, payload, each in base64url. ppt: "" for the base type."""
    return _header(ppt, x5u) + b"." + to_base64url(canonical_json(claims))


def to_token(signed: bytes, signature: bytes, *, compact: bool = False) -> str:
    """The token of signed octets and their signature (r and s, 64 bytes). compact: two dots and the
    signature, which RFC 8225 section 7 allows without a ppt only."""
    return (".." if compact else signed.decode() + ".") + to_base64url(signature).decode()


def _bad(detail: str) -> Rejected:
    return Rejected("bad_syntax", 438, detail)
