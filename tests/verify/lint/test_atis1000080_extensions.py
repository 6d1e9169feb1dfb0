from __future__ import annotations

import pytest
from tests.verify.lint.certificates import (
    BASIC,
    CRL_ISSUER,
    CRL_URL,
    KEY_USAGE,
    TN_LIST,
    authority,
    bits,
    crl_point,
    crl_points,
    intermediate,
    leaf,
    oid,
    policies,
    root,
    rules_broken,
    tlv,
)

from ringfence.verify.lint.oids import Ext, Policy

NO_ISSUER = (False, crl_points(crl_point(tail=b"")))
LDAP = (False, crl_points(crl_point(tlv(0x86, b"ldap://crl.example.com"))))
TWO_POLICIES = (False, policies(Policy.US_1_3, Policy.US_1_4))
LOWER_SPC = (False, tlv(0x30, tlv(0xA0, tlv(0x16, b"700j"))))
NUMBER = tlv(0xA2, tlv(0x16, b"15550100"))
OTHER = tlv(0x30, oid("1.3.6.1.4.1.37476.9000.64.1"), tlv(0x04, b"\5\0"))

BREAKS = {
    "e_atis_ext_basic_constraints": leaf({Ext.BASIC_CONSTRAINTS: (False, BASIC)}),
    "e_atis_subject_key_identifier": leaf({Ext.SUBJECT_KEY_ID: None}),
    "e_atis_subject_key_identifier_ca": intermediate({Ext.SUBJECT_KEY_ID: None}),
    "e_atis_subject_key_identifier_size": leaf({Ext.SUBJECT_KEY_ID: (False, tlv(0x04, b"x" * 32))}),
    "e_atis_subject_key_identifier_size_ca": root({Ext.SUBJECT_KEY_ID: (False, b"\x04")}),
    "e_atis_subject_key_identifier_sha1": leaf({Ext.SUBJECT_KEY_ID: (False, tlv(0x04, b"x" * 20))}),
    "e_atis_subject_key_identifier_sha1_ca": root({Ext.SUBJECT_KEY_ID: (False, tlv(0x04, b"x" * 20))}),
    "e_atis_ext_authority_key_identifier": leaf({Ext.AUTHORITY_KEY_ID: None}),
    "e_atis_ext_authority_key_identifier_ca": intermediate({Ext.AUTHORITY_KEY_ID: None}),
    "e_atis_ext_authority_key_identifier_root": root({Ext.AUTHORITY_KEY_ID: (False, authority(b"other"))}),
    "e_atis_ext_key_usage": leaf({Ext.KEY_USAGE: None}),
    "e_atis_ext_key_usage_ee": leaf({Ext.KEY_USAGE: (True, bits(5, 0xE0))}),
    "e_atis_ext_key_usage_ca": intermediate({Ext.KEY_USAGE: (True, bits(1, 0x06))}),
    "e_atis_ext_certificate_policies": leaf({Ext.POLICIES: TWO_POLICIES}),
    "e_atis_ext_certificate_policies_ca": intermediate({Ext.POLICIES: (True, policies(Policy.US_1_4))}),
    "e_atis_ext_certificate_policies_root": root({Ext.POLICIES: (False, policies(Policy.US_1_4))}),
    "e_atis_ext_crl_distribution": leaf({Ext.CRL_POINTS: None}),
    "e_atis_ext_crl_distribution_ca": intermediate({Ext.CRL_POINTS: LDAP}),
    "e_atis_ext_crl_distribution_root": root({Ext.CRL_POINTS: (False, crl_points())}),
    "e_atis_ext_crl_distribution_struct": leaf({Ext.CRL_POINTS: NO_ISSUER}),
    "e_atis_ext_crl_distribution_struct_ca": intermediate({Ext.CRL_POINTS: NO_ISSUER}),
    "e_atis_tn_auth_list": leaf({Ext.TN_AUTH_LIST: None}),
    "e_atis_tn_auth_list_spc_format": leaf({Ext.TN_AUTH_LIST: LOWER_SPC}),
    "e_atis_tn_auth_list_ca": intermediate({Ext.TN_AUTH_LIST: (False, TN_LIST)}),
    "e_atis_ext_not_specified": leaf(more=OTHER),
    "e_atis_ext_not_specified_ca": intermediate(more=OTHER),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize(
    "value",
    [
        tlv(0x30, tlv(0xA0, tlv(0x16, b"700J")), NUMBER),  # version 005: no numbers beside the SPC
        tlv(0x30, tlv(0xA0, tlv(0x16, b"700J")), tlv(0xA0, tlv(0x16, b"701J"))),
        tlv(0x30, NUMBER),
        tlv(0x30, tlv(0x13, b"700J")),  # real ones: the SPC without its tag
        tlv(0x30),
        b"700J",
    ],
)
def test_a_tn_auth_list_is_one_spc_alone(value: bytes) -> None:
    assert "e_atis_tn_auth_list" in rules_broken(leaf({Ext.TN_AUTH_LIST: (False, value)}))


def test_a_critical_tn_auth_list_is_told() -> None:
    assert "e_atis_tn_auth_list" in rules_broken(leaf({Ext.TN_AUTH_LIST: (True, TN_LIST)}))


@pytest.mark.parametrize(
    "points",
    [
        crl_points(crl_point(tlv(0x86, CRL_URL), tlv(0x86, CRL_URL))),
        crl_points(crl_point(), crl_point()),
        crl_points(crl_point(tlv(0x82, b"crl.example.com"))),
        b"\x30\x05",
    ],
)
def test_one_distribution_point_with_one_url_of_http(points: bytes) -> None:
    assert "e_atis_ext_crl_distribution" in rules_broken(leaf({Ext.CRL_POINTS: (False, points)}))


@pytest.mark.parametrize("tail", [tlv(0xA2, tlv(0x86, CRL_URL)), bits(0, 1), tlv(0x81, b"\0\1")])
def test_the_issuer_of_a_crl_is_a_name(tail: bytes) -> None:
    points = crl_points(crl_point(tail=tail))
    assert "e_atis_ext_crl_distribution_struct" in rules_broken(leaf({Ext.CRL_POINTS: (False, points)}))


def test_reasons_between_point_and_issuer_are_allowed() -> None:
    full = tlv(0xA0, tlv(0xA0, tlv(0x86, CRL_URL)))
    points = tlv(0x30, tlv(0x30, full, tlv(0x81, b"\x01\x40"), CRL_ISSUER))
    assert rules_broken(leaf({Ext.CRL_POINTS: (False, points)})) == set()


def test_a_crl_issuer_is_demanded_of_those_who_name_policy_1_4() -> None:
    older = {Ext.POLICIES: (False, policies(Policy.US_1_3)), Ext.CRL_POINTS: NO_ISSUER}
    assert "e_atis_ext_crl_distribution_struct" not in rules_broken(leaf(older))


@pytest.mark.parametrize(
    ("policy", "usage", "broken"),
    [
        (Policy.US_1_4, bits(2, 0x04), False),
        (Policy.US_1_4, bits(2, 0x84), True),
        (Policy.US_1_3, bits(1, 0x86), False),
        (Policy.US_1_3, bits(1, 0x82), True),
        (Policy.US_1_3, bits(1, 0xA6), True),
    ],
)
def test_what_a_ca_may_use_its_key_for(policy: str, usage: bytes, broken: bool) -> None:
    changes = {Ext.POLICIES: (False, policies(policy)), Ext.KEY_USAGE: (True, usage)}
    assert ("e_atis_ext_key_usage_ca" in rules_broken(intermediate(changes))) is broken


def test_key_usage_that_is_not_critical_is_told() -> None:
    assert "e_atis_ext_key_usage" in rules_broken(leaf({Ext.KEY_USAGE: (False, KEY_USAGE)}))
