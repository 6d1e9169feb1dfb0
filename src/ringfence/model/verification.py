"""The outcome of verification, as values: one for each Identity header, one for the call."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Verdict(StrEnum):
    """valid: signed by one entitled to the number. invalid: a token that proves nothing, and says so.
    unsigned: no token of a kind that is understood."""

    VALID = "valid"
    INVALID = "invalid"
    UNSIGNED = "unsigned"


class Step(StrEnum):
    """The steps of verification, in their order. `ringfence.verify.verifier` numbers its blocks by them."""

    HEADER = "header"  # 1: the Identity header reads as RFC 8224 section 4 has it
    TOKEN = "token"  # 2: ES256, passport, a known type, the same x5u as info
    CLAIMS = "claims"  # 3: what the type demands is there, and of the right kind
    FRESHNESS = "freshness"  # 4: issued now, not long ago and not later
    BINDING = "binding"  # 5: these parties, directly or through diversions
    CERTIFICATE = "certificate"  # 6: it could be had, and can be read
    CHAIN = "chain"  # 7: it leads to a trusted root, is in force and not revoked
    SIGNATURE = "signature"  # 8: the token is the work of its key
    AUTHORITY = "authority"  # 9: its holder may speak for this number
    REPLAY = "replay"  # 10: this token has not been used before


class HeaderVerdict(msgspec.Struct, frozen=True):
    """What one Identity header is worth.

    reason: a stable word, "" if valid; docs/reference/verification.md lists them. sip_status: what RFC 8224
    has a strict verifier answer. step: where it stopped. orig, dest: as the token claims, numbers or URIs,
    once it could be read. signer: the service provider codes of the certificate, else its subject.
    notes: what a policy may want to know of a valid token, such as replayed or intermediate_missing.
    """

    verdict: Verdict
    reason: str = ""
    sip_status: int | None = None
    step: Step | None = None
    ppt: str = ""
    attestation: str | None = None
    origid: str | None = None
    orig: str | None = None
    dest: tuple[str, ...] = ()
    div: str | None = None
    iat: float | None = None
    x5u: str = ""
    signer: str = ""
    detail: str = ""
    notes: tuple[str, ...] = ()


class Verification(msgspec.Struct, frozen=True):
    """What a call's Identity headers prove together, and the verstat to pass on.

    sip_status: what the policy would refuse it with; None: let it go on. rich: the caller's verified name
    and card (RFC 9795), and nothing that was not verified. priority: verified rph and sph claims.
    """

    verdict: Verdict
    reason: str = ""
    sip_status: int | None = None
    attestation: str | None = None
    origid: str | None = None
    orig: str | None = None
    dest: tuple[str, ...] = ()
    signer: str = ""
    verstat: str = "No-TN-Validation"
    detail: str = ""
    passports: tuple[HeaderVerdict, ...] = ()
    rich: dict[str, Any] | None = None
    priority: dict[str, Any] | None = None
