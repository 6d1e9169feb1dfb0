"""Which tokens a forward adds to: those at the end of their chains of diversions (RFC 8946 section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from ringfence.model.passport import Passport
from ringfence.model.rejected import Rejected
from ringfence.sip.identity import parse_identity
from ringfence.verify.binding import parties, party
from ringfence.verify.passport import is_compact, parse_token


def to_divert(identity: Sequence[str]) -> tuple[str, ...] | Rejected:
    """Of the Identity headers of a call that is forwarded, the values that each need a div, in order: one for
    each caller and called party, and none that was diverted already.

    Rejected: reason no_identity where there is none (a div is never added then), bad_syntax where one is in
    compact form, which has to be completed by whoever made it."""
    found: list[tuple[str, Passport]] = []
    fault: Rejected | None = None
    for value in identity:
        header = parse_identity(value)
        if isinstance(header, Rejected):
            fault = Rejected("bad_syntax", None, header.detail)
            continue
        if is_compact(header.token):
            fault = Rejected("bad_syntax", None, "the token is compact, and a div needs what it left out")
            continue
        passport = parse_token(header.token)
        if isinstance(passport, Rejected):
            fault = Rejected("bad_syntax", None, passport.detail)
        else:
            found.append((value, passport))
    if not found:
        return fault or Rejected("no_identity", None, "no Identity header that a div could follow")
    diverted = {(party(p.claims.orig), party(p.claims.div)) for _, p in found if p.claims.div is not None}
    ends: dict[tuple[str, tuple[str, ...]], str] = {}
    for value, passport in found:
        orig, dest = party(passport.claims.orig), parties(passport.claims.dest)
        if not any((orig, identity) in diverted for identity in dest):
            ends.setdefault((orig, tuple(sorted(dest))), value)
    return tuple(ends.values()) or Rejected("bad_syntax", None, "the diversions lead in a circle")
