from __future__ import annotations

import base64
import gzip
import hashlib
import json
import warnings
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verify.lint import (
    test_atis1000080,
    test_atis1000080_extensions,
    test_keys,
    test_rfc5280,
    test_rfc5280_extensions,
    test_rfc8226,
    test_rfc9060,
    test_rfc9118,
    test_us_shaken_cp,
)
from tests.verify.lint.certificates import algorithm, leaf, subject

from ringfence.verify.lint import RULES, lint

OF_EACH_DOCUMENT = (
    test_atis1000080,
    test_atis1000080_extensions,
    test_keys,
    test_rfc5280,
    test_rfc5280_extensions,
    test_rfc8226,
    test_rfc9060,
    test_rfc9118,
    test_us_shaken_cp,
)

#: Rules that the labels never show, and on how many certificates of the corpus they find something.
OURS = {
    "e_atis_subject_key_identifier_sha1": 33,
    "e_ecdsa_signature_parameters": 3,
    "e_tn_auth_list_malformed": 7,
    "e_us_cp_issuer_c_us": 13,
    "e_us_cp_issuer_c_us_ca": 1,
}


def test_each_rule_has_a_name_of_its_own_and_a_certificate_that_breaks_it() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert {name for module in OF_EACH_DOCUMENT for name in module.BREAKS} == set(names)


def test_a_report() -> None:
    certificate = leaf(subject=subject("SHAKEN Example 700J"))
    report = lint(certificate)
    assert report.sha256 == hashlib.sha256(certificate).hexdigest()
    assert report.subject == "CN=SHAKEN Example 700J,O=Example Telecom,C=US"
    assert list(msgspec.to_builtins(report.findings)) == [
        {
            "rule": "e_atis_subject_cn_spc",
            "severity": "error",
            "source": "ATIS1000080",
            "text": "the common name is 'SHAKEN Example 700J', without 'SHAKEN 700J'",
        }
    ]
    assert report.unreadable is None and not report.is_clean
    assert lint(leaf()).is_clean


def test_what_the_parser_of_calls_refuses_is_unreadable_and_judged_all_the_same() -> None:
    report = lint(leaf(signature_algorithm=algorithm("1.2.840.10045.4.3.2", b"\5\0")))
    assert report.unreadable and "signature_alg" in report.unreadable
    assert [finding.rule for finding in report.findings] == ["e_ecdsa_signature_parameters"]
    assert not report.is_clean


@pytest.mark.parametrize("der", [b"", b"\x30\0", b"-----BEGIN CERTIFICATE-----", leaf()[:300]])
def test_what_cannot_be_taken_apart_has_a_reason(der: bytes) -> None:
    report = lint(der)
    assert report.unreadable and report.findings == () and report.subject == ""


def test_the_library_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "e_serial_number_not_positive" in {finding.rule for finding in lint(leaf(serial=0)).findings}


@given(st.integers(0, len(leaf()) - 1), st.binary(min_size=1, max_size=4))
def test_no_octets_raise(place: int, octets: bytes) -> None:
    certificate = leaf()
    report = lint(certificate[:place] + octets + certificate[place + len(octets) :])
    msgspec.json.encode(report)


@pytest.mark.corpus
def test_the_labels_of_the_corpus_agree_rule_by_rule(corpus: Path) -> None:
    labels: Counter[str] = Counter()
    found: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    unreadable = 0
    for file in ("shaken-leaf.jsonl.gz", "shaken-ca.jsonl.gz"):
        with gzip.open(corpus / "certificates" / file) as lines:
            for line in lines:
                row = json.loads(line)
                report = lint(base64.b64decode(row["der_b64"]))
                assert report.sha256 == row["sha256"] and report.subject
                said = {f.rule: [f.severity, f.source] for f in report.findings}
                unreadable += report.unreadable is not None
                labels.update(list(row["lint"]))
                found.update(list(said))
                agreed.update(rule for rule in row["lint"] if said.get(rule) == row["lint"][rule])
    assert unreadable == 3  # of the four that the whole collection has
    for rule, count in labels.items():
        # of all certificates that either side blames, not of all: most rules are broken by few
        assert agreed[rule] >= 0.99 * (count + found[rule] - agreed[rule]), rule
    assert {rule: count for rule, count in found.items() if rule not in labels} == OURS


def test_the_reference_has_each_rule_as_it_is_and_no_other() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "cert-lint.md"
    rows = [line.strip("| ").split(" | ") for line in page.read_text("utf-8").splitlines() if " | " in line]
    told = {tuple(row[i] for i in (0, 1, 2, 3, 6)) for row in rows if len(row) == 7 and row[0] != "name"}
    assert told == {(f"`{r.name}`", r.severity, r.source, r.section, r.demands) for r in RULES}
