from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import ConfigError
from ringfence.screen.policy import read_policy
from ringfence.screen.policy_text import near, read_document


def test_the_word_that_was_meant() -> None:
    assert near("unsignd", ["unsigned", "x"]) == "; did you mean 'unsigned'?"
    assert near("zzz", ["unsigned"]) == ""


def test_keys() -> None:
    document = read_document('name = "x"\n[exempt]\ntrunks = []', "p.toml")
    assert document.keys == {"name", "exempt"} and document.keys_of("exempt") == {"trunks"}
    assert document.keys_of("name") == document.keys_of("none") == frozenset()


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_refused_in_one_line(text: str) -> None:
    try:
        read_policy(text, "p.toml")
    except ConfigError as refused:
        assert "\n" not in str(refused) and str(refused).startswith("p.toml")


@pytest.mark.parametrize(
    "text", ["rule = [1]", "rule = [{}]", "[[rule]]\n[rule.when]\nnot = 3", "meters = 1"]
)
def test_wrong_kinds(text: str) -> None:
    with pytest.raises(ConfigError, match=r"p\.toml, line"):
        read_policy(text, "p.toml")
