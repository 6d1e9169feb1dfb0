from ringfence.model.decision import DECISION
from ringfence.model.record import CALL_RECORD


def test_a_decision_is_a_call_record_and_a_verdict() -> None:
    assert DECISION.names[: len(CALL_RECORD)] == CALL_RECORD.names
    assert {"action", "would", "rule", "mode", "policy", "signals"} <= set(DECISION.names)
