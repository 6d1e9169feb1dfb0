"""Records through policies: counted by rule, trunk and label, beside another policy."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from ringfence.model.record import CALL_RECORD
from ringfence.numbers.register import parse_register
from ringfence.screen.policy import read_policy
from ringfence.screen.replay import COLUMNS, Replay, attempts, replay
from ringfence.screen.screen import Knowledge, Screen

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BANK = "+442079460001"
REGISTER = parse_register(f"number,owner,use\n{BANK},Bank,inbound_only\n", "GB")


def batch(*calls: dict[str, Any]) -> pa.RecordBatch:
    rows = [
        {"call_id": f"c{i}", "start_time": START + dt.timedelta(seconds=i), "called": "+447700900123"} | call
        for i, call in enumerate(calls)
    ]
    schema = pa.schema([*(CALL_RECORD.field(name) for name in COLUMNS), pa.field("kind", pa.string())])
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def screen(text: str = 'base = "gb"') -> Screen:
    return Screen(Knowledge(read_policy(text, "p.toml"), register=REGISTER))


CALLS = batch(
    {"caller": BANK, "trunk": "T1", "kind": "fraud"},
    {"caller": "+447700900001", "trunk": "T1", "kind": "person"},
    {"caller": BANK, "trunk": "T2", "kind": "fraud"},
    {"caller": "+442079460009", "trunk": "T3", "ingress": "international", "kind": "cloud"},
    {"trunk": "T3"},
)


def run(*texts: str) -> Replay:
    return replay([CALLS], screen(*texts[:1]), screen(texts[1]) if len(texts) > 1 else None)


def test_counted_by_rule_trunk_and_label() -> None:
    found = run()
    assert (found.calls, found.first, found.last) == (
        5,
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T12:00:04+00:00",
    )
    assert found.would == {"block": 3, "allow": 2} and found.action == {"allow": 5}
    rule = next(r for r in found.rules if r.rule == "do not originate")
    assert (rule.calls, rule.live, rule.mode, rule.samples) == (2, 0, "shadow", ["c0", "c2"])
    assert rule.trunks == {"T1": 1, "T2": 1} and rule.callers == {BANK: 2} and rule.kinds == {"fraud": 2}
    assert found.trunks == {"T1": {"block": 1}, "T2": {"block": 1}, "T3": {"block": 1}}
    assert found.kinds == {"cloud": {"block": 1}, "fraud": {"block": 2}, "person": {"allow": 1}}
    assert [r.rule for r in found.rules][:2] == ["do not originate", "the owner did not make this call"]


def test_as_it_stands_and_with_exemptions() -> None:
    found = run('base = "gb"\n[modes]\n"do not originate" = "live"\n[exempt]\ntrunks = ["T2"]')
    assert found.action == {"block": 1, "label": 1, "allow": 3} and found.modes == {"live": 2, "shadow": 1}
    assert found.rules[-1].rule == "exempt: listed trunk"


def test_beside_another_policy() -> None:
    other = '[[rule]]\nname = "f"\nwhen = { ingress = "international" }\naction = "withhold"\nreason = "x"'
    found = run('base = "gb"', other)
    assert [(d.ours, d.theirs, d.calls, d.samples) for d in found.differs] == [
        ("block", "allow", 2, ["c0", "c2"]),
        ("block", "withhold", 1, ["c3"]),
    ]
    assert run('base = "gb"', 'base = "gb"').differs == []


def test_what_was_recorded_of_signatures() -> None:
    rows = batch(
        {"verstat": "TN-Validation-Passed", "attestation": "A"},
        {"verstat": "TN-Validation-Failed"},
        {"attestation": "A"},
    )
    found = [verification for _, _, verification, _ in attempts(rows)]
    assert [v.verdict.value for v in found] == ["valid", "invalid", "unsigned"]
    assert [v.attestation for v in found] == ["A", None, None]


def test_the_record_as_an_attempt() -> None:
    row = {"sip_call_id": "x@h", "fingerprint_parts": ["a:1"], "roaming": True, "caller": None}
    call_id, attempt, _, kind = next(iter(attempts(batch(row))))
    assert (call_id, attempt.call_id, attempt.caller, attempt.caller_fault, kind) == (
        "c0",
        "x@h",
        None,
        "withheld",
        None,
    )
    assert attempt.time == START.timestamp() and attempt.fingerprint_parts == ("a:1",)


def test_no_calls() -> None:
    assert replay([], screen()).calls == 0
