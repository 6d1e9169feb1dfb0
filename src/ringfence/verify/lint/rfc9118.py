"""RFC 9118 (enhanced JSON Web Token claim constraints for STIR certificates)."""

from __future__ import annotations

from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext
from ringfence.verify.lint.rfc8226 import BASE_CLAIMS
from ringfence.verify.lint.rules import Rulebook, any_certificate, ca
from ringfence.verify.lint.values import Constraints, claim_constraints

BOOK = Rulebook("RFC9118")


def _constraints(c: Fields) -> Constraints | str | None:
    extension = c.extension(Ext.ENHANCED_CONSTRAINTS)
    return claim_constraints(extension.value, enhanced=True) if extension else None


def _readable(c: Fields) -> Constraints:
    read = _constraints(c)
    return read if isinstance(read, Constraints) else Constraints()


@BOOK.rule(
    "e_enhanced_claim_constraints_malformed",
    "3",
    "enhanced constraints that their ASN.1 allows",
    any_certificate,
)
def malformed(c: Fields) -> str | None:
    read = _constraints(c)
    return f"the EnhancedJWTClaimConstraints cannot be read: {read}" if isinstance(read, str) else None


@BOOK.rule(
    "e_enhanced_claim_constraints_critical",
    "3",
    "enhanced constraints that are not critical",
    any_certificate,
)
def critical(c: Fields) -> str | None:
    extension = c.extension(Ext.ENHANCED_CONSTRAINTS)
    return "the EnhancedJWTClaimConstraints are critical" if extension and extension.critical else None


@BOOK.rule("e_enhanced_claim_constraints_in_ca", "3", "enhanced constraints for end entities alone", ca)
def in_ca(c: Fields) -> str | None:
    return (
        "a CA certificate has EnhancedJWTClaimConstraints" if c.extension(Ext.ENHANCED_CONSTRAINTS) else None
    )


@BOOK.rule(
    "w_enhanced_claim_constraints_base_claims", "3", "mustInclude without iat, orig and dest", any_certificate
)
def base_claims_included(c: Fields) -> str | None:
    named = BASE_CLAIMS.intersection(_readable(c).must_include)
    return f"mustInclude names claims that every PASSporT has: {', '.join(sorted(named))}" if named else None


@BOOK.rule(
    "e_enhanced_claim_constraints_exclude_base_claims",
    "3",
    "mustExclude without iat, orig and dest",
    any_certificate,
)
def base_claims_excluded(c: Fields) -> str | None:
    named = BASE_CLAIMS.intersection(_readable(c).must_exclude)
    if not named:
        return None
    return f"mustExclude names {', '.join(sorted(named))}, so verifiers take the constraints as not there"


@BOOK.rule("e_claim_constraints_twice", "6", "claim constraints or enhanced ones, not both", any_certificate)
def both(c: Fields) -> str | None:
    if c.extension(Ext.CLAIM_CONSTRAINTS) and c.extension(Ext.ENHANCED_CONSTRAINTS):
        return "the certificate has JWTClaimConstraints and EnhancedJWTClaimConstraints"
    return None


@BOOK.rule(
    "w_enhanced_claim_constraints_contradict",
    "8",
    "no claim in both mustInclude and mustExclude",
    any_certificate,
)
def contradiction(c: Fields) -> str | None:
    read = _readable(c)
    named = set(read.must_include) & set(read.must_exclude)
    return (
        f"no PASSporT can be valid: {', '.join(sorted(named))} must be and must not be there"
        if named
        else None
    )


@BOOK.rule("w_enhanced_claim_constraints_exclude_rcdi", "8", "mustExclude without rcdi", any_certificate)
def rcdi_excluded(c: Fields) -> str | None:
    if "rcdi" not in _readable(c).must_exclude:
        return None
    return "mustExclude names rcdi, without which rich call data has no protection"
