from __future__ import annotations

import pytest
from tests.verify.lint.certificates import (
    ROOT,
    algorithm,
    build,
    intermediate,
    leaf,
    name,
    root,
    rules_broken,
    tlv,
)

from ringfence.verify.lint.oids import Ext, Name

UTC, GENERALIZED = 0x17, 0x18
EMPTY = name()
SAN = {Ext.SUBJECT_ALT_NAME: (True, tlv(0x30, tlv(0x82, b"example.com")))}


def named(kind: str, text: str, *tag: int) -> bytes:
    return leaf(subject=name((kind, text, *tag)))


def valid(not_before: bytes, not_after: bytes, before: int = UTC, after: int = UTC) -> bytes:
    return leaf(not_before=not_before, not_after=not_after, times=(before, after))


BREAKS = {
    "e_cert_extensions_version_not_3": leaf(version=2),
    "e_cert_contains_unique_identifier": leaf(unique_id=tlv(0x81, b"\0\1")),
    "e_cert_unique_identifier_version_not_2_or_3": build({}, version=1, unique_id=tlv(0x82, b"\0\1")),
    "e_cert_sig_alg_not_match_tbs_sig_alg": leaf(inner_algorithm=algorithm("1.2.840.10045.4.3.3")),
    "e_serial_number_not_positive": leaf(serial=-1),
    "e_serial_number_longer_than_20_octets": leaf(serial=2**159),
    "e_issuer_field_empty": leaf(issuer=EMPTY),
    "e_ca_subject_field_empty": intermediate(subject=EMPTY),
    "e_subject_empty_without_san": leaf(subject=EMPTY),
    "e_subject_not_dn": leaf(subject=tlv(0x30, tlv(0x31))),
    "e_issuer_not_dn": leaf(issuer=tlv(0x30, tlv(0x31, tlv(0x30, b"\5\0")))),
    "e_subject_dn_country_not_printable_string": named(Name.COUNTRY, "US", 0x0C),
    "e_issuer_dn_country_not_printable_string": leaf(issuer=name((Name.COUNTRY, "US", 0x0C))),
    "e_subject_dn_serial_number_not_printable_string": named(Name.SERIAL_NUMBER, "40BF", 0x0C),
    "e_subject_printable_string_badalpha": named(Name.ORGANIZATION, "Example & Sons", 0x13),
    "e_subject_dn_not_printable_characters": named(Name.ORGANIZATION, "Example\x1b[31m"),
    "e_subject_common_name_max_length": named(Name.COMMON_NAME, "x" * 65),
    "e_subject_organization_name_max_length": named(Name.ORGANIZATION, "x" * 65),
    "e_subject_organizational_unit_name_max_length": named(Name.UNIT, "x" * 65),
    "e_subject_locality_name_max_length": named(Name.LOCALITY, "x" * 129),
    "e_subject_state_name_max_length": named(Name.STATE, "x" * 129),
    "e_subject_dn_serial_number_max_length": named(Name.SERIAL_NUMBER, "1" * 65),
    "e_subject_email_max_length": named(Name.EMAIL, "x" * 256, 0x16),
    "e_validity_malformed": valid(b"241301000000Z", b"250101000000Z"),
    "e_validity_time_not_positive": valid(b"240101000000Z", b"231231000000Z"),
    "e_wrong_time_format_pre2050": valid(b"20240101000000Z", b"250101000000Z", GENERALIZED),
    "e_utc_time_not_in_zulu": valid(b"240101000000+0100", b"250101000000Z"),
    "e_utc_time_does_not_include_seconds": valid(b"240101000000Z", b"2501010000Z"),
    "e_generalized_time_not_in_zulu": valid(b"240101000000Z", b"20510101000000-0500", UTC, GENERALIZED),
    "e_generalized_time_does_not_include_seconds": valid(
        b"240101000000Z", b"205101010000Z", UTC, GENERALIZED
    ),
    "e_generalized_time_includes_fraction_seconds": valid(
        b"240101000000Z", b"20510101000000.5Z", UTC, GENERALIZED
    ),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize(
    "certificate",
    [
        leaf(serial=2**159 - 1),
        leaf(not_after=b"20510101000000Z", times=(UTC, GENERALIZED)),
        leaf(not_after=b"491231235959Z"),
        root(subject=ROOT),
    ],
)
def test_what_just_fits_breaks_nothing(certificate: bytes) -> None:
    assert rules_broken(certificate) == set()


def test_lengths_count_characters_not_octets() -> None:
    assert "e_subject_organization_name_max_length" not in rules_broken(named(Name.ORGANIZATION, "é" * 64))


def test_an_alternative_name_may_stand_for_the_subject() -> None:
    assert "e_subject_empty_without_san" not in rules_broken(leaf(SAN, subject=EMPTY))


def test_an_older_version_without_extensions_is_no_fault_of_extensions() -> None:
    assert "e_cert_extensions_version_not_3" not in rules_broken(build({}, version=1))
