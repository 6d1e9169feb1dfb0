from __future__ import annotations

import pytest
from tests.verify.lint.certificates import TN_LIST, access, integer, intermediate, leaf, rules_broken, tlv

from ringfence.verify.lint.oids import Ext
from ringfence.verify.lint.rfc8226 import STIR_TN_LIST

CONFIDENCE = tlv(0x16, b"confidence")
CONSTRAINTS = tlv(0x30, tlv(0xA0, tlv(0x30, CONFIDENCE)))


def listed(*entries: bytes) -> bytes:
    return leaf({Ext.TN_AUTH_LIST: (False, tlv(0x30, *entries))})


def constrained(value: bytes) -> bytes:
    return leaf({Ext.CLAIM_CONSTRAINTS: (False, value)})


def counted(start: bytes, count: int) -> bytes:
    return tlv(0xA1, tlv(0x30, tlv(0x16, start), integer(count)))


BREAKS = {
    "e_tn_auth_list_malformed": listed(tlv(0x13, b"700J")),
    "e_tn_auth_list_critical": leaf({Ext.TN_AUTH_LIST: (True, TN_LIST)}),
    "e_stir_tn_list_not_https": leaf(
        {Ext.AUTHORITY_INFO: (False, access(STIR_TN_LIST, place=b"http://example.com/tn"))}
    ),
    "e_jwt_claim_constraints_malformed": constrained(tlv(0x30)),
    "e_jwt_claim_constraints_critical": leaf({Ext.CLAIM_CONSTRAINTS: (True, CONSTRAINTS)}),
    "e_jwt_claim_constraints_in_ca": intermediate({Ext.CLAIM_CONSTRAINTS: (False, CONSTRAINTS)}),
    "w_jwt_claim_constraints_base_claims": constrained(tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x16, b"orig"))))),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize(
    "entry",
    [
        tlv(0xA0, tlv(0x13, b"700J")),  # PrintableString
        tlv(0xA0, b"700J"),  # implicitly tagged
        tlv(0xA0, tlv(0x16)),
        tlv(0xA2, tlv(0x16, b"+15550100")),
        tlv(0xA2, tlv(0x16, b"1" * 16)),
        tlv(0xA2, tlv(0x16)),
        tlv(0xA3, tlv(0x16, b"15550100")),
        counted(b"15550100", 1),
        counted(b"10", 91),  # the RFC's own example
        counted(b"1*", 2),
        counted(b"x", 2),
        tlv(0xA1, tlv(0x30, tlv(0x16, b"15550100"))),
    ],
)
def test_entries_that_the_asn1_does_not_allow(entry: bytes) -> None:
    assert "e_tn_auth_list_malformed" in rules_broken(listed(entry))


@pytest.mark.parametrize(
    "entry",
    [
        tlv(0xA0, tlv(0x16, b"700J")),
        tlv(0xA2, tlv(0x16, b"*67#")),
        counted(b"10", 89),
        counted(b"15550100", 100),
        tlv(0xA1, tlv(0x30, tlv(0x16, b"15550100"), integer(2), tlv(0x80, b"later"))),  # extensible
    ],
)
def test_entries_that_it_allows(entry: bytes) -> None:
    assert "e_tn_auth_list_malformed" not in rules_broken(listed(entry))


def test_an_empty_list_is_malformed() -> None:
    assert "e_tn_auth_list_malformed" in rules_broken(listed())


@pytest.mark.parametrize(
    "value",
    [
        tlv(0x31, tlv(0xA0, tlv(0x30, CONFIDENCE))),
        tlv(0x30, tlv(0xA0, CONFIDENCE)),
        tlv(0x30, tlv(0xA0, tlv(0x30))),
        tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x0C, b"confidence")))),
        tlv(0x30, tlv(0xA2, tlv(0x30, CONFIDENCE))),  # mustExclude is of the enhanced ones
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, CONFIDENCE, tlv(0x30))))),
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, CONFIDENCE, tlv(0x30, CONFIDENCE))))),
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, CONFIDENCE)))),
        b"",
    ],
)
def test_constraints_that_the_asn1_does_not_allow(value: bytes) -> None:
    assert "e_jwt_claim_constraints_malformed" in rules_broken(constrained(value))


def test_constraints_that_it_allows() -> None:
    permitted = tlv(0xA1, tlv(0x30, tlv(0x30, CONFIDENCE, tlv(0x30, tlv(0x0C, b"high")))))
    for value in (CONSTRAINTS, tlv(0x30, permitted), tlv(0x30, tlv(0xA0, tlv(0x30, CONFIDENCE)), permitted)):
        assert not {rule for rule in rules_broken(constrained(value)) if "claim" in rule}
