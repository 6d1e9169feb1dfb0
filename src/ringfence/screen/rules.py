"""Conditions of a policy as functions, made once, so that a call costs only what its rules look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Mode
from ringfence.model.verification import Verification
from ringfence.screen.context import Context, diverted
from ringfence.screen.policy import Policy, Rule, Texts, When, texts


class Asked:
    """One call, as conditions see it. strengths: by signal, of those that spoke."""

    __slots__ = ("attempt", "context", "strengths", "verification")

    def __init__(
        self,
        attempt: Attempt,
        verification: Verification,
        context: Context,
        strengths: Mapping[str, float],
    ) -> None:
        self.attempt = attempt
        self.verification = verification
        self.context = context
        self.strengths = strengths


Test = Callable[[Asked], bool]


class CompiledRule:
    """A rule with its condition as a function, in the mode in which it stands."""

    __slots__ = ("mode", "rule", "test")

    def __init__(self, rule: Rule, mode: Mode, test: Test) -> None:
        self.rule = rule
        self.mode = mode
        self.test = test


def compile_rules(policy: Policy) -> tuple[CompiledRule, ...]:
    """The rules of a policy in their order."""
    return tuple(
        CompiledRule(rule, policy.mode_of(rule), condition(rule.when, policy)) for rule in policy.rule
    )


def condition(when: When, policy: Policy) -> Test:
    """Whether a call is one that `when` describes."""
    tests = _tests(when, policy)
    if len(tests) == 1:
        return tests[0]
    return lambda asked: all(test(asked) for test in tests)


def _tests(when: When, policy: Policy) -> list[Test]:
    tests: list[Test] = []
    if when.signal:
        tests.append(_speaks(texts(when.signal), when.strength))
    if when.signals:
        tests.append(_all_speak(frozenset(when.signals)))
    for field, of in _VALUES.items():
        if value := getattr(when, field):
            tests.append(_among(of, frozenset(texts(value))))
    for field, number in _NUMBERS.items():
        if value := getattr(when, field):
            tests.append(_begins(number, texts(value)))
    for field, of in _LISTED.items():
        if name := getattr(when, field):
            tests.append(_listed(of, policy.lists[name]))
    for field, flag in _FLAGS.items():
        if (wanted_flag := getattr(when, field)) is not None:
            tests.append(_is(flag, wanted_flag))
    for meter, more_than in when.count.items():
        tests.append(_counts(meter, more_than))
    if when.any:
        tests.append(_any([condition(part, policy) for part in when.any]))
    if when.not_ is not None:
        tests.append(_not(condition(when.not_, policy)))
    return tests


Value = Callable[[Asked], str | None]

_VALUES: dict[str, Value] = {
    "caller_kind": lambda asked: asked.context.caller.kind.value if asked.context.caller else None,
    "caller_region": lambda asked: asked.context.caller.region if asked.context.caller else None,
    "sector": lambda asked: asked.context.entries[0].sector if asked.context.entries else None,
    "owner": lambda asked: asked.context.owner or None,
    "ingress": lambda asked: asked.attempt.ingress or None,
    "trunk": lambda asked: asked.attempt.trunk,
    "account": lambda asked: asked.attempt.account,
    "carrier": lambda asked: asked.attempt.carrier,
    "source": lambda asked: asked.attempt.source_ip,
    "attestation": lambda asked: asked.verification.attestation,
    "verstat": lambda asked: asked.verification.verstat,
    "verdict": lambda asked: asked.verification.verdict.value,
    "identity_reason": lambda asked: asked.verification.reason,
}
_NUMBERS: dict[str, Value] = {
    "caller": lambda asked: asked.attempt.caller,
    "called": lambda asked: asked.attempt.called,
}
_LISTED: dict[str, Value] = {
    "caller_in": lambda asked: asked.attempt.caller,
    "called_in": lambda asked: asked.attempt.called,
    "trunk_in": lambda asked: asked.attempt.trunk,
    "carrier_in": lambda asked: asked.attempt.carrier,
}
_FLAGS: dict[str, Callable[[Asked], bool]] = {
    "withheld": lambda asked: asked.attempt.caller_fault == "withheld",
    "diverted": lambda asked: diverted(asked.attempt, asked.verification),
    "roaming": lambda asked: asked.attempt.roaming is True,
}


def _speaks(names: tuple[str, ...], least: float) -> Test:
    if len(names) == 1:
        name = names[0]
        return lambda asked: name in asked.strengths and asked.strengths[name] >= least
    return lambda asked: any(n in asked.strengths and asked.strengths[n] >= least for n in names)


def _all_speak(names: frozenset[str]) -> Test:
    return lambda asked: asked.strengths.keys() >= names


def _any(parts: list[Test]) -> Test:
    return lambda asked: any(part(asked) for part in parts)


def _not(part: Test) -> Test:
    return lambda asked: not part(asked)


def _among(of: Value, values: frozenset[str]) -> Test:
    return lambda asked: of(asked) in values


def _begins(of: Value, prefixes: tuple[str, ...]) -> Test:
    def test(asked: Asked) -> bool:
        number = of(asked)
        return number is not None and number.startswith(prefixes)

    return test


def _listed(of: Value, entries: tuple[str, ...]) -> Test:
    """In a list: equal to an entry, or, for one that ends in *, beginning like it."""
    exact = frozenset(e for e in entries if not e.endswith("*"))
    prefixes = tuple(e[:-1] for e in entries if e.endswith("*"))

    def test(asked: Asked) -> bool:
        value = of(asked)
        return value is not None and (value in exact or value.startswith(prefixes))

    return test


def _is(flag: Callable[[Asked], bool], wanted: bool) -> Test:
    return lambda asked: flag(asked) is wanted


def _counts(meter: str, more_than: int) -> Test:
    return lambda asked: asked.context.counts.get(meter, 0) > more_than


def spoken(when: When) -> str:
    """A condition in words, as an engineer would read it aloud."""
    parts: list[str] = []
    if when.signal:
        strong = f" at {when.strength:g} or more" if when.strength else ""
        parts.append(f"{_or(when.signal)} speaks{strong}")
    if when.signals:
        parts.append(f"all of {', '.join(when.signals)} speak")
    for field in (*_VALUES, *_NUMBERS):
        if value := getattr(when, field):
            verb = "begins with" if field in _NUMBERS else "is"
            parts.append(f"{field.replace('_', ' ')} {verb} {_or(value)}")
    parts += [
        f"{field.removesuffix('_in')} is in the list {name}"
        for field in _LISTED
        if (name := getattr(when, field))
    ]
    parts += [
        f"it is {'' if flag else 'not '}{field}"
        for field in _FLAGS
        if (flag := getattr(when, field)) is not None
    ]
    for meter, more_than in when.count.items():
        parts.append(f"{meter} counts more than {more_than:,}")
    if when.any:
        parts.append("(" + " or ".join(spoken(part) for part in when.any) + ")")
    if when.not_ is not None:
        parts.append(f"not ({spoken(when.not_)})")
    return " and ".join(parts)


def _or(value: Texts) -> str:
    return " or ".join(texts(value))
