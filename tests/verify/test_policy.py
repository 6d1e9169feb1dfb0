from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringfence.errors import ConfigError
from ringfence.verify.policy import FRANCE, OBSERVE, POLICIES, SHAKEN, STRICT, Policy, read_policy

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verification.md"


def test_a_file_begins_from_a_named_policy() -> None:
    policy = read_policy('base = "strict"\nmax_age = 30\nspc_numbers = {TEST = ["44"]}\n', "mine.toml")
    assert (policy.name, policy.max_age, policy.refuse) == ("mine.toml", 30.0, ("all",))
    assert policy.spc_numbers == {"TEST": ("44",)}
    assert read_policy("", "x").types == SHAKEN.types


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_age = ", "mine.toml: not TOML"),
        ('base = "strickt"', "base: 'strickt' is none of strict, shaken"),
        ("max_agee = 3", "did you mean max_age"),
        ("max_age = -1", "max_age"),
        ('max_age = "60"', "max_age"),
        ('types = ["shaken", "divo"]', "'divo' is none of plain"),
        ('refuse = ["staleness"]', "'staleness' is no reason"),
        ('spc_covers = "some"', "spc_covers"),
    ],
)
def test_a_file_that_cannot_be_understood(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_policy(text, "mine.toml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("mine.toml: ")


def test_who_refuses_what() -> None:
    assert STRICT.refuses("stale") and STRICT.refuses("no_identity")
    assert not SHAKEN.refuses("stale") and not SHAKEN.refuses("no_identity")
    assert FRANCE.refuses("no_identity") and not OBSERVE.refuses("bad_signature")
    assert set(POLICIES) == {"strict", "shaken", "france", "observe"}
    assert "" in STRICT.looked_at and "" not in SHAKEN.looked_at


def test_the_reference_tells_each_setting_in_each_policy() -> None:
    page = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| .* \|$", page, re.M)
    names = ("strict", "shaken", "france", "observe")
    told = {row[0]: (row[1], *(cell or row[1] for cell in row[2:])) for row in rows}
    assert told == {
        field: tuple(_written(getattr(p, field)) for p in (Policy(), *(POLICIES[n] for n in names)))
        for field in Policy.__struct_fields__
    }


def test_the_policy_of_the_reference_is_one() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.DOTALL)
    policy = read_policy(text, "the page")
    assert (policy.spc_covers, policy.spc_numbers["709J"]) == ("table", ("1202555", "1303555"))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return (", ".join(value) if isinstance(value, tuple) else value and str(value)) or "none"
