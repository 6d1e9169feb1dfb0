from __future__ import annotations

from ringfence.screen.comparison import compare, read_aloud
from ringfence.screen.policy import pack, read_policy

RULE = '[[rule]]\nname = "%s"\nwhen = { signal = "%s" }\naction = "label"\nreason = "because"\n'


def kinds(old: str, new: str) -> list[tuple[str, str]]:
    return [(c.kind, c.what) for c in compare(read_policy(old, "a"), read_policy(new, "b"))]


def test_what_changes() -> None:
    a, b = RULE % ("a", "unsigned"), RULE % ("b", "unsigned")
    assert kinds(a + b, a + b) == []
    assert kinds(a, b) == [("removed", "a"), ("added", "b")]
    assert kinds(a + b, b + a) == [("moved", "b"), ("moved", "a")]
    assert kinds(a, RULE % ("a", "undeclared")) == [("changed", "a")]
    assert kinds(a, a.replace("label", "label") + '[modes]\na = "live"') == [("changed", "a")]
    assert kinds(a, 'country = "FR"\n[exempt]\ntrunks = ["T"]\n' + a) == [
        ("setting", "country"),
        ("setting", "exempt"),
    ]


def test_read_aloud() -> None:
    policy = pack("gb")
    assert read_aloud(policy.rule[0], policy) == (
        "if protected_identity speaks at 1 or more: block (answer 603), shadow: "
        "its owner never calls from the number that it shows"
    )
