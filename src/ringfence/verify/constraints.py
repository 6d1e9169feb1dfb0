"""What the claims of a certificate's tokens must and must not be.

JWTClaimConstraints (RFC 8226 section 8) and EnhancedJWTClaimConstraints (RFC 9118).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ringfence.errors import UsageError
from ringfence.model.rejected import Rejected
from ringfence.verify import der

#: id-pe-JWTClaimConstraints and id-pe-eJWTClaimConstraints
OID = "1.3.6.1.5.5.7.1.27"
ENHANCED_OID = "1.3.6.1.5.5.7.1.33"

#: Claims of every token: always there and always permitted.
BASELINE = ("iat", "orig", "dest")

_INCLUDE, _PERMITTED, _EXCLUDE = (der.context(n) for n in range(3))
_encode = msgspec.json.Encoder(order="deterministic").encode


class ClaimConstraints(msgspec.Struct, frozen=True):
    """must_include: claims beside the baseline that must be there. permitted: what a claim may be, where it
    is there. must_exclude: claims that must not be there (RFC 9118 alone)."""

    must_include: tuple[str, ...] = ()
    permitted: dict[str, tuple[str, ...]] = {}
    must_exclude: tuple[str, ...] = ()

    def violation(self, claims: Mapping[str, Any]) -> str | None:
        """What of these a token's claims break, in words; None where they keep them.

        claims: the payload's JSON object. A text is compared as it is; any other claim must, as a whole, be
        the same JSON as one of the values.
        """
        for name in (*BASELINE, *self.must_include):
            if name not in claims:
                return f"the claim {name} must be in the token"
        for name in self.must_exclude:
            if name in claims:
                return f"the claim {name} must not be in the token"
        for name, values in self.permitted.items():
            if name in claims and not _is_one_of(claims[name], values):
                return f"the claim {name} has none of the permitted values"
        return None


def parse_constraints(octets: bytes, enhanced: bool) -> ClaimConstraints | Rejected:
    """The value of one of the extensions. Rejected: reason bad_certificate, status 437.

    An enhanced one that excludes a baseline claim counts as absent (RFC 9118 section 3): it is empty then.
    """
    parts = der.inside(octets, der.SEQUENCE)
    tags = [tag for tag, _ in parts or ()]
    known = (_INCLUDE, _PERMITTED, _EXCLUDE) if enhanced else (_INCLUDE, _PERMITTED)
    if not parts or tags != sorted(set(tags)) or not set(tags) <= set(known):
        return _bad("are not a SEQUENCE of their parts")
    held = dict(parts)
    include = _names(held[_INCLUDE]) if _INCLUDE in held else ()
    exclude = _names(held[_EXCLUDE]) if _EXCLUDE in held else ()
    permitted = _permitted(held[_PERMITTED]) if _PERMITTED in held else {}
    if include is None or exclude is None:
        return _bad("have a list that is not of claim names")
    if permitted is None:
        return _bad("have a list that is not of claims with their values")
    if not set(BASELINE).isdisjoint(exclude):
        return ClaimConstraints()
    return ClaimConstraints(include, permitted, exclude)


def encode_constraints(constraints: ClaimConstraints) -> bytes:
    """The extension's value: of JWTClaimConstraints without must_exclude, else of the enhanced one.

    Raises UsageError for what must not be in it.
    """
    if fault := _fault(constraints):
        raise UsageError(f"claim constraints: {fault}")
    parts = []
    if constraints.must_include:
        parts.append(der.element(_INCLUDE, _from_names(constraints.must_include)))
    if constraints.permitted:
        lists = [
            der.element(
                der.SEQUENCE,
                _from_name(name),
                der.element(der.SEQUENCE, *(der.element(der.UTF8_STRING, v.encode()) for v in values)),
            )
            for name, values in constraints.permitted.items()
        ]
        parts.append(der.element(_PERMITTED, der.element(der.SEQUENCE, *lists)))
    if constraints.must_exclude:
        parts.append(der.element(_EXCLUDE, _from_names(constraints.must_exclude)))
    return der.element(der.SEQUENCE, *parts)


def _is_one_of(claim: Any, values: tuple[str, ...]) -> bool:
    if isinstance(claim, str):
        return claim in values
    written = _canonical(claim)
    return written is not None and any(_parsed(value) == written for value in values)


def _canonical(value: Any) -> bytes | None:
    try:
        return _encode(value)
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError, ValueError):
        return None


def _parsed(text: str) -> bytes | None:
    try:
        return _canonical(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def _names(octets: bytes) -> tuple[str, ...] | None:
    items = der.inside(octets, der.SEQUENCE)
    if not items or any(tag != der.IA5_STRING for tag, _ in items):
        return None
    names = [der.text(contents, "ascii") for _, contents in items]
    return tuple(name for name in names if name) if all(names) else None


def _permitted(octets: bytes) -> dict[str, tuple[str, ...]] | None:
    items = der.inside(octets, der.SEQUENCE)
    permitted: dict[str, tuple[str, ...]] = {}
    for tag, contents in items or ():
        parts = der.elements(contents) if tag == der.SEQUENCE else None
        if not parts or [t for t, _ in parts] != [der.IA5_STRING, der.SEQUENCE]:
            return None
        name, listed = der.text(parts[0][1], "ascii"), der.elements(parts[1][1])
        if not name or not listed or any(t != der.UTF8_STRING for t, _ in listed):
            return None
        values = [der.text(v, "utf-8") for _, v in listed]
        if None in values:
            return None
        # a claim that is listed twice must be in both lists
        permitted[name] = tuple(v for v in values if v is not None and v in permitted.get(name, values))
    return permitted or None


def _fault(constraints: ClaimConstraints) -> str:
    names = (*constraints.must_include, *constraints.permitted, *constraints.must_exclude)
    if not names:
        return "they are empty; name a claim"
    if any(not name or not name.isascii() for name in names):
        return "a claim's name must be ASCII"
    if not set(BASELINE).isdisjoint(constraints.must_exclude):
        return "iat, orig and dest can't be excluded (RFC 9118 section 3)"
    if not all(constraints.permitted.values()):
        return "a claim with permitted values needs one"
    return ""


def _from_name(name: str) -> bytes:
    return der.element(der.IA5_STRING, name.encode("ascii"))


def _from_names(names: tuple[str, ...]) -> bytes:
    return der.element(der.SEQUENCE, *(_from_name(name) for name in names))


def _bad(detail: str) -> Rejected:
    return Rejected("bad_certificate", 437, f"the claim constraints {detail}")
