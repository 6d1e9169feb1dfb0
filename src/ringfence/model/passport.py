"""PASSporTs as values (RFC 8225): what a token says, whoever said it."""

from __future__ import annotations

from typing import Any

import msgspec

#: The types of PASSporT that are understood; "" is the base type, without ppt.
PPTS = ("", "shaken", "div", "div-o", "rcd", "rph")


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """One identity: a telephone number or a URI (RFC 8225 section 5.2.1). hi: the History-Info index in a
    `div` claim (RFC 8946 section 3)."""

    tn: str | None = None
    uri: str | None = None
    hi: str | None = None


class Parties(msgspec.Struct, frozen=True, omit_defaults=True):
    """One or more identities (RFC 8225 section 5.2.1)."""

    tn: tuple[str, ...] = ()
    uri: tuple[str, ...] = ()


class Claims(msgspec.Struct, frozen=True, omit_defaults=True):
    """The claims that Ringfence knows; others stay in the token and are ignored (RFC 8225 section 8).

    iat: seconds since 1970. attest and origid: RFC 8588. div, opt: RFC 8946. rph: RFC 8443, sph: RFC 9027.
    rcd, rcdi, crn: RFC 9795. mky: media keys (RFC 8225 section 5.2.2).
    """

    dest: Parties
    iat: int | float
    orig: Party
    attest: str | None = None
    origid: str | None = None
    div: Party | None = None
    opt: str | None = None
    rcd: dict[str, Any] | None = None
    rcdi: dict[str, str] | None = None
    crn: str | None = None
    rph: dict[str, Any] | None = None
    sph: str | None = None
    mky: list[Any] | None = None


class Passport(msgspec.Struct, frozen=True):
    """One PASSporT.

    ppt: "" for the base type. x5u: where its certificate is. signed: the octets under the signature, as
    received: header, dot, payload, each in base64url. payload: the claims as JSON, as received. signature:
    64 bytes, r and s.
    """

    ppt: str
    x5u: str
    claims: Claims
    signed: bytes
    payload: bytes
    signature: bytes
