"""RFC 5280 section 4.2: the extensions of a certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ringfence.verify.lint import der
from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext, Policy
from ringfence.verify.lint.rules import Check, Rulebook, any_certificate, below_root, ca, leaf
from ringfence.verify.lint.values import GENERAL_NAMES, GeneralName, accesses, general_names

BOOK = Rulebook("RFC5280")

KEY_CERT_SIGN = 5

CA_ISSUERS = "1.3.6.1.5.5.7.48.2"

#: Extensions that have to be critical (True) or not, and what they are called, by rule.
CRITICALITY = {
    "e_ext_authority_key_identifier_critical": (
        Ext.AUTHORITY_KEY_ID,
        False,
        "authority key identifier",
        "4.2.1.1",
    ),
    "e_ext_subject_key_identifier_critical": (Ext.SUBJECT_KEY_ID, False, "subject key identifier", "4.2.1.2"),
    "w_ext_key_usage_not_critical": (Ext.KEY_USAGE, True, "key usage", "4.2.1.3"),
    "w_ext_policy_map_not_critical": (Ext.POLICY_MAPPINGS, True, "policy mappings", "4.2.1.5"),
    "w_ext_ian_critical": (Ext.ISSUER_ALT_NAME, False, "issuer alternative name", "4.2.1.7"),
    "e_ext_subject_directory_attr_critical": (
        Ext.SUBJECT_DIRECTORY,
        False,
        "subject directory attributes",
        "4.2.1.8",
    ),
    "e_ext_name_constraints_not_critical": (Ext.NAME_CONSTRAINTS, True, "name constraints", "4.2.1.10"),
    "e_ext_policy_constraints_not_critical": (Ext.POLICY_CONSTRAINTS, True, "policy constraints", "4.2.1.11"),
    "w_ext_crl_distribution_marked_critical": (Ext.CRL_POINTS, False, "CRL distribution points", "4.2.1.13"),
    "e_inhibit_any_policy_not_critical": (Ext.INHIBIT_ANY_POLICY, True, "inhibit anyPolicy", "4.2.1.14"),
    "e_ext_freshest_crl_marked_critical": (Ext.FRESHEST_CRL, False, "freshest CRL", "4.2.1.15"),
    "e_ext_aia_marked_critical": (Ext.AUTHORITY_INFO, False, "authority information access", "4.2.2.1"),
    "e_subject_info_access_marked_critical": (
        Ext.SUBJECT_INFO,
        False,
        "subject information access",
        "4.2.2.2",
    ),
}

KNOWN = frozenset(value for name, value in vars(Ext).items() if name.isupper())


def _criticality(oid: str, wanted: bool, called: str) -> Check:
    def check(c: Fields) -> str | None:
        extension = c.extension(oid)
        if extension is None or extension.critical == wanted:
            return None
        return f"the {called} extension is {'not ' if wanted else ''}critical"

    return check


for _rule, (_oid, _wanted, _called, _section) in CRITICALITY.items():
    BOOK.rule(_rule, _section, f"{_called}: {'critical' if _wanted else 'not critical'}", any_certificate)(
        _criticality(_oid, _wanted, _called)
    )


@BOOK.rule("e_ext_duplicate_extension", "4.2", "each extension at most once", any_certificate)
def duplicate_extension(c: Fields) -> str | None:
    twice = [oid for oid, count in Counter(extension.oid for extension in c.extensions).items() if count > 1]
    return f"extensions that are there more than once: {', '.join(twice)}" if twice else None


@BOOK.rule(
    "w_ext_unknown_critical", "4.2", "no critical extension that a verifier has to refuse", any_certificate
)
def unknown_critical(c: Fields) -> str | None:
    unknown = [
        extension.oid for extension in c.extensions if extension.critical and extension.oid not in KNOWN
    ]
    return (
        f"critical extensions that verifiers do not know and so refuse: {', '.join(unknown)}"
        if unknown
        else None
    )


_READERS: dict[str, tuple[str, Callable[[Fields], Any]]] = {
    Ext.BASIC_CONSTRAINTS: ("basic constraints", lambda c: c.basic_constraints),
    Ext.KEY_USAGE: ("key usage", lambda c: c.key_usage),
    Ext.SUBJECT_KEY_ID: ("subject key identifier", lambda c: c.subject_key_id),
    Ext.AUTHORITY_KEY_ID: (
        "authority key identifier",
        lambda c: der.parts(c.by_oid[Ext.AUTHORITY_KEY_ID].value),
    ),
    Ext.POLICIES: ("certificate policies", lambda c: c.policies or None),
    Ext.CRL_POINTS: ("CRL distribution points", lambda c: c.crl_points),
    Ext.AUTHORITY_INFO: (
        "authority information access",
        lambda c: accesses(c.by_oid[Ext.AUTHORITY_INFO].value),
    ),
    Ext.SUBJECT_ALT_NAME: ("subject alternative name", lambda c: _alternatives(c, Ext.SUBJECT_ALT_NAME)),
    Ext.ISSUER_ALT_NAME: ("issuer alternative name", lambda c: _alternatives(c, Ext.ISSUER_ALT_NAME)),
}


@BOOK.rule("e_ext_malformed", "4.2", "each extension is the DER of its type", any_certificate)
def malformed_extension(c: Fields) -> str | None:
    wrong = [called for oid, (called, read) in _READERS.items() if c.extension(oid) and read(c) is None]
    return f"extensions that cannot be read: {', '.join(wrong)}" if wrong else None


@BOOK.rule(
    "e_ext_authority_key_identifier_missing",
    "4.2.1.1",
    "an authority key identifier, but in roots",
    below_root,
)
def authority_key_id_missing(c: Fields) -> str | None:
    if c.extension(Ext.AUTHORITY_KEY_ID) or c.is_self_signed:
        return None
    return "there is no authority key identifier"


@BOOK.rule(
    "e_ext_authority_key_identifier_no_key_identifier",
    "4.2.1.1",
    "a keyIdentifier in the authority key identifier, but in roots",
    below_root,
)
def authority_key_id_empty(c: Fields) -> str | None:
    return "there is no keyIdentifier of the issuer" if c.authority_key_id is None else None


@BOOK.rule("e_ext_subject_key_identifier_missing_ca", "4.2.1.2", "a CA has a subject key identifier", ca)
def subject_key_id_missing_ca(c: Fields) -> str | None:
    return None if c.extension(Ext.SUBJECT_KEY_ID) else "a CA certificate has no subject key identifier"


@BOOK.rule(
    "w_ext_subject_key_identifier_missing_sub_cert",
    "4.2.1.2",
    "an end entity has a subject key identifier",
    leaf,
)
def subject_key_id_missing(c: Fields) -> str | None:
    return None if c.extension(Ext.SUBJECT_KEY_ID) else "there is no subject key identifier"


def _key_usage_octets(c: Fields) -> tuple[int, bytes] | None:
    """The count of unused bits and the octets of the key usage."""
    extension = c.extension(Ext.KEY_USAGE)
    bits = der.sole(extension.value, der.BIT_STRING) if extension else None
    return (bits.content[0], bits.content[1:]) if bits and bits.content else None


@BOOK.rule(
    "e_incorrect_ku_encoding",
    "4.2.1.3",
    "the key usage counts its trailing zero bits as unused",
    any_certificate,
)
def key_usage_unused_bits(c: Fields) -> str | None:
    read = _key_usage_octets(c)
    if read is None or not read[1]:
        return None
    unused, octets = read
    value = int.from_bytes(octets)
    trailing = (value & -value).bit_length() - 1 if value else 0
    return None if unused == trailing else f"the key usage counts {unused} bits as unused, but {trailing} are"


@BOOK.rule(
    "e_superfluous_ku_encoding", "4.2.1.3", "the key usage does not end in a zero octet", any_certificate
)
def key_usage_zero_octet(c: Fields) -> str | None:
    read = _key_usage_octets(c)
    return "the key usage ends in a zero octet" if read and read[1].endswith(b"\0") else None


@BOOK.rule("e_key_usage_incorrect_length", "4.2.1.3", "the key usage has nine bits at most", any_certificate)
def key_usage_length(c: Fields) -> str | None:
    read = _key_usage_octets(c)
    if read is None:
        return None
    octets = read[1]
    # the ninth bit, decipherOnly, is the first of the second octet
    past = any(octets[2:]) or any(octet & 0x7F for octet in octets[1:2])
    return "the key usage has bits past the ninth" if past else None


@BOOK.rule("e_ext_key_usage_without_bits", "4.2.1.3", "at least one bit in the key usage", any_certificate)
def key_usage_empty(c: Fields) -> str | None:
    return "the key usage has no bit set" if c.extension(Ext.KEY_USAGE) and not c.key_usage else None


@BOOK.rule("e_ext_key_usage_cert_sign_without_ca", "4.2.1.9", "keyCertSign for CAs alone", leaf)
def cert_sign_without_ca(c: Fields) -> str | None:
    return (
        "the key usage has keyCertSign, but this is no CA" if KEY_CERT_SIGN in (c.key_usage or ()) else None
    )


@BOOK.rule("e_basic_constraints_not_critical", "4.2.1.9", "a CA's basic constraints are critical", ca)
def basic_constraints_critical(c: Fields) -> str | None:
    return None if c.by_oid[Ext.BASIC_CONSTRAINTS].critical else "the basic constraints are not critical"


@BOOK.rule(
    "e_path_len_constraint_improperly_included",
    "4.2.1.9",
    "a path length for CAs with keyCertSign alone",
    any_certificate,
)
def path_length_included(c: Fields) -> str | None:
    if c.basic_constraints is None or c.basic_constraints[1] is None:
        return None
    if c.is_ca and KEY_CERT_SIGN in (c.key_usage or ()):
        return None
    return "there is a path length, but this is no CA with keyCertSign"


@BOOK.rule("e_path_len_constraint_zero_or_less", "4.2.1.9", "no path length below zero", any_certificate)
def path_length_negative(c: Fields) -> str | None:
    length = c.basic_constraints[1] if c.basic_constraints else None
    return "the path length is below zero" if length is not None and length < 0 else None


@BOOK.rule("e_ext_cert_policy_duplicate", "4.2.1.4", "each policy at most once", any_certificate)
def duplicate_policy(c: Fields) -> str | None:
    twice = [policy for policy, count in Counter(c.policies or ()).items() if count > 1]
    return f"policies that are there more than once: {', '.join(twice)}" if twice else None


@BOOK.rule("n_ext_cert_policy_any", "4.2.1.4", "worth knowing: anyPolicy limits nothing", below_root)
def any_policy(c: Fields) -> str | None:
    return (
        "the certificate names anyPolicy, which is no policy at all"
        if Policy.ANY in (c.policies or ())
        else None
    )


@BOOK.rule(
    "e_distribution_point_incomplete",
    "4.2.1.13",
    "a CRL distribution point has more than reasons",
    any_certificate,
)
def distribution_point_incomplete(c: Fields) -> str | None:
    if any(0 not in point.fields and 2 not in point.fields for point in c.crl_points or ()):
        return "a CRL distribution point has neither a distributionPoint nor a cRLIssuer"
    return None


@BOOK.rule(
    "w_distribution_point_missing_ldap_or_uri",
    "4.2.1.13",
    "an LDAP or HTTP URI in each CRL distribution point",
    any_certificate,
)
def distribution_point_without_uri(c: Fields) -> str | None:
    for point in c.crl_points or ():
        if 0 in point.fields and not any(_is_http_or_ldap(name) for name in point.names):
            return "a CRL distribution point has no LDAP or HTTP URI"
    return None


@BOOK.rule(
    "w_ext_aia_access_location_missing",
    "4.2.2.1",
    "an LDAP or HTTP URI where the issuer's certificate is to be had",
    any_certificate,
)
def issuer_location_without_uri(c: Fields) -> str | None:
    extension = c.extension(Ext.AUTHORITY_INFO)
    issuers = (
        [place for method, place in accesses(extension.value) or () if method == CA_ISSUERS]
        if extension
        else []
    )
    if not issuers or any(map(_is_http_or_ldap, issuers)):
        return None
    return f"the issuer's certificate is to be had from a {GENERAL_NAMES[issuers[0].form]}, not from a URI"


@BOOK.rule("e_ext_san_no_entries", "4.2.1.6", "a name in the subject alternative name", any_certificate)
def subject_alternatives_empty(c: Fields) -> str | None:
    return "the subject alternative name is empty" if _alternatives(c, Ext.SUBJECT_ALT_NAME) == () else None


@BOOK.rule("e_ext_ian_no_entries", "4.2.1.7", "a name in the issuer alternative name", any_certificate)
def issuer_alternatives_empty(c: Fields) -> str | None:
    return "the issuer alternative name is empty" if _alternatives(c, Ext.ISSUER_ALT_NAME) == () else None


@BOOK.rule(
    "e_ext_san_not_critical_without_subject",
    "4.2.1.6",
    "a critical subject alternative name where the subject is empty",
    any_certificate,
)
def subject_alternatives_critical(c: Fields) -> str | None:
    extension = c.extension(Ext.SUBJECT_ALT_NAME)
    if extension is None or extension.critical or c.subject.attributes != ():
        return None
    return "the subject is empty, but the subject alternative name is not critical"


@BOOK.rule("e_ext_name_constraints_not_in_ca", "4.2.1.10", "name constraints for CAs alone", leaf)
def name_constraints_in_leaf(c: Fields) -> str | None:
    return "an end entity has name constraints" if c.extension(Ext.NAME_CONSTRAINTS) else None


@BOOK.rule("e_ext_policy_constraints_empty", "4.2.1.11", "policy constraints that constrain", any_certificate)
def policy_constraints_empty(c: Fields) -> str | None:
    extension = c.extension(Ext.POLICY_CONSTRAINTS)
    return "the policy constraints are empty" if extension and der.parts(extension.value) == () else None


def _alternatives(c: Fields, oid: str) -> tuple[GeneralName, ...] | None:
    extension = c.extension(oid)
    whole = der.sole(extension.value, der.SEQUENCE) if extension else None
    return general_names(whole.content) if whole else None


def _is_http_or_ldap(name: GeneralName) -> bool:
    return name.form == 6 and name.content.lower().startswith(
        (b"http://", b"https://", b"ldap://", b"ldaps://")
    )
