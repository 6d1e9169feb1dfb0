"""ATIS-1000080, section 6.4.1: the extensions of STI certificates."""

from __future__ import annotations

import hashlib
import re

from ringfence.verify.lint.atis1000080 import SECTION, V3, V3_LEAF, V4, V4_LEAF, V5, V5_LEAF
from ringfence.verify.lint.fields import Fields
from ringfence.verify.lint.oids import Ext, Policy
from ringfence.verify.lint.rules import (
    Rulebook,
    any_certificate,
    ca,
    ca_of_1_4,
    intermediate,
    leaf,
    leaf_of_1_4,
    names_policy,
    root,
)
from ringfence.verify.lint.values import GENERAL_NAMES

BOOK = Rulebook("ATIS1000080")

#: The extensions that section 6.4.1 specifies; version 005 wants no others.
SPECIFIED = frozenset(
    (
        Ext.BASIC_CONSTRAINTS,
        Ext.SUBJECT_KEY_ID,
        Ext.AUTHORITY_KEY_ID,
        Ext.KEY_USAGE,
        Ext.POLICIES,
        Ext.CRL_POINTS,
        Ext.TN_AUTH_LIST,
    )
)

DIGITAL_SIGNATURE, CERT_SIGN, CRL_SIGN = 0, 5, 6
SIGNATURE_ALONE = frozenset((DIGITAL_SIGNATURE,))

#: The form of GeneralName that is a distinguished name.
DIRECTORY_NAME = GENERAL_NAMES.index("directory name")

USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)


@BOOK.rule("e_atis_ext_basic_constraints", SECTION, "critical basic constraints", any_certificate, V3)
def basic_constraints(c: Fields) -> str | None:
    extension = c.extension(Ext.BASIC_CONSTRAINTS)
    if extension is None:
        return "there are no basic constraints"
    if not extension.critical:
        return "the basic constraints are not critical"
    return None if c.basic_constraints else "the basic constraints cannot be read"


@BOOK.rule("e_atis_subject_key_identifier", SECTION, "a subject key identifier", leaf, V3_LEAF)
@BOOK.rule("e_atis_subject_key_identifier_ca", SECTION, "a subject key identifier", ca, V3)
def subject_key_identifier(c: Fields) -> str | None:
    return None if c.extension(Ext.SUBJECT_KEY_ID) else "there is no subject key identifier"


KEY_ID_SIZE = "a subject key identifier of 160 bits"


@BOOK.rule("e_atis_subject_key_identifier_size", SECTION, KEY_ID_SIZE, leaf, V4_LEAF)
@BOOK.rule("e_atis_subject_key_identifier_size_ca", SECTION, KEY_ID_SIZE, ca, V4)
def subject_key_identifier_size(c: Fields) -> str | None:
    found = c.subject_key_id
    if found is None:
        return "there is no readable subject key identifier"
    return None if len(found) == 20 else f"the subject key identifier has {len(found)} octets, not 20"


KEY_ID_HASH = "the subject key identifier is the SHA-1 hash of the public key (RFC 5280 section 4.2.1.2)"


@BOOK.rule("e_atis_subject_key_identifier_sha1", SECTION, KEY_ID_HASH, leaf, V5_LEAF)
@BOOK.rule("e_atis_subject_key_identifier_sha1_ca", SECTION, KEY_ID_HASH, ca, V5)
def subject_key_identifier_hash(c: Fields) -> str | None:
    if c.subject_key_id is None or c.subject_key_id == hashlib.sha1(c.key, usedforsecurity=False).digest():
        return None
    return "the subject key identifier is not the SHA-1 hash of the public key"


AUTHORITY_KEY_ID = "an authority key identifier"


@BOOK.rule("e_atis_ext_authority_key_identifier", SECTION, AUTHORITY_KEY_ID, leaf, V3_LEAF)
@BOOK.rule("e_atis_ext_authority_key_identifier_ca", SECTION, AUTHORITY_KEY_ID, intermediate, V3)
def authority_key_identifier(c: Fields) -> str | None:
    return None if c.extension(Ext.AUTHORITY_KEY_ID) else "there is no authority key identifier"


