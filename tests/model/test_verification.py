from __future__ import annotations

from ringfence.model.verification import Step, Verdict, Verification


def test_words_are_the_contracts() -> None:
    assert [v.value for v in Verdict] == ["valid", "invalid", "unsigned"]
    assert [s.value for s in Step][:3] == ["header", "token", "claims"]


def test_a_call_without_headers_is_passed_on_as_not_validated() -> None:
    assert Verification(Verdict.UNSIGNED).verstat == "No-TN-Validation"
