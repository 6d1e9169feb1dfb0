from ringfence.model.verdict import Action, Mode, Verdict


def test_the_words_are_those_of_the_contract() -> None:
    assert [a.value for a in Action] == ["allow", "label", "withhold", "divert", "block"]
    assert [m.value for m in Mode] == ["live", "shadow"]


def test_without_a_rule_the_call_goes_on() -> None:
    assert Verdict().action is Action.ALLOW
    assert Verdict().sip_status is None
