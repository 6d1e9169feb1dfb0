"""What the screen's page shows: verdicts by rule and by trunk, what shadow rules would do, indicators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ringfence.console.display import mask, mask_text
from ringfence.console.shell import render
from ringfence.model.indicator import Indicator

#: Rows of a table; what follows is counted.
MOST = 50

Verdicts = Iterable[tuple[str, str, str, str, int]]
TrunkVerdicts = Iterable[tuple[str, str, str, int]]


class RuleRow(msgspec.Struct):
    """One rule of the policy, or the calls that none held for (name ""). would: what it says to do."""

    name: str
    reason: str
    mode: str
    would: str
    calls: int = 0
    enforced: int = 0


class TrunkRow(msgspec.Struct):
    """Calls over one trunk; stopped: blocked, diverted or withheld; would: the same, were all rules live."""

    name: str
    calls: int = 0
    stopped: int = 0
    would: int = 0


class IndicatorRow(msgspec.Struct, frozen=True):
    """One indicator in force. value, reason: numbers are masked."""

    kind: str
    value: str
    company: str
    platform: str
    reason: str
    score: float
    until: str


class ScreenView(msgspec.Struct, frozen=True):
    """The page's figures. state: lines about the process, each with whether it needs somebody."""

    policy: str
    calls: int
    stopped: int
    would: int
    labelled: int
    unjudged: int
    rules: list[RuleRow]
    trunks: list[TrunkRow]
    more_trunks: int
    indicators: list[IndicatorRow]
    indicator_count: int
    state: list[tuple[str, str, bool]]


def screen_view(
    policy: str,
    reasons: Mapping[str, str],
    verdicts: Verdicts,
    trunks: TrunkVerdicts,
    indicators: Sequence[Indicator],
    happened: Mapping[str, int],
    state: list[tuple[str, str, bool]],
) -> ScreenView:
    """verdicts: action, would, rule, mode, calls. trunks: trunk, action, would, calls. reasons: by rule.
    happened: what was answered without a verdict, by word."""
    stops = ("block", "divert", "withhold")
    rules: dict[tuple[str, str, str], RuleRow] = {}
    calls = stopped = would_stop = labelled = 0
    for action, would, rule, mode, count in verdicts:
        row = rules.setdefault((rule, mode, would), RuleRow(rule, reasons.get(rule, ""), mode, would))
        row.calls += count
        row.enforced += count * (action == would and action != "allow")
        calls += count
        stopped += count * (action in stops)
        would_stop += count * (would in stops)
        labelled += count * (action == "label")
    by_trunk: dict[str, TrunkRow] = {}
    for trunk, action, would, count in trunks:
        of = by_trunk.setdefault(trunk, TrunkRow(trunk))
        of.calls += count
        of.stopped += count * (action in stops)
        of.would += count * (would in stops)
    listed = sorted(by_trunk.values(), key=lambda t: (-t.would, -t.calls, t.name))
    unjudged = sum(n for word, n in happened.items() if word in ("unreadable", "strangers"))
    return ScreenView(
        policy,
        calls,
        stopped,
        would_stop,
        labelled,
        unjudged,
        sorted(rules.values(), key=lambda r: (not r.name, -r.calls, r.name)),
        listed[:MOST],
        max(0, len(listed) - MOST),
        [_indicator(one) for one in indicators[:MOST]],
        len(indicators),
        state,
    )


def _indicator(one: Indicator) -> IndicatorRow:
    company = ", ".join(f"{kind} {value}" for kind, value in (one.with_ or {}).items())
    value = mask(one.value) if one.kind == "number" else one.value
    return IndicatorRow(
        one.kind,
        value,
        company,
        one.platform,
        mask_text(one.reason),
        one.score,
        _day(one.expires) or "for good",
    )


def _day(text: str) -> str:
    try:
        return dt.datetime.fromisoformat(text).strftime("%-d %b %Y")
    except ValueError:
        return text[:16]


def page(view: ScreenView) -> str:
    """The whole page."""
    return render("screen.html", show_numbers=False, view=view, title="Screen")


def figures(view: ScreenView) -> str:
    """What of the page changes as calls come, without the live feed."""
    return render("parts/screen_figures.html", show_numbers=False, view=view)