OWN_KEY_ID = "a root's authority key identifier, where it has one, is its subject key identifier"


@BOOK.rule("e_atis_ext_authority_key_identifier_root", SECTION, OWN_KEY_ID, root, V3)
def authority_key_identifier_root(c: Fields) -> str | None:
    if c.extension(Ext.AUTHORITY_KEY_ID) is None or c.authority_key_id == c.subject_key_id:
        return None
    return "the authority key identifier is not the subject key identifier"


@BOOK.rule("e_atis_ext_key_usage", SECTION, "critical key usage", any_certificate, V3)
def key_usage(c: Fields) -> str | None:
    extension = c.extension(Ext.KEY_USAGE)
    if extension is None:
        return "there is no key usage"
    return None if extension.critical else "the key usage is not critical"


SIGNING_ALONE = "the key usage of an end entity is digitalSignature alone"


@BOOK.rule("e_atis_ext_key_usage_ee", SECTION, SIGNING_ALONE, leaf, V3_LEAF)
def key_usage_leaf(c: Fields) -> str | None:
    if c.extension(Ext.KEY_USAGE) is None or c.key_usage == SIGNATURE_ALONE:
        return None
    return f"the key usage is {usages(c)}, not digitalSignature alone"


CA_USAGE = "a CA's key usage: keyCertSign, and before US policy 1.4 also digitalSignature and cRLSign"


@BOOK.rule("e_atis_ext_key_usage_ca", SECTION, CA_USAGE, ca, V3)
def key_usage_ca(c: Fields) -> str | None:
    if c.extension(Ext.KEY_USAGE) is None:
        return None
    others = set() if names_policy(c, Policy.US_1_4) else {DIGITAL_SIGNATURE, CRL_SIGN}
    found = c.key_usage or frozenset()
    if CERT_SIGN in found and found - {CERT_SIGN} <= others:
        return None
    return f"the key usage is {usages(c)}, which a CA certificate of its day may not have"


ONE_POLICY = "certificate policies, not critical, with one policy"


@BOOK.rule("e_atis_ext_certificate_policies", SECTION, ONE_POLICY, leaf, V3_LEAF)
@BOOK.rule("e_atis_ext_certificate_policies_ca", SECTION, ONE_POLICY, intermediate, V3)
def certificate_policies(c: Fields) -> str | None:
    extension = c.extension(Ext.POLICIES)
    if extension is None:
        return "there are no certificate policies"
    if extension.critical:
        return "the certificate policies are critical"
    count = len(c.policies or ())
    return None if count == 1 else f"the certificate policies name {count} policies, not one"


@BOOK.rule("e_atis_ext_certificate_policies_root", SECTION, "no certificate policies in a root", root, V5)
def certificate_policies_root(c: Fields) -> str | None:
    return "a root has certificate policies" if c.extension(Ext.POLICIES) else None


ONE_CRL = "one CRL distribution point with one HTTP URL"


@BOOK.rule("e_atis_ext_crl_distribution", SECTION, ONE_CRL, leaf, V3_LEAF)
@BOOK.rule("e_atis_ext_crl_distribution_ca", SECTION, ONE_CRL, intermediate, V3)
def crl_distribution(c: Fields) -> str | None:
    if c.extension(Ext.CRL_POINTS) is None:
        return "there are no CRL distribution points"
    points = c.crl_points
    if points is None:
        return "the CRL distribution points cannot be read"
    if len(points) != 1:
        return f"there are {len(points)} CRL distribution points, not one"
    urls = points[0].urls
    if len(urls) != 1:
        return f"the CRL distribution point has {len(urls)} URLs, not one"
    return None if re.match(r"https?:", urls[0], re.I) else f"the CRL's URL is not one of HTTP: {urls[0]}"


