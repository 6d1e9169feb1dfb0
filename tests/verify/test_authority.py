from __future__ import annotations

from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ringfence.errors import UsageError
from ringfence.verify.authority import LISTS, POLICY, PURPOSES, SKEW, SPC, issue_test_authority
from ringfence.verify.certificate import Certificate, is_signed_by, parse_certificates
from ringfence.verify.constraints import ClaimConstraints
from ringfence.verify.lint import lint
from ringfence.verify.tnauthlist import TNAuthList

NOW = 1_772_366_400.5  # 2026-03-01 12:00 UTC, and a half
DAY = 86_400.0
FILES = issue_test_authority(NOW)

SIGNERS = ("sp", "tn", "delegate", "outside", "limited", "revoked")

#: What the lint says of a trial's certificates and why it has to: see docs/reference/certificates.md.
NO_US_POLICY = {"e_shaken_certificate_policies_id"}
NUMBERS = {"e_atis_subject_cn_spc", "e_atis_tn_auth_list", "e_atis_tn_auth_list_spc_format"}
EXPECTED = {
    "root": set(),
    "intermediate": {"e_shaken_certificate_policies_id_ca"},
    "sp": NO_US_POLICY,
    "revoked": NO_US_POLICY,
    "limited": NO_US_POLICY | {"e_atis_ext_not_specified"},
    "tn": NO_US_POLICY | NUMBERS,
    "delegate": NO_US_POLICY | NUMBERS,
    "outside": NO_US_POLICY | NUMBERS,
    "delegate-ca": {"e_shaken_certificate_policies_id_ca", "e_atis_tn_auth_list_ca", "n_delegate_ca"},
}


def chain(name: str) -> tuple[Certificate, ...]:
    read = parse_certificates(FILES[name])
    assert isinstance(read, tuple), read
    return read


def one(name: str) -> Certificate:
    (certificate,) = chain(f"{name}.pem")
    return certificate


def test_the_files() -> None:
    wanted = {f"{name}.{end}" for name in PURPOSES for end in ("pem", "key")}
    assert set(FILES) == wanted | {f"{name}-chain.pem" for name in SIGNERS} | set(LISTS)


@pytest.mark.parametrize("name", PURPOSES)
def test_each_is_short_lived_marked_and_has_its_key(name: str) -> None:
    certificate = one(name)
    assert "TEST ONLY" in certificate.subject
    assert (certificate.not_before, certificate.not_after) == (int(NOW) - SKEW, int(NOW) + 7 * DAY)
    key = load_pem_private_key(FILES[f"{name}.key"], None)
    assert certificate.key is not None and key.public_key() == certificate.key


@pytest.mark.parametrize("name", EXPECTED)
def test_the_lint_finds_what_it_has_to(name: str) -> None:
    report = lint(one(name).der)
    assert report.unreadable is None
    assert {finding.rule for finding in report.findings} == EXPECTED[name]


def test_chains_lead_up_leaf_first() -> None:
    for name in SIGNERS:
        certificates = (*chain(f"{name}-chain.pem"), one("root"))
        assert certificates[0] == one(name) and not certificates[0].is_ca
        for below, above in pairwise(certificates):
            assert above.is_ca and below.issuer_name == above.subject_name and below.akid == above.skid
            assert is_signed_by(below.x509, above.public_key)
    assert len(chain("delegate-chain.pem")) == 3


def test_for_whom_and_what_they_speak() -> None:
    assert one("sp").tn_auth == one("revoked").tn_auth == TNAuthList(spcs=(SPC,))
    numbers, parent = one("tn").tn_auth, one("delegate-ca").tn_auth
    delegate, outside = one("delegate").tn_auth, one("outside").tn_auth
    assert numbers and parent and delegate and outside
    for number in ("447700900000", "447700900999", "442079460123", "12025550199", "12125550100"):
        assert numbers.covers(number)
    for number in ("447700901000", "12025550200", "442079461000"):
        assert not numbers.covers(number)
    assert delegate.within(parent) and not outside.within(parent)
    assert delegate.covers("447700900250") and not delegate.covers("447700900251")
    assert one("limited").constraints == ClaimConstraints(("attest",), {"attest": ("B", "C")})


def test_it_claims_no_policy_that_it_does_not_follow() -> None:
    # RFC 7229 section 2: policies for tests, so that none of these can pass for one of the United States
    for name in PURPOSES:
        assert one(name).policies in ((), (POLICY.dotted_string,))


def test_revocation_lists() -> None:
    serial = one("revoked").serial
    direct = x509.load_pem_x509_crl(FILES["crl.pem"])
    assert is_signed_by(direct, one("intermediate").public_key)
    assert [entry.serial_number for entry in direct] == [serial]
    indirect = x509.load_pem_x509_crl(FILES["sti-pa-crl.pem"])
    assert is_signed_by(indirect, one("sti-pa").public_key)
    (entry,) = indirect
    issuer = entry.extensions.get_extension_for_class(x509.CertificateIssuer)
    assert issuer.critical and entry.serial_number == serial
    assert issuer.value.get_values_for_type(x509.DirectoryName) == [one("intermediate").x509.subject]
    scope = indirect.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert scope.critical and scope.value.indirect_crl


@pytest.mark.parametrize("days", [0, -1, 8, float("nan")])
def test_it_is_for_trials(days: float) -> None:
    with pytest.raises(UsageError, match="up to 7 days"):
        issue_test_authority(NOW, days)


def test_a_shorter_life() -> None:
    read = parse_certificates(issue_test_authority(NOW, 0.5)["sp.pem"])
    assert isinstance(read, tuple) and read[0].not_after == int(NOW) + DAY / 2
