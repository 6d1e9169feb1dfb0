"""Policies are read whole or refused with a line."""

from __future__ import annotations

import pytest

from ringfence.errors import ConfigError
from ringfence.model.verdict import Action, Mode
from ringfence.screen.policy import PACKS, pack, read_policy

RULE = '[[rule]]\nname = "a"\nwhen = { %s }\naction = "%s"\nreason = "x"\n%s'


@pytest.mark.parametrize("name", PACKS)
def test_packs_are_dated_sourced_and_in_shadow(name: str) -> None:
    policy = pack(name)
    assert policy.date and policy.source and policy.country == name.upper()
    assert all(policy.mode_of(rule) is Mode.SHADOW for rule in policy.rule)


def test_own_rules_come_first_and_replace_by_name() -> None:
    own = RULE % ('trunk = "T7", signal = "unsigned"', "label", 'display = "Spam"\n')
    text = 'base = "gb"\nname = "ours"\n[modes]\n"no such number" = "live"\n' + own
    policy = read_policy(text, "p.toml")
    assert [rule.name for rule in policy.rule][:2] == ["a", "do not originate"]
    assert policy.name == "ours" and policy.country == "GB" and policy.version.startswith("ours 2026")
    live = [rule.name for rule in policy.rule if policy.mode_of(rule) is Mode.LIVE]
    assert live == ["no such number"]
    again = text.replace('name = "a"', 'name = "mobile from abroad, roaming unknown"')
    replaced = read_policy(again, "p.toml")
    assert len(replaced.rule) == len(policy.rule) - 1
    assert replaced.rule[0].action is Action.LABEL


def test_the_version_tells_policies_apart() -> None:
    one = read_policy('base = "gb"', "a.toml").version
    assert one == read_policy('base = "gb" # the same', "b.toml").version
    assert one != read_policy('base = "gb"\n[exempt]\ntrunks = ["T1"]', "a.toml").version


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("x = = 1", 1, "not TOML"),
        ('base = "gx"', 1, "no such pack"),
        ("\nbsae = 'gb'", 2, "no key `bsae`"),
        ("rule = 1", 1, "Expected `array`"),
        ('\n[[rule]]\nname = "a"\naction = "block"\nreason = "x"', 2, "needs the key `when`"),
        (RULE % ('trunc = "T"', "block", ""), 3, "no key `trunc`"),
        (RULE % ('signal = "unsignd"', "block", ""), 3, "did you mean 'unsigned'"),
        (RULE % ('signal = "unsigned"', "blok", ""), 4, "blok"),
        (RULE % ("", "block", ""), 2, "names no condition"),
        (RULE % ("strength = 0.5", "block", ""), 3, "name the signal"),
        (RULE % ('signal = "unsigned"', "label", "answer = 603"), 2, "answer belongs"),
        (RULE % ('signal = "unsigned"', "block", "answer = 499"), 2, "no refusal"),
        (RULE % ('signal = "unsigned"', "block", 'display = "x"'), 2, "goes on"),
        (RULE % ("count = { calls = 5 }", "block", ""), 3, "no meter 'calls'"),
        (RULE % ('trunk_in = "ours"', "block", ""), 3, "no list 'ours'"),
        (RULE % ('trunk = "T"', "block", 'mode = "live"'), 2, "whole trunk"),
        (RULE % ('signal = "indicator_trunk"', "block", 'mode = "live"'), 2, "whole trunk"),
        ("two_people = true\n" + RULE % ('signal = "unsigned"', "block", 'mode = "live"'), 3, "two people"),
        ('[modes]\n"nope" = "live"', 2, "no rule 'nope'"),
        ('[meters.m]\nper = "colour"\nseconds = 5', 2, "'colour' cannot be counted"),
        (RULE % ('signal = "unsigned"', "block", "") * 2, 2, "two rules are named"),
    ],
)
def test_refused_with_the_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_policy(text, "p.toml")
    said = str(refused.value)
    assert said.startswith(f"p.toml, line {line}: ") and says in said and "\n" not in said


def test_two_people_agree_to_a_whole_trunk() -> None:
    agreed = RULE % ('trunk = "T"', "block", 'mode = "live"\napproved_by = ["ann", "bob"]')
    assert read_policy(agreed, "p.toml").rule[0].approved_by == ("ann", "bob")
    with pytest.raises(ConfigError):
        read_policy(agreed.replace("bob", "ann"), "p.toml")


def test_only_what_rules_ask_is_counted() -> None:
    text = '[meters.one]\nper = "caller"\nseconds = 5\n'
    text += '[meters.two]\nper = "trunk"\nseconds = 9\ndistinct = "caller"\n'
    policy = read_policy(text + RULE % ("count = { two = 40 }", "label", ""), "p.toml")
    assert [(m.name, m.per, m.distinct, m.most) for m in policy.counted()] == [
        ("two", ("trunk",), "caller", 41)
    ]
