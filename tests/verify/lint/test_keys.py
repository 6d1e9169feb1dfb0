from __future__ import annotations

import pytest
from tests.verify.lint.certificates import algorithm, key_info, leaf, oid, point, rules_broken, tlv

from ringfence.verify.lint.oids import Alg

NULL = b"\5\0"


def info(*parameters: bytes, at: bytes = point()) -> bytes:
    return tlv(0x30, algorithm(Alg.EC_KEY, *parameters), tlv(0x03, b"\0", at))


BREAKS = {
    "e_ec_key_without_named_curve": leaf(info=info(NULL)),
    "e_ec_key_not_on_curve": leaf(info=info(oid(Alg.P256), at=point()[:-1] + b"\0")),
    "e_ecdsa_signature_parameters": leaf(signature_algorithm=algorithm(Alg.ECDSA_SHA256, NULL)),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


@pytest.mark.parametrize("curve", ["SECP256R1", "SECP384R1", "SECP521R1"])
def test_keys_of_other_curves_are_no_fault_of_these(curve: str) -> None:
    assert not rules_broken(leaf(info=key_info(curve))) & BREAKS.keys()


def test_a_curve_that_nobody_knows_is_left_to_other_rules() -> None:
    found = rules_broken(leaf(info=info(oid("1.3.132.0.99"))))
    assert not found & BREAKS.keys() and "e_atis_subject_public_key" in found