@BOOK.rule("e_atis_ext_crl_distribution_root", SECTION, "no CRL distribution points in a root", root, V5)
def crl_distribution_root(c: Fields) -> str | None:
    return "a root has CRL distribution points" if c.extension(Ext.CRL_POINTS) else None


CRL_ISSUER = (
    "under version 1.4 of the US policy, a distributionPoint and a cRLIssuer in the CRL distribution point"
)


def intermediate_of_1_4(certificate: Fields) -> bool:
    """CA certificates under version 1.4 of the US policy that another CA issued."""
    return ca_of_1_4(certificate) and not certificate.is_root


# version 004 demands it of all; whoever names an older policy is held to the version that policy follows
@BOOK.rule("e_atis_ext_crl_distribution_struct", SECTION, CRL_ISSUER, leaf_of_1_4, V4_LEAF)
@BOOK.rule("e_atis_ext_crl_distribution_struct_ca", SECTION, CRL_ISSUER, intermediate_of_1_4, V4)
def crl_distribution_struct(c: Fields) -> str | None:
    if c.extension(Ext.CRL_POINTS) is None:
        return None
    points = c.crl_points
    if not points:
        return "the CRL distribution points cannot be read"
    if 0 not in points[0].fields:
        return "the CRL distribution point has no distributionPoint"
    if 2 not in points[0].fields:
        return "the CRL distribution point has no cRLIssuer"
    is_dn = any(name.form == DIRECTORY_NAME for name in points[0].issuer)
    return None if is_dn else "the cRLIssuer of the CRL distribution point is no distinguished name"


@BOOK.rule("e_atis_tn_auth_list", SECTION, "a TNAuthList, not critical, with one SPC alone", leaf, V3_LEAF)
def tn_auth_list(c: Fields) -> str | None:
    extension = c.extension(Ext.TN_AUTH_LIST)
    if extension is None:
        return "there is no TNAuthList"
    if extension.critical:
        return "the TNAuthList is critical"
    return no_single_spc(c)


SPC_FORMAT = "the SPC has digits and capital letters only"


@BOOK.rule("e_atis_tn_auth_list_spc_format", SECTION, SPC_FORMAT, leaf, V5_LEAF)
def spc_format(c: Fields) -> str | None:
    if c.spc is None:
        return no_single_spc(c)
    # [0-9A-Z] of ASCII: isalnum and isdigit know more digits than the telephone network
    return (
        None if re.fullmatch("[0-9A-Z]+", c.spc) else f"the SPC '{c.spc}' has others than digits and capitals"
    )


@BOOK.rule("e_atis_tn_auth_list_ca", SECTION, "no TNAuthList in a root or intermediate", ca, V3)
def tn_auth_list_ca(c: Fields) -> str | None:
    return "a CA certificate has a TNAuthList" if c.extension(Ext.TN_AUTH_LIST) else None


@BOOK.rule("e_atis_ext_not_specified", SECTION, "no extension that is not specified", leaf, V5_LEAF)
@BOOK.rule("e_atis_ext_not_specified_ca", SECTION, "no extension that is not specified", ca, V5)
def extensions_not_specified(c: Fields) -> str | None:
    others = [extension.oid for extension in c.extensions if extension.oid not in SPECIFIED]
    return f"extensions that are not specified: {', '.join(others)}" if others else None


def no_single_spc(c: Fields) -> str | None:
    """Why a TNAuthList is not one SPC alone."""
    if c.extension(Ext.TN_AUTH_LIST) is None:
        return "there is no TNAuthList"
    entries = c.tn_entries
    if entries is None:
        return "the TNAuthList cannot be read"
    if len(entries) != 1:
        return f"the TNAuthList has {len(entries)} entries, not one"
    return None if entries[0].kind == "spc" and entries[0].text else "the TNAuthList has no SPC"


def usages(c: Fields) -> str:
    """The key usage in words."""
    return " and ".join(USAGES[bit] for bit in sorted(c.key_usage or ()) if bit < len(USAGES)) or "empty"
