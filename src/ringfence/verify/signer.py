"""Identity headers for the calls that one carries (RFC 8224 section 4, RFC 8225 section 9).

A signer makes headers and places no call. It signs nothing that its own verifier would not read, no number
outside its certificate's TNAuthList, and no claim that its certificates' constraints rule out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from ringfence.model.passport import PPTS, Claims, Parties, Party, Passport
from ringfence.model.rejected import Rejected
from ringfence.sip.identity import identity_value, parse_identity
from ringfence.verify.binding import parties, party
from ringfence.verify.certificate import Certificate
from ringfence.verify.passport import (
    MAX_TOKEN,
    is_compact,
    parse_token,
    read_claims,
    signing_input,
    to_base64url,
    to_token,
)
from ringfence.verify.rcd import rich_fault
from ringfence.verify.signing_key import SigningKey, SpcNumbers

#: The only value of sph (RFC 9027 section 4).
SPH = "psap-callback"

_encode = msgspec.json.Encoder(order="sorted").encode


class Signer:
    """Signs with one key.

    The arguments are those of `ringfence.verify.signing_key.SigningKey`, which raises ConfigError where
    verifiers would refuse them.

    Identities are numbers in E.164, with or without +, or URIs, canonical already (RFC 8224 section 8); iat
    is in seconds since 1970. Each method gives the value of an Identity header, or Rejected: bad_syntax (it
    would not read), not_authorised (beyond the TNAuthList), constraint_violated, expired or not_yet_valid
    (the certificate at iat), dest_mismatch (no diversion), unsupported (no type that is known). A refusal to
    sign has no SIP status.
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
        self.key = SigningKey(
            key, certificates, x5u, now=now, starts=starts, spc_numbers=spc_numbers, allow_http=allow_http
        )
        # what is the same in all calls is encoded once
        self._frames = {
            ppt: (signing_input(ppt, x5u, {}).partition(b".")[0] + b".", identity_value("", x5u, ppt))
            for ppt in PPTS
        }

    def plain(
        self, orig: str, dest: str | Sequence[str], iat: int, *, compact: bool = False
    ) -> str | Rejected:
        """The base type. compact: header and claims are left out (RFC 8225 section 7), for verifiers that
        rebuild them from From, To and Date: the Date must say iat, and dest must be To."""
        return self.sign("", {"dest": _dest(dest), "iat": iat, "orig": _one(orig)}, compact=compact)

    def shaken(
        self,
        orig: str,
        dest: str | Sequence[str],
        iat: int,
        attest: str,
        origid: str,
        *,
        rich: Mapping[str, Any] | None = None,
    ) -> str | Rejected:
        """SHAKEN (RFC 8588). attest: A, B or C. origid: a UUID that tells the operator who called, and nobody
        else. rich: rcd, rcdi and crn to carry in the same token (ATIS-1000094)."""
        claims = {
            "attest": attest,
            "dest": _dest(dest),
            "iat": iat,
            "orig": _one(orig),
            "origid": origid,
        }
        return self.sign("shaken", claims | _rich(rich) if rich else claims)

    def rcd(self, orig: str, dest: str | Sequence[str], iat: int, rich: Mapping[str, Any]) -> str | Rejected:
        """Name and card of the caller (RFC 9795). rich: rcd, rcdi and crn, as `ringfence.verify.rcd` builds
        them."""
        return self.sign("rcd", {"dest": _dest(dest), "iat": iat, "orig": _one(orig)} | _rich(rich))

    def rph(
        self,
        orig: str,
        dest: str | Sequence[str],
        iat: int,
        priorities: Sequence[str],
        *,
        sph: bool = False,
    ) -> str | Rejected:
        """Resource priorities such as "esnet.1" (RFC 8443). sph: an emergency centre calls back (RFC
        9027)."""
        claims = {"dest": _dest(dest), "iat": iat, "orig": _one(orig), "rph": {"auth": list(priorities)}}
        return self.sign("rph", claims | {"sph": SPH} if sph else claims)

    def div(
        self,
        received: Passport | Claims,
        target: str,
        iat: int | None = None,
        *,
        by: str | None = None,
        hi: str | None = None,
    ) -> str | Rejected:
        """At a forward: the call that `received` was for goes on to `target` (RFC 8946 section 3). To be
        added beside the headers that are there, of which `received` is the last in the chain.

        iat: by default that of the token, which is right unless the call's Date changes. by: who forwards,
        where the token was for several. hi: the index in History-Info. Whether the token received is valid
        is for a verifier to say."""
        claims = received.claims if isinstance(received, Passport) else received
        built = _diverted(claims, target, iat, by, hi)
        return built if isinstance(built, Rejected) else self.sign("div", built)

    def div_o(
        self,
        received: str,
        target: str,
        iat: int | None = None,
        *,
        by: str | None = None,
        hi: str | None = None,
    ) -> str | Rejected:
        """The same with the token received inside, for networks that carry one only (RFC 8946 section 5).
        received: an Identity header's value or its token, in full form."""
        header = parse_identity(received)
        if isinstance(header, Rejected):
            return _refused(header)
        if is_compact(header.token):
            return Rejected("bad_syntax", None, "opt takes a token in full form (RFC 8946 section 5)")
        inner = parse_token(header.token)
        if isinstance(inner, Rejected):
            return _refused(inner)
        built = _diverted(inner.claims, target, iat, by, hi)
        return built if isinstance(built, Rejected) else self.sign("div-o", built | {"opt": header.token})

    def sign(self, ppt: str, claims: Mapping[str, Any], *, compact: bool = False) -> str | Rejected:
        """Any claims, those that Ringfence does not know too. ppt: "" for the base type."""
        frame = self._frames.get(ppt)
        if frame is None:
            return Rejected("unsupported", None, f"ppt {ppt:.40}: none of {', '.join(PPTS[1:])}")
        if compact and ppt:
            return Rejected("bad_syntax", None, "the compact form is for tokens without ppt only")
        try:
            payload = _encode(claims)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
            return Rejected("bad_syntax", None, f"claims: {error}"[:200])
        read = read_claims(payload, ppt)
        if isinstance(read, Rejected):
            return _refused(read)
        if fault := self._refusal(ppt, read, claims):
            return fault
        signed = frame[0] + to_base64url(payload)
        if len(signed) + 87 > MAX_TOKEN:
            return Rejected("bad_syntax", None, f"the token has {len(signed) + 87} bytes, over {MAX_TOKEN}")
        return to_token(signed, self.key.sign(signed), compact=compact) + frame[1]

    def _refusal(self, ppt: str, read: Claims, claims: Mapping[str, Any]) -> Rejected | None:
        key = self.key
        if not key.not_before <= read.iat <= key.not_after:
            return Rejected(
                "expired" if read.iat > key.not_after else "not_yet_valid",
                None,
                f"the certificate of {key.name} is not in force at {read.iat}",
            )
        if (read.rcd is not None or read.crn is not None) and (rich := rich_fault(claims)):
            return Rejected("bad_syntax", None, rich)
        if ppt == "div" and read.opt is not None:
            return Rejected("bad_syntax", None, "a div has no opt (RFC 8946 section 3)")
        if ppt == "rph":
            if read.sph not in (None, SPH):
                return Rejected("bad_syntax", None, f"sph is {SPH} or not there (RFC 9027 section 4)")
            if key.authority is None or not key.authority.spcs:
                return Rejected("not_authorised", None, "priorities are signed by a service provider code")
        speaks_for = party(read.div if read.div is not None and ppt in ("div", "div-o") else read.orig)
        if not key.covers(speaks_for):
            return Rejected(
                "not_authorised", None, f"the certificate of {key.name} does not cover {speaks_for}"
            )
        if key.constraints and (violation := key.violation(claims)):
            return Rejected("constraint_violated", None, violation)
        return None


