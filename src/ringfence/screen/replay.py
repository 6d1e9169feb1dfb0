"""Past calls through a policy: what it would have done, before it does it.

Each record is judged as its call would have been when it began, with counters that fill as they would have
filled. What a record does not hold (the INVITE's other fields, the tokens themselves) cannot speak; the
verdict
on its signature is the one that was recorded.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.model.attempt import Attempt
from ringfence.model.verdict import Action, Mode, Verdict
from ringfence.model.verification import Verdict as Proof
from ringfence.model.verification import Verification
from ringfence.screen.screen import Screen

#: Columns of the call record that a replay reads.
COLUMNS = (
    "call_id", "sip_call_id", "start_time", "caller", "network_number", "called", "diverted_from", "trunk",
    "account", "carrier", "ingress", "roaming", "attestation", "verstat", "signer", "user_agent",
    "fingerprint", "fingerprint_parts", "source_ip",
)  # fmt: skip

#: Sample calls that are kept of each rule.
SAMPLES = 5


class RuleReplay(msgspec.Struct):
    """What one rule would have done. calls: those that it decides, were all rules live; live: of them those
    that it stops or marks as it stands. callers, trunks: the ten that it hits most. kinds: by look-alike,
    where labels were given."""

    rule: str
    action: str
    mode: str
    calls: int = 0
    live: int = 0
    trunks: dict[str, int] = {}
    callers: dict[str, int] = {}
    kinds: dict[str, int] = {}
    samples: list[str] = []


class Replay(msgspec.Struct):
    """The answer of a replay. would, action: calls by what the policy says, and by what it would do as it
    stands. differs: by what this policy and the other say of a call, where they differ."""

    policy: str
    calls: int = 0
    first: str = ""
    last: str = ""
    would: dict[str, int] = {}
    action: dict[str, int] = {}
    modes: dict[str, int] = {}
    rules: list[RuleReplay] = []
    trunks: dict[str, dict[str, int]] = {}
    kinds: dict[str, dict[str, int]] = {}
    signals: dict[str, int] = {}
    against: str = ""
    differs: list[Difference] = []


class Difference(msgspec.Struct):
    """Calls of which two policies say different things, with samples."""

    ours: str
    theirs: str
    rule: str
    calls: int = 0
    samples: list[str] = []


class _Tally:
    """What one rule hit, while it is being counted."""

    __slots__ = ("callers", "calls", "kinds", "live", "samples", "trunks")

    def __init__(self) -> None:
        self.calls = self.live = 0
        self.trunks: Counter[str] = Counter()
        self.callers: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.samples: list[str] = []


def attempts(batch: pa.RecordBatch | pa.Table) -> Iterable[tuple[str, Attempt, Verification, str | None]]:
    """The calls of a batch with the columns COLUMNS, and `kind` where it has one: record's call_id, attempt,
    recorded verification, label."""
    names = batch.schema.names
    columns: list[list[Any]] = []
    for name in COLUMNS:
        column = batch.column(name)
        if name == "start_time":
            column = pc.cast(pc.cast(column, pa.timestamp("us", "UTC")), pa.int64())
        columns.append(column.to_pylist())
    kinds = batch.column("kind").to_pylist() if "kind" in names else [None] * batch.num_rows
    for row, kind in zip(zip(*columns, strict=True), kinds, strict=True):
        (call_id, sip, start, caller, network, called, diverted, trunk, account, carrier, ingress, roaming,
         attestation, verstat, signer, agent, shape, parts, source) = row  # fmt: skip
        attempt = Attempt(
            call_id=sip or call_id,
            time=start / 1e6,
            caller=caller,
            caller_fault="" if caller is not None else "withheld",
            network_number=network,
            called=called,
            diverted_from=diverted,
            trunk=trunk,
            account=account,
            carrier=carrier,
            ingress=ingress or "",
            roaming=roaming,
            source_ip=source,
            user_agent=agent,
            fingerprint=shape,
            fingerprint_parts=tuple(parts) if parts else (),
        )
        yield call_id, attempt, _recorded(verstat, attestation, signer), kind


_KNOWN: dict[tuple[str | None, str | None, str | None], Verification] = {}


def _recorded(verstat: str | None, attestation: str | None, signer: str | None) -> Verification:
    """What was found of a signature when the call was recorded. A claimed attestation proves nothing."""
    key = (verstat, attestation, signer)
    found = _KNOWN.get(key)
    if found is None:
        if verstat == "TN-Validation-Passed":
            found = Verification(Proof.VALID, attestation=attestation, signer=signer or "", verstat=verstat)
        elif verstat == "TN-Validation-Failed":
            found = Verification(Proof.INVALID, "recorded_as_failed", signer=signer or "", verstat=verstat)
        else:
            found = Verification(Proof.UNSIGNED, "no_identity")
        if len(_KNOWN) < 10_000:
            _KNOWN[key] = found
    return found


def replay(
    batches: Iterable[pa.RecordBatch],
    screen: Screen,
    other: Screen | None = None,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Judge every call of the batches, which come in the order of time.

    other: the same calls beside another policy. progress: called with the calls judged so far."""
    result = Replay(screen.knowledge.policy.version)
    if other is not None:
        result.against = other.knowledge.policy.version
    would: Counter[str] = Counter()
    action: Counter[str] = Counter()
    modes: Counter[str] = Counter()
    signals: Counter[str] = Counter()
    by_trunk: dict[str, Counter[str]] = {}
    by_kind: dict[str, Counter[str]] = {}
    rules: dict[str, _Tally] = {}
    differs: dict[tuple[str, str, str], Difference] = {}
    first = last = None
    for batch in batches:
        for call_id, attempt, verification, kind in attempts(batch):
            verdict = screen.screen(attempt, verification, attempt.time)
            first = attempt.time if first is None else first
            last = attempt.time
            result.calls += 1
            would[verdict.would] += 1
            action[verdict.action] += 1
            for signal in verdict.signals:
                signals[signal.name] += 1
            if verdict.rule:
                modes[verdict.mode] += 1
                _note(rules.setdefault(verdict.rule, _Tally()), verdict, call_id, attempt, kind)
            if verdict.would is not Action.ALLOW:
                by_trunk.setdefault(attempt.trunk or "", Counter())[verdict.would] += 1
            if kind is not None:
                by_kind.setdefault(kind, Counter())[verdict.would] += 1
            if other is not None:
                theirs = other.screen(attempt, verification, attempt.time)
                if theirs.would is not verdict.would:
                    key = (verdict.would.value, theirs.would.value, verdict.rule or theirs.rule)
                    found = differs.setdefault(key, Difference(*key))
                    found.calls += 1
                    if len(found.samples) < SAMPLES:
                        found.samples.append(call_id)
        if progress is not None:
            progress(result.calls)
    result.would, result.action, result.modes = dict(would), dict(action), dict(modes)
    result.signals = dict(signals.most_common())
    result.first, result.last = _moment(first), _moment(last)
    result.trunks = {t: dict(c) for t, c in sorted(by_trunk.items(), key=lambda i: (-i[1].total(), i[0]))}
    result.kinds = {k: dict(c) for k, c in sorted(by_kind.items())}
    result.rules = _rules(screen, rules)
    result.differs = sorted(differs.values(), key=lambda d: (-d.calls, d.ours, d.theirs, d.rule))
    return result


