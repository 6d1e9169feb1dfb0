from __future__ import annotations

import pytest
from tests.verify.lint.certificates import TN_LIST, intermediate, leaf, rules_broken, tlv

from ringfence.verify.lint import lint
from ringfence.verify.lint.oids import Ext

NUMBERS = tlv(0x30, tlv(0xA2, tlv(0x16, b"15550100")))

BREAKS = {
    "e_delegate_no_authority_key_identifier": leaf(
        {Ext.TN_AUTH_LIST: (False, NUMBERS), Ext.AUTHORITY_KEY_ID: None}
    ),
    "n_delegate_ca": intermediate({Ext.TN_AUTH_LIST: (False, TN_LIST)}),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    assert rule in rules_broken(BREAKS[rule])


def test_a_delegate_that_names_its_parent_breaks_nothing_here() -> None:
    assert not rules_broken(leaf({Ext.TN_AUTH_LIST: (False, NUMBERS)})) & BREAKS.keys()
    assert not rules_broken(leaf({Ext.AUTHORITY_KEY_ID: None})) & BREAKS.keys()


def test_that_a_ca_delegates_is_told_without_reproach() -> None:
    (notice,) = [f for f in lint(BREAKS["n_delegate_ca"]).findings if f.rule == "n_delegate_ca"]
    assert (notice.severity, notice.source) == ("notice", "RFC9060")
