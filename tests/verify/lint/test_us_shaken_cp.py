from __future__ import annotations

import pytest
from tests.verify.lint.certificates import (
    ISSUER,
    TN_LIST,
    intermediate,
    leaf,
    name,
    policies,
    root,
    rules_broken,
    subject,
)

from ringfence.verify.lint.oids import Ext, Name, Policy

OLD = {Ext.POLICIES: (False, policies("2.16.840.1.114569.1.1.1"))}
V1_3 = {Ext.POLICIES: (False, policies(Policy.US_1_3))}
CANADA = subject("SHAKEN 700J", c="CA")

BREAKS = {
    "e_shaken_certificate_policies_id": leaf(OLD),
    "e_shaken_certificate_policies_id_ca": intermediate({Ext.POLICIES: None}),
    "e_us_cp_subject_sn_shall": leaf(V1_3),
    "e_us_cp_subject_sn_shall_ca": intermediate({**V1_3, Ext.TN_AUTH_LIST: (False, TN_LIST)}),
    "e_atis_subject_c_us": leaf(subject=CANADA),
    "e_atis_subject_c_us_ca": intermediate(subject=CANADA),
    "e_us_cp_issuer_c_us": leaf(issuer=CANADA),
    "e_us_cp_issuer_c_us_ca": intermediate(issuer=CANADA),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


def test_version_1_3_is_content_with_a_serial_number_in_the_name() -> None:
    named = name(
        (Name.COUNTRY, "US"),
        (Name.ORGANIZATION, "Example"),
        (Name.SERIAL_NUMBER, "40BF"),
        (Name.COMMON_NAME, "SHAKEN 700J"),
    )
    assert rules_broken(leaf(V1_3, subject=named)) == set()
    assert rules_broken(intermediate(V1_3)) == set()


def test_roots_name_no_policy() -> None:
    assert rules_broken(root()) == set()


def test_other_countries_are_for_other_policies() -> None:
    found = rules_broken(leaf(V1_3, subject=CANADA, issuer=CANADA))
    assert not found & {"e_atis_subject_c_us", "e_us_cp_issuer_c_us"}


@pytest.mark.parametrize(("day", "broken"), [(b"220110000000Z", True), (b"220109235959Z", False)])
def test_version_1_3_has_145_days_of_grace(day: bytes, broken: bool) -> None:
    found = rules_broken(leaf(V1_3, not_before=day, issuer=ISSUER))
    assert ("e_us_cp_subject_sn_shall" in found) is broken