def _note(tally: _Tally, verdict: Verdict, call_id: str, attempt: Attempt, kind: str | None) -> None:
    tally.calls += 1
    tally.live += verdict.mode is Mode.LIVE
    tally.trunks[attempt.trunk or ""] += 1
    if len(tally.callers) < 100_000 or attempt.caller in tally.callers:
        tally.callers[attempt.caller or "withheld"] += 1
    if kind is not None:
        tally.kinds[kind] += 1
    if len(tally.samples) < SAMPLES:
        tally.samples.append(call_id)


def _rules(screen: Screen, tallies: dict[str, _Tally]) -> list[RuleReplay]:
    """Every rule in its order, also one that hit nothing; then the exemptions."""
    policy = screen.knowledge.policy
    rows = []
    for rule in policy.rule:
        tally = tallies.pop(rule.name, None) or _Tally()
        rows.append(_row(rule.name, rule.action.value, policy.mode_of(rule).value, tally))
    rows += [_row(name, Action.LABEL.value, Mode.LIVE.value, t) for name, t in sorted(tallies.items())]
    return rows


def _row(name: str, action: str, mode: str, tally: _Tally) -> RuleReplay:
    return RuleReplay(
        name,
        action,
        mode,
        tally.calls,
        tally.live,
        dict(tally.trunks.most_common(10)),
        dict(tally.callers.most_common(10)),
        dict(tally.kinds.most_common()),
        tally.samples,
    )


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
