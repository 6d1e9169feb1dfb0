"""RFC 8226 (secure telephone identity credentials): TN authorization lists, claim constraints."""

from __future__ import annotations

from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext
from ringfence.verify.lint.rules import Rulebook, any_certificate, ca
from ringfence.verify.lint.values import accesses, claim_constraints

BOOK = Rulebook("RFC8226")

STIR_TN_LIST = "1.3.6.1.5.5.7.48.14"

#: Every PASSporT has these claims (RFC 8225 section 5).
BASE_CLAIMS = frozenset(("iat", "orig", "dest"))


@BOOK.rule("e_tn_auth_list_malformed", "9", "a TNAuthList of entries that its ASN.1 allows", any_certificate)
def tn_auth_list_malformed(c: Fields) -> str | None:
    if c.extension(Ext.TN_AUTH_LIST) is None:
        return None
    entries = c.tn_entries
    if not entries:
        return "the TNAuthList is empty" if entries == () else "the TNAuthList is no SEQUENCE of entries"
    wrong = next((entry for entry in entries if entry.fault), None)
    if wrong is None:
        return None
    called = {"spc": "SPC", "range": "range", "one": "number"}.get(wrong.kind, "entry")
    shown = f" '{wrong.text}'" if wrong.text else ""
    return f"in the TNAuthList, the {called}{shown} {wrong.fault}"


@BOOK.rule("e_tn_auth_list_critical", "9", "a TNAuthList that is not critical", any_certificate)
def tn_auth_list_critical(c: Fields) -> str | None:
    extension = c.extension(Ext.TN_AUTH_LIST)
    return "the TNAuthList is critical" if extension and extension.critical else None


@BOOK.rule("e_stir_tn_list_not_https", "10.1", "a TNAuthList by reference is an HTTPS URI", any_certificate)
def tn_list_by_reference(c: Fields) -> str | None:
    extension = c.extension(Ext.AUTHORITY_INFO)
    places = (
        [place for method, place in accesses(extension.value) or () if method == STIR_TN_LIST]
        if extension
        else []
    )
    if all(place.form == 6 and place.content.lower().startswith(b"https://") for place in places):
        return None
    return "the TNAuthList is to be had from somewhere else than an HTTPS URI"


@BOOK.rule(
    "e_jwt_claim_constraints_malformed", "8", "claim constraints that their ASN.1 allows", any_certificate
)
def claim_constraints_malformed(c: Fields) -> str | None:
    extension = c.extension(Ext.CLAIM_CONSTRAINTS)
    read = claim_constraints(extension.value, enhanced=False) if extension else None
    return f"the JWTClaimConstraints cannot be read: {read}" if isinstance(read, str) else None


@BOOK.rule(
    "e_jwt_claim_constraints_critical", "8", "claim constraints that are not critical", any_certificate
)
def claim_constraints_critical(c: Fields) -> str | None:
    extension = c.extension(Ext.CLAIM_CONSTRAINTS)
    return "the JWTClaimConstraints are critical" if extension and extension.critical else None


@BOOK.rule("e_jwt_claim_constraints_in_ca", "8", "claim constraints for end entities alone", ca)
def claim_constraints_in_ca(c: Fields) -> str | None:
    return "a CA certificate has JWTClaimConstraints" if c.extension(Ext.CLAIM_CONSTRAINTS) else None


@BOOK.rule(
    "w_jwt_claim_constraints_base_claims", "8", "mustInclude without iat, orig and dest", any_certificate
)
def claim_constraints_base_claims(c: Fields) -> str | None:
    extension = c.extension(Ext.CLAIM_CONSTRAINTS)
    read = claim_constraints(extension.value, enhanced=False) if extension else None
    if read is None or isinstance(read, str) or not (named := BASE_CLAIMS.intersection(read.must_include)):
        return None
    return f"the JWTClaimConstraints demand claims that every PASSporT has: {', '.join(sorted(named))}"