def _one(identity: str) -> dict[str, str]:
    return {"uri": identity} if ":" in identity else {"tn": identity.removeprefix("+")}


def _dest(identities: str | Sequence[str]) -> dict[str, list[str]]:
    if isinstance(identities, str):
        identities = (identities,)
    found: dict[str, list[str]] = {}
    for identity in identities:
        for name, value in _one(identity).items():
            found.setdefault(name, []).append(value)
    return found


def _rich(rich: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rich[name] for name in ("rcd", "rcdi", "crn") if rich.get(name) is not None}


def _diverted(
    claims: Claims, target: str, iat: int | None, by: str | None, hi: str | None
) -> dict[str, Any] | Rejected:
    """The claims of a div: nothing else is copied (RFC 8946 section 3)."""
    was_for = parties(claims.dest)
    if by is None:
        if len(was_for) != 1:
            return Rejected(
                "bad_syntax", None, f"the token is for {len(was_for)}; say by whom it is diverted"
            )
        by = was_for[0]
    by = by if ":" in by else by.removeprefix("+")
    if by not in was_for:
        return Rejected("dest_mismatch", None, f"the token is not for {by:.40}, who diverts it")
    dest = _dest(target)
    if parties(msgspec.convert(dest, Parties)) == (by,):
        return Rejected("dest_mismatch", None, "the target is the same; no div is made (RFC 8946 section 3)")
    div = _one(by) | ({"hi": hi} if hi else {})
    orig: Party = claims.orig
    return {
        "dest": dest,
        "div": div,
        "iat": claims.iat if iat is None else iat,
        "orig": msgspec.to_builtins(orig),
    }


def _refused(rejected: Rejected) -> Rejected:
    """What a verifier would say, without the SIP status: no call is answered here."""
    return Rejected(rejected.reason, None, rejected.detail)
