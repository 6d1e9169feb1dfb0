"""Whether the holder of a certificate may speak for a number, and claim what a token claims.

RFC 8226 (TNAuthList, JWTClaimConstraints), RFC 9118 (its enhanced form), RFC 8224 section 8.4 (domains),
RFC 8443 section 6 (priorities).
"""

from __future__ import annotations

from ringfence.model.rejected import Rejected
from ringfence.verify.binding import telephone
from ringfence.verify.chain import Chain
from ringfence.verify.passport import all_claims
from ringfence.verify.policy import Policy
from ringfence.verify.reasons import rejected
from ringfence.verify.tnauthlist import TNAuthList


def entitlement_fault(
    chain: Chain | None, identity: str, ppt: str, payload: bytes, policy: Policy
) -> Rejected | None:
    """Why the leaf of a chain may not sign for this identity (digits or a URI), or these claims; None if it
    may. A bare key, without a chain, may sign anything."""
    if chain is None:
        return None
    if chain.constraints:
        claims = all_claims(payload)
        for constraints in chain.constraints:
            if violation := constraints.violation(claims):
                return rejected("constraint_violated", violation)
    authority = chain.authority
    if ppt == "rph":
        codes = authority.spcs if authority else ()
        if not set(codes) & set(policy.priority_signers):
            return rejected("not_authorised", "its signer is none of the policy's priority_signers")
        return None
    if ":" in identity:
        if not chain.certificates[0].names(identity):
            return rejected("not_authorised", f"its certificate does not name {identity:.80}")
        # a domain may name its users, but a number is nobody's who merely writes it before an @
        if not (identity := telephone(identity, policy.region)):
            return None
        if authority is None:
            return rejected("not_authorised", f"no TNAuthList, and {identity} is a number")
    if authority is None:
        return rejected("not_authorised", "no TNAuthList") if policy.need_tn_auth_list else None
    for certificate in chain.certificates:
        # a delegate's numbers must be those of whoever delegated (RFC 9060 section 4), codes by our table
        if certificate.tn_auth is not None and not _covers(certificate.tn_auth, identity, policy):
            whose = (
                "its" if certificate is chain.certificates[0] else f"the delegating {certificate.subject}'s"
            )
            return rejected("not_authorised", f"{whose} TNAuthList does not cover {identity}")
    return None


def _covers(authority: TNAuthList, number: str, policy: Policy) -> bool:
    if authority.covers(number):
        return True
    if policy.spc_covers == "any":
        return bool(authority.spcs)
    return any(number.startswith(policy.spc_numbers.get(code, ())) for code in authority.spcs)
