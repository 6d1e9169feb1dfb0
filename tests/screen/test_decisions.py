from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Action, LiveSignal, Mode, Verdict
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.screen.decisions import decision_of


def test_a_row_of_call_and_verdict() -> None:
    attempt = Attempt(call_id="x" * 999, time=1.5, caller="+442079460001", called=None, ingress="")
    verdict = Verdict(
        action=Action.ALLOW, would=Action.BLOCK, mode=Mode.SHADOW, rule="r", policy="p",
        signals=(LiveSignal("unsigned", 0.1, "nobody signed"),), reasons=("because",),
    )  # fmt: skip
    row = decision_of(attempt, Verification(Proof.UNSIGNED), verdict, "w1-1")
    assert (row.call_id, len(row.sip_call_id or ""), row.start_time, row.called) == (
        "w1-1",
        256,
        1_500_000,
        "",
    )
    assert (row.action, row.would, row.mode, row.signals) == ("allow", "block", "shadow", ("unsigned",))
    assert row.verstat == "No-TN-Validation" and row.ingress is None
