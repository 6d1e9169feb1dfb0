"""Two policies beside each other: what was added, removed, changed, moved, or set live."""

from __future__ import annotations

from typing import Literal

import msgspec

from ringfence.screen.policy import Policy, Rule
from ringfence.screen.rules import spoken


class Change(msgspec.Struct, frozen=True):
    """One difference. what: the rule or the setting. before, after: in words, "" where there is none."""

    kind: Literal["added", "removed", "changed", "moved", "setting"]
    what: str
    before: str = ""
    after: str = ""


def compare(old: Policy, new: Policy) -> list[Change]:
    """What changes from one policy to the other; empty where they judge alike."""
    before = {rule.name: rule for rule in old.rule}
    after = {rule.name: rule for rule in new.rule}
    changes = [
        Change("removed", name, read_aloud(rule, old)) for name, rule in before.items() if name not in after
    ]
    changes += [
        Change("added", name, "", read_aloud(rule, new)) for name, rule in after.items() if name not in before
    ]
    for name, rule in after.items():
        if name in before:
            one, two = read_aloud(before[name], old), read_aloud(rule, new)
            if one != two:
                changes.append(Change("changed", name, one, two))
    both = [name for name in before if name in after]
    order = [name for name in after if name in before]
    changes += [
        Change("moved", name, f"place {both.index(name) + 1}", f"place {place}")
        for place, name in enumerate(order, 1)
        if both.index(name) + 1 != place
    ]
    for field in Policy.__struct_fields__:
        if field in ("rule", "modes", "approvals", "mode", "version", "name", "date", "source", "base"):
            continue
        one, two = (msgspec.json.encode(getattr(p, field)).decode() for p in (old, new))
        if one != two:
            changes.append(Change("setting", field, one, two))
    return changes


def read_aloud(rule: Rule, policy: Policy) -> str:
    """A rule in one sentence."""
    marks = [f"answer {rule.answer} {rule.text}".rstrip()] if rule.answer else []
    marks += [f"display {rule.display!r}"] if rule.display else []
    marks += [f"verstat {rule.verstat}"] if rule.verstat else []
    with_ = f" ({', '.join(marks)})" if marks else ""
    agreed = sorted(policy.approvers(rule))
    by = f", approved by {' and '.join(agreed)}" if agreed else ""
    return f"if {spoken(rule.when)}: {rule.action}{with_}, {policy.mode_of(rule)}{by}: {rule.reason}"
