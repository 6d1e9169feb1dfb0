from __future__ import annotations

import pytest
from tests.verify.lint.certificates import (
    CA_BASIC,
    KEY_USAGE,
    access,
    authority,
    bits,
    crl_points,
    integer,
    intermediate,
    leaf,
    name,
    oid,
    policies,
    root,
    rules_broken,
    tlv,
)

from ringfence.verify.lint.oids import Ext, Policy
from ringfence.verify.lint.rfc5280_extensions import CA_ISSUERS, CRITICALITY

TWICE = tlv(0x30, oid(Ext.KEY_USAGE), tlv(0x04, KEY_USAGE))
UNKNOWN = tlv(0x30, oid("1.3.6.1.4.1.37476.1"), b"\1\1\xff", tlv(0x04, b"\5\0"))
NO_POINT = crl_points(tlv(0x30, tlv(0x81, b"\1\x40")))
DNS_POINT = crl_points(tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0x82, b"crl.example.com")))))


def usage(unused: int, *octets: int) -> bytes:
    return leaf({Ext.KEY_USAGE: (True, bits(unused, *octets))})


BREAKS = {
    "e_ext_duplicate_extension": leaf(more=TWICE),
    "w_ext_unknown_critical": leaf(more=UNKNOWN),
    "e_ext_malformed": leaf({Ext.CRL_POINTS: (False, b"\x30\x03abc")}),
    "e_ext_authority_key_identifier_missing": leaf({Ext.AUTHORITY_KEY_ID: None}),
    "e_ext_authority_key_identifier_no_key_identifier": leaf({Ext.AUTHORITY_KEY_ID: (False, tlv(0x30))}),
    "e_ext_subject_key_identifier_missing_ca": root({Ext.SUBJECT_KEY_ID: None}),
    "w_ext_subject_key_identifier_missing_sub_cert": leaf({Ext.SUBJECT_KEY_ID: None}),
    "e_incorrect_ku_encoding": usage(0, 0x80),
    "e_superfluous_ku_encoding": usage(7, 0x80, 0x00),
    "e_key_usage_incorrect_length": usage(6, 0x80, 0x40),
    "e_ext_key_usage_without_bits": usage(0),
    "e_ext_key_usage_cert_sign_without_ca": usage(2, 0x84),
    "e_basic_constraints_not_critical": intermediate({Ext.BASIC_CONSTRAINTS: (False, CA_BASIC)}),
    "e_path_len_constraint_improperly_included": leaf({Ext.BASIC_CONSTRAINTS: (True, tlv(0x30, integer(0)))}),
    "e_path_len_constraint_zero_or_less": intermediate(
        {Ext.BASIC_CONSTRAINTS: (True, tlv(0x30, b"\1\1\xff", integer(-1)))}
    ),
    "e_ext_cert_policy_duplicate": leaf({Ext.POLICIES: (False, policies(Policy.US_1_4, Policy.US_1_4))}),
    "n_ext_cert_policy_any": leaf({Ext.POLICIES: (False, policies(Policy.ANY))}),
    "e_distribution_point_incomplete": leaf({Ext.CRL_POINTS: (False, NO_POINT)}),
    "w_distribution_point_missing_ldap_or_uri": leaf({Ext.CRL_POINTS: (False, DNS_POINT)}),
    "w_ext_aia_access_location_missing": leaf({Ext.AUTHORITY_INFO: (False, access(CA_ISSUERS, form=2))}),
    "e_ext_san_no_entries": leaf({Ext.SUBJECT_ALT_NAME: (False, tlv(0x30))}),
    "e_ext_ian_no_entries": leaf({Ext.ISSUER_ALT_NAME: (False, tlv(0x30))}),
    "e_ext_san_not_critical_without_subject": leaf(
        {Ext.SUBJECT_ALT_NAME: (False, tlv(0x30, tlv(0x82, b"example.com")))}, subject=name()
    ),
    "e_ext_name_constraints_not_in_ca": leaf({Ext.NAME_CONSTRAINTS: (True, tlv(0x30))}),
    "e_ext_policy_constraints_empty": intermediate({Ext.POLICY_CONSTRAINTS: (True, tlv(0x30))}),
} | {
    # the wrong way round, whatever the value is
    rule: intermediate({extension: (not wanted, tlv(0x30, tlv(0x80, b"x")))})
    for rule, (extension, wanted, _, _) in CRITICALITY.items()
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize(
    "extension",
    [
        Ext.BASIC_CONSTRAINTS,
        Ext.KEY_USAGE,
        Ext.SUBJECT_KEY_ID,
        Ext.AUTHORITY_KEY_ID,
        Ext.POLICIES,
        Ext.CRL_POINTS,
        Ext.AUTHORITY_INFO,
        Ext.SUBJECT_ALT_NAME,
    ],
)
@pytest.mark.parametrize("value", [b"", b"\x30\x80\0\0", b"\x02\x01\x01", b"\xff" * 9])
def test_values_that_are_not_of_their_type_are_told(extension: str, value: bytes) -> None:
    assert "e_ext_malformed" in rules_broken(leaf({extension: (False, value)}))


def test_nine_bits_of_key_usage_are_right() -> None:
    found = rules_broken(usage(7, 0x08, 0x80))  # keyAgreement and decipherOnly, the ninth
    assert not found & {
        "e_key_usage_incorrect_length",
        "e_incorrect_ku_encoding",
        "e_superfluous_ku_encoding",
    }


def test_a_root_need_not_name_its_issuers_key() -> None:
    assert rules_broken(root()) == set()
    assert rules_broken(root({Ext.AUTHORITY_KEY_ID: (False, authority())})) == set()


def test_a_path_length_is_for_cas() -> None:
    limited = {Ext.BASIC_CONSTRAINTS: (True, tlv(0x30, b"\1\1\xff", integer(0)))}
    assert rules_broken(intermediate(limited)) == set()
    assert "e_path_len_constraint_improperly_included" in rules_broken(
        intermediate(limited | {Ext.KEY_USAGE: (True, bits(1, 0x02))})
    )
