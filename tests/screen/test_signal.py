"""Every live signal on its own examples, and what is asked of all of them."""

from __future__ import annotations

import pytest

from ringfence.model.verification import Verdict, Verification
from ringfence.screen.signal import NOW, Example, Look, all_signals, known_names

SIGNALS = all_signals()
PROVED = Verification(Verdict.VALID, attestation="A", verstat="TN-Validation-Passed")
CASES = [
    pytest.param(look, example, id=f"{names[0]}: {example.name}")
    for names, look, examples in SIGNALS
    for example in examples
]


@pytest.mark.parametrize(("look", "example"), CASES)
def test_examples(look: Look, example: Example) -> None:
    found = look(example.attempt, example.verification or PROVED, example.context, NOW)
    assert tuple(signal.name for signal in found) == example.fires
    for signal in found:
        assert 0 < signal.strength <= 1
        assert signal.reason and signal.reason[-1] not in ".:"


@pytest.mark.parametrize(("names", "look", "examples"), SIGNALS, ids=[names[0] for names, _, _ in SIGNALS])
def test_each_has_calls_that_must_and_that_must_not_fire(
    names: tuple[str, ...], look: Look, examples: tuple[Example, ...]
) -> None:
    fired = {name for example in examples for name in example.fires}
    assert fired <= set(names)
    assert any(not example.fires for example in examples)
    document = look.__globals__["__doc__"]
    for heading in ("Signal: ", "Innocent look-alike: ", "Reference: ", "Cost: "):
        assert f"\n{heading}" in document


def test_no_name_is_used_twice() -> None:
    assert len(known_names()) == sum(len(names) for names, _, _ in SIGNALS)
