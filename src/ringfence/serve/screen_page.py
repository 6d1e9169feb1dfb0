"""The screen's page: what the counts of all its processes say, and what this one judges by."""

from __future__ import annotations

import datetime as dt

from ringfence.console.display import plural
from ringfence.console.screen_view import ScreenView, screen_view
from ringfence.screen.indicators import Indicators
from ringfence.serve.screen_metrics import Snapshot
from ringfence.serve.screening import Screening


def view_of(screening: Screening, counts: Snapshot, now: float) -> ScreenView:
    """counts: of all processes. now: seconds since 1970."""
    known = screening.screen.knowledge
    indicators = known.indicators.in_force(now) if isinstance(known.indicators, Indicators) else []
    return screen_view(
        known.policy.version,
        {rule.name: rule.reason for rule in known.policy.rule},
        counts.verdicts,
        counts.trunks,
        indicators,
        counts.happened,
        _state(screening, counts, now),
    )


def _state(screening: Screening, counts: Snapshot, now: float) -> list[tuple[str, str, bool]]:
    """Name, value, and whether somebody should look."""
    lines = []
    lost = counts.happened.get("log_failures", 0)
    if screening.log is None:
        lines.append(("Decision log", "none is kept", True))
    else:
        lines.append(("Decision log", f"{lost:,} decisions not written" if lost else "written", bool(lost)))
    if screening.shared is None:
        lines.append(("Counters", "each process counts for itself", False))
    elif counts.counters_away:
        lines.append(
            ("Counters", f"Redis is away for {plural(counts.counters_away, 'process', 'processes')}", True)
        )
    else:
        lines.append(("Counters", "shared in Redis", False))
    verifier = screening.verifier
    lines.append(("Signatures", "verified" if verifier is not None else "not looked at: no roots", False))
    register = screening.screen.knowledge.register
    entries = plural(len(register), "entry", "entries") if register is not None else "none"
    lines.append(("Register", entries, False))
    late = counts.sip.get("late", 0) + counts.sip.get("slow", 0)
    lines.append(("Answered by rule, too late", f"{late:,}", bool(late)))
    median = _median_ms(counts)
    if median:
        lines.append(("Half of all calls judged within", median, False))
    lines.append(("As of", dt.datetime.fromtimestamp(now, dt.UTC).strftime("%H:%M:%S UTC"), False))
    return lines


def _median_ms(counts: Snapshot) -> str:
    """The upper bound of the histogram's bucket that holds the middle call."""
    from ringfence.serve.screening import BOUNDS

    total, below = sum(counts.seconds), 0
    for bound, count in zip(BOUNDS, counts.seconds, strict=False):
        below += count
        if total and below * 2 >= total:
            return f"{bound * 1000:g} ms"
    return f"more than {BOUNDS[-1]:g} s" if total else ""
