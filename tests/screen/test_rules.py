"""Each condition of a policy, on a call that it describes and one that it does not."""

from __future__ import annotations

import msgspec
import pytest

from ringfence.model.attempt import Attempt
from ringfence.model.number import Kind, Number
from ringfence.model.register import RegisterEntry, Use
from ringfence.model.verification import Verdict, Verification
from ringfence.screen.context import Context
from ringfence.screen.policy import Policy, When
from ringfence.screen.rules import Asked, condition, spoken

POLICY = Policy(lists={"ours": ("T1", "+4420*")})
BANK = "+442079460001"
HIT = Asked(
    Attempt(
        caller=BANK, called="+447700900123", trunk="T1", account="7", carrier="C", ingress="national",
        source_ip="192.0.2.1", diverted_from="+447700900001", diversion_believed=True, roaming=True,
        caller_fault="",
    ),
    Verification(Verdict.INVALID, "stale", attestation="A", verstat="TN-Validation-Failed"),
    Context(
        caller=Number(BANK, BANK, True, Kind.GEOGRAPHIC, "GB"),
        entries=(RegisterEntry(BANK, "Example Bank", Use.INBOUND_ONLY, "bank", "x"),),
        counts={"m": 6},
    ),
    {"unsigned": 0.5, "failed_identity": 1.0},
)  # fmt: skip
MISS = Asked(
    Attempt(caller_fault="withheld"),
    Verification(Verdict.UNSIGNED),
    Context(counts={"m": 5}),
    {"unsigned": 0.2},
)


@pytest.mark.parametrize(
    "text",
    [
        '{"signal": "unsigned", "strength": 0.5}', '{"signal": ["failed_identity", "undeclared"]}',
        '{"signals": ["unsigned", "failed_identity"]}', '{"caller": "+4420"}', '{"called": ["+44", "+33"]}',
        '{"caller_in": "ours"}', '{"trunk_in": "ours"}', '{"caller_kind": "geographic"}',
        '{"caller_region": "GB"}', '{"sector": "bank"}', '{"owner": "Example Bank"}', 
        '{"ingress": "national"}',
        '{"trunk": ["T1", "T2"]}', '{"account": "7"}', '{"carrier": "C"}', '{"source": "192.0.2.1"}',
        '{"attestation": "A"}', '{"verstat": "TN-Validation-Failed"}', '{"verdict": "invalid"}',
        '{"identity_reason": "stale"}', '{"withheld": false}', '{"diverted": true}', '{"roaming": true}',
        '{"count": {"m": 5}}', '{"any": [{"trunk": "X"}, {"trunk": "T1"}]}', '{"not": {"withheld": true}}',
        '{"trunk": "T1", "signal": "unsigned"}',
    ],
)  # fmt: skip
def test_conditions(text: str) -> None:
    when = msgspec.json.decode(text, type=When)
    holds = condition(when, POLICY)
    assert holds(HIT) and not holds(MISS)
    assert spoken(when)


def test_read_aloud() -> None:
    when = msgspec.json.decode(
        b'{"signal": "unsigned", "caller": "+44", "count": {"m": 500}, "not": {"trunk_in": "ours"}}',
        type=When,
    )
    assert spoken(when) == (
        "unsigned speaks and caller begins with +44 and m counts more than 500 "
        "and not (trunk is in the list ours)"
    )
