from __future__ import annotations

import pytest
from tests.verify.lint.certificates import (
    algorithm,
    intermediate,
    key_info,
    leaf,
    name,
    policies,
    root,
    rules_broken,
    subject,
    tlv,
)

from ringfence.verify.lint.oids import Alg, Ext, Name, Policy

SHA512 = algorithm("1.2.840.10045.4.3.4")
NO_COUNTRY = name((Name.ORGANIZATION, "Example"), (Name.COMMON_NAME, "SHAKEN 700J"))
NO_ORGANIZATION = name((Name.COUNTRY, "US"), (Name.COMMON_NAME, "SHAKEN 700J"))

BREAKS = {
    "e_atis_version": leaf(version=2),
    "e_atis_version_ca": intermediate(version=1),
    "e_atis_serial_number": leaf(serial=0),
    "e_atis_serial_number_ca": root(serial=-5),
    "e_atis_serial_number_size": leaf(serial=2**63 - 1),
    "e_atis_serial_number_size_ca": intermediate(serial=4096),
    "e_atis_signature_algorithm": leaf(signature_algorithm=SHA512),
    "e_atis_signature_algorithm_ca": intermediate(signature_algorithm=SHA512),
    "e_atis_subject_dn": leaf(subject=NO_COUNTRY),
    "e_atis_subject_dn_ca": intermediate(subject=name((Name.COUNTRY, "US"), (Name.COUNTRY, "US"))),
    "e_atis_subject_o_required": leaf(subject=NO_ORGANIZATION),
    "e_atis_subject_o_required_ca": intermediate(subject=NO_ORGANIZATION),
    "e_atis_subject_c_iso": leaf(subject=subject(c="us")),
    "e_atis_subject_c_iso_ca": intermediate(subject=NO_COUNTRY),
    "e_atis_subject_cn": leaf(subject=subject("STIRSHAKEN 700J")),
    "e_atis_subject_cn_ca": intermediate(subject=subject("shaken intermediate")),
    "e_atis_subject_cn_root": root(subject=(top := subject("SHAKEN Rooted CA")), issuer=top),
    "e_atis_subject_cn_spc": leaf(subject=subject("SHAKEN Example 700J")),
    "e_atis_subject_public_key": leaf(info=key_info("SECP384R1")),
    "e_atis_subject_public_key_ca": intermediate(info=key_info("SECP521R1")),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize("make", [leaf, intermediate, root])
def test_certificates_without_fault_break_no_rule(make) -> None:
    assert rules_broken(make()) == set()


def test_a_certificate_older_than_a_rule_is_not_held_to_it() -> None:
    # the first day of version 005 with its 90 days of grace, and the second before it; none for CAs
    rule = "e_atis_serial_number_size"
    assert rule in rules_broken(leaf(not_before=b"230312000000Z", serial=5))
    assert rule not in rules_broken(leaf(not_before=b"230311235959Z", serial=5))
    assert f"{rule}_ca" in rules_broken(intermediate(not_before=b"221212000000Z", serial=5))
    assert f"{rule}_ca" not in rules_broken(intermediate(not_before=b"221211235959Z", serial=5))


def test_a_serial_number_of_64_bits_will_do() -> None:
    assert rules_broken(leaf(serial=2**63)) == set()


@pytest.mark.parametrize(
    ("cn", "broken"),
    [
        ("SHAKEN 700J", False),
        ("Example SHAKEN 700J", False),
        ("SHAKEN 700J-2", False),
        ("SHAKEN 700J2", True),
        ("SHAKEN  700J", True),
        ("SHAKEN700J", True),
        ("SHAKEN 700j", True),
        ("SHAKEN 701J", True),
    ],
)
def test_the_common_name_repeats_the_spc(cn: str, broken: bool) -> None:
    assert ("e_atis_subject_cn_spc" in rules_broken(leaf(subject=subject(cn)))) is broken


def test_an_spc_is_no_pattern() -> None:
    odd = {Ext.TN_AUTH_LIST: (False, tlv(0x30, tlv(0xA0, tlv(0x16, b"70.J"))))}
    assert "e_atis_subject_cn_spc" in rules_broken(leaf(odd))
    assert "e_atis_subject_cn_spc" not in rules_broken(leaf(odd, subject=subject("SHAKEN 70.J")))


def test_a_code_that_iso_3166_does_not_assign_is_no_country() -> None:
    assert "e_atis_subject_c_iso" in rules_broken(leaf(subject=subject(c="UK")))
    assert "e_atis_subject_c_iso" not in rules_broken(leaf(subject=subject(c="GB")))


def test_p384_is_for_cas_under_version_1_4_of_the_us_policy() -> None:
    changes = {"info": key_info("SECP384R1"), "signature_algorithm": algorithm(Alg.ECDSA_SHA384)}
    older = {Ext.POLICIES: (False, policies(Policy.US_1_3))}
    assert not {r for r in rules_broken(intermediate(**changes)) if "public_key" in r or "signature" in r}
    found = rules_broken(intermediate(older, **changes))
    assert {"e_atis_subject_public_key_ca", "e_atis_signature_algorithm_ca"} <= found
