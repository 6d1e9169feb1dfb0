from __future__ import annotations

import re

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from ringfence.verify.lint.oids import Alg, Ext, Name


def test_they_are_those_of_the_library() -> None:
    for ours, theirs in {
        Ext.AUTHORITY_INFO: ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        Ext.AUTHORITY_KEY_ID: ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        Ext.BASIC_CONSTRAINTS: ExtensionOID.BASIC_CONSTRAINTS,
        Ext.CRL_POINTS: ExtensionOID.CRL_DISTRIBUTION_POINTS,
        Ext.EXTENDED_KEY_USAGE: ExtensionOID.EXTENDED_KEY_USAGE,
        Ext.FRESHEST_CRL: ExtensionOID.FRESHEST_CRL,
        Ext.INHIBIT_ANY_POLICY: ExtensionOID.INHIBIT_ANY_POLICY,
        Ext.ISSUER_ALT_NAME: ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        Ext.KEY_USAGE: ExtensionOID.KEY_USAGE,
        Ext.NAME_CONSTRAINTS: ExtensionOID.NAME_CONSTRAINTS,
        Ext.POLICIES: ExtensionOID.CERTIFICATE_POLICIES,
        Ext.POLICY_CONSTRAINTS: ExtensionOID.POLICY_CONSTRAINTS,
        Ext.POLICY_MAPPINGS: ExtensionOID.POLICY_MAPPINGS,
        Ext.SUBJECT_ALT_NAME: ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        Ext.SUBJECT_DIRECTORY: ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES,
        Ext.SUBJECT_INFO: ExtensionOID.SUBJECT_INFORMATION_ACCESS,
        Ext.SUBJECT_KEY_ID: ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        Name.COMMON_NAME: NameOID.COMMON_NAME,
        Name.COUNTRY: NameOID.COUNTRY_NAME,
        Name.EMAIL: NameOID.EMAIL_ADDRESS,
        Name.LOCALITY: NameOID.LOCALITY_NAME,
        Name.ORGANIZATION: NameOID.ORGANIZATION_NAME,
        Name.SERIAL_NUMBER: NameOID.SERIAL_NUMBER,
        Name.STATE: NameOID.STATE_OR_PROVINCE_NAME,
        Name.UNIT: NameOID.ORGANIZATIONAL_UNIT_NAME,
        Alg.ECDSA_SHA256: SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        Alg.ECDSA_SHA384: SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    }.items():
        assert ours == theirs.dotted_string


def test_each_hash_is_one_of_the_library() -> None:
    assert all(issubclass(getattr(hashes, name), hashes.HashAlgorithm) for name in Alg.HASHES.values())


def test_all_are_in_dotted_form() -> None:
    for value in (*Name.SHORT, *Alg.SHORT, *Alg.HASHES):
        assert re.fullmatch(r"[012](\.\d+)+", value)
