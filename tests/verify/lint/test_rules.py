from __future__ import annotations

import datetime as dt

import pytest
from tests.verify.lint import certificates

from ringfence.verify.lint.fields import Fields, read_fields
from ringfence.verify.lint.rules import (
    Rulebook,
    any_certificate,
    below_root,
    ca,
    intermediate,
    leaf,
    on,
    root,
)


def fields(der: bytes) -> Fields:
    read = read_fields(der)
    assert isinstance(read, Fields)
    return read


LEAF, INTERMEDIATE, ROOT = map(
    fields, (certificates.leaf(), certificates.intermediate(), certificates.root())
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (any_certificate, [True, True, True]),
        (leaf, [True, False, False]),
        (ca, [False, True, True]),
        (intermediate, [False, True, False]),
        (root, [False, False, True]),
        (below_root, [True, True, False]),
    ],
)
def test_kinds_of_certificates(kind, expected: list[bool]) -> None:
    assert [kind(certificate) for certificate in (LEAF, INTERMEDIATE, ROOT)] == expected


def test_a_rule_is_about_its_kind_and_from_its_day() -> None:
    book = Rulebook("EXAMPLE")

    @book.rule("e_example", "1", "nothing", leaf, on(2024, 1, 1))
    @book.rule("w_example_ca", "1", "nothing", ca, on(2024, 1, 2))
    def check(c: Fields) -> str | None:
        return "wrong"

    of_ca, of_leaf = book.rules
    assert (of_leaf.severity, of_ca.severity, of_leaf.source) == ("error", "warn", "EXAMPLE")
    assert of_leaf.fault(LEAF) == "wrong" and of_leaf.fault(ROOT) is None
    assert of_ca.fault(ROOT) is None, "its validity begins a day before the rule"


def test_without_a_time_that_can_be_read_a_certificate_is_held_to_all_rules() -> None:
    book = Rulebook("EXAMPLE")
    book.rule("n_example", "1", "nothing", leaf, on(2999, 1, 1))(lambda c: "wrong")
    assert book.rules[0].fault(fields(certificates.leaf(not_before=b"?"))) == "wrong"


def test_grace_is_counted_in_days() -> None:
    assert on(2021, 8, 18, grace=145) == dt.datetime(2022, 1, 10, tzinfo=dt.UTC).timestamp()
