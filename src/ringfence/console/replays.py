"""A replay, for people: what the policy would have done, rule by rule, and whom it would have hit."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ringfence.console.display import clean, mask
from ringfence.screen.replay import Replay, RuleReplay

_COLOURS = {"block": "red", "withhold": "yellow", "divert": "yellow", "label": "cyan", "allow": "green"}
#: Trunks and look-alikes that are shown.
_MOST = 12


def print_replay(replay: Replay, console: Console | None = None, *, show_numbers: bool = False) -> None:
    """Write a replay to the terminal. show_numbers: callers in full."""
    screen = console or Console(highlight=False)
    if not replay.calls:
        screen.print(f"No calls were replayed through {replay.policy}.")
        return
    screen.print(f"[bold]{replay.calls:,} calls[/bold], {replay.first} to {replay.last}")
    screen.print(f"Policy: {clean(replay.policy)}")
    screen.print("Were all its rules live, it would")
    for action in ("block", "withhold", "divert", "label", "allow"):
        if count := replay.would.get(action, 0):
            now = replay.action.get(action, 0)
            screen.print(f"  [{_COLOURS[action]}]{action:9}[/] {count:>11,} {_share(count, replay.calls)}"
                         f"  as it stands {now:,}")  # fmt: skip
    screen.print()
    screen.print(_rules(replay.rules, show_numbers, screen.width >= 120))
    _counts(screen, "By trunk, most first", "trunk", replay.trunks)
    _counts(screen, "By kind of traffic (labels)", "kind", replay.kinds)
    if replay.against:
        _differences(screen, replay)


def _share(count: int, whole: int) -> str:
    return f"{count / whole:8.3%}"


def _rules(rules: list[RuleReplay], show_numbers: bool, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, title="By rule, in their order", title_justify="left")
    for name, justify in (("rule", "left"), ("action", "left"), ("mode", "left"), ("calls", "right")):
        table.add_column(name, justify=justify, no_wrap=name != "rule")  # type: ignore[arg-type]
    table.add_column("a sample call", no_wrap=True)
    if wide:
        table.add_column("callers hit most")
    for rule in rules:
        callers = ", ".join(
            f"{number if show_numbers else mask(number)} ({count:,})"
            for number, count in list(rule.callers.items())[:3]
        )
        table.add_row(
            clean(rule.rule),
            Text(rule.action, _COLOURS.get(rule.action, "")),
            rule.mode,
            f"{rule.calls:,}" if rule.calls else Text("0", "dim"),
            Text(clean(rule.samples[0]) if rule.samples else "", "dim"),
            *((Text(clean(callers), "dim"),) if wide else ()),
        )
    return table


def _counts(screen: Console, title: str, name: str, counts: dict[str, dict[str, int]]) -> None:
    if not counts:
        return
    actions = [action for action in _COLOURS if any(action in by_action for by_action in counts.values())]
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column(name)
    for action in actions:
        table.add_column(action, justify="right", style=_COLOURS[action])
    for key, by_action in list(counts.items())[:_MOST]:
        table.add_row(clean(key) or "(none)", *(f"{by_action.get(action, 0):,}" for action in actions))
    screen.print()
    screen.print(table)
    if len(counts) > _MOST:
        screen.print(f"[dim]and {len(counts) - _MOST:,} more: --json has all[/dim]")


def _differences(screen: Console, replay: Replay) -> None:
    screen.print()
    if not replay.differs:
        screen.print(f"{clean(replay.against)} says the same of every call.")
        return
    table = Table(box=None, pad_edge=False, title=f"Beside {clean(replay.against)}", title_justify="left")
    for name in ("this policy", "the other", "rule", "calls", "a sample call"):
        table.add_column(name, justify="right" if name == "calls" else "left")
    for found in replay.differs:
        table.add_row(
            Text(found.ours, _COLOURS[found.ours]),
            Text(found.theirs, _COLOURS[found.theirs]),
            clean(found.rule),
            f"{found.calls:,}",
            clean(found.samples[0]),
        )
    screen.print(table)
