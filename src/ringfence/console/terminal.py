"""A finished hunt on a terminal: what was found, the platforms, the victims, and where to look next."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ringfence.console import display, words
from ringfence.console.overview import ranked_platforms
from ringfence.model.findings import TIERS
from ringfence.store.run import Row, Run, Summary

_TIER_STYLE = {"likely": "bold red", "possible": "yellow", "contacted": "dim"}
_COLOURS = ("bright_blue", "bright_red", "cyan", "magenta", "yellow", "bright_magenta", "green", "white")
_MOST_PLATFORMS = 20
_MOST_SOURCES = 5


def print_findings(run: Run, console: Console) -> None:
    """Print a run. It shows no called person's number, so that a terminal can be shared.

    Strings of the records are printed as text, never as markup, and without control characters.
    """
    summary = run.summary
    platforms = ranked_platforms(run)
    console.print(_headline(summary, platforms))
    if platforms:
        console.print(_platform_table(platforms[:_MOST_PLATFORMS], run))
        console.print(_reasons(platforms[:_MOST_PLATFORMS]))
        if len(platforms) > _MOST_PLATFORMS:
            console.print(f"  and {len(platforms) - _MOST_PLATFORMS} more, in platforms.parquet", style="dim")
        console.print(_victims(summary))
        console.print(_sources(run))
    console.print(_aside(run))


def result(run: Run) -> dict[str, Any]:
    """The same as one JSON object, for `--json`: counts, period and the platforms, most certain first."""
    summary = run.summary
    counts = summary.counts
    fields = (
        "platform",
        "score",
        "calls",
        "called_numbers",
        "campaigns",
        "trunks",
        "carriers",
        "known_as",
        "reason",
    )
    return {
        "run": str(run.path),
        "platforms": [{name: row[name] for name in fields} for row in ranked_platforms(run)],
        "campaigns": counts.campaigns,
        "flagged_calls": counts.flagged_calls,
        "victims": {tier: getattr(counts.victims, tier) for tier in TIERS},
        "rows": {
            "read": summary.rows.read,
            "accepted": summary.rows.accepted,
            "rejected": summary.rows.rejected,
        },
        "unreadable": [{"file": bad.file, "error": bad.error} for bad in summary.unreadable],
        "period": {"first": summary.period.first, "last": summary.period.last},
        "stood_aside": [signal.name for signal in summary.signals if signal.status == "stood_aside"],
    }


def _headline(summary: Summary, platforms: list[Row]) -> Panel:
    head = words.headline(summary, platforms)
    style = "red" if platforms else "green"
    lines = [Text(head.title, style=f"bold {style}"), *(Text(sentence) for sentence in head.sentences)]
    if summary.simulated:
        lines.append(Text("Simulated data: no call here is real.", style="yellow"))
    return Panel(Group(*lines), box=box.ROUNDED, border_style=style, padding=(0, 1))


def _platform_table(platforms: list[Row], run: Run) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("Platform", no_wrap=True)
    for label in ("Score", "Calls", "Called", "Likely victims"):
        table.add_column(label, justify="right")
    table.add_column("Active", no_wrap=True)
    table.add_column("Trunks", overflow="fold")
    for rank, row in enumerate(platforms):
        score = Text(display.score(row["score"]), style="bold")
        table.add_row(
            _name(row, rank),
            score.append(f"\n{words.likelihood(row['score'])}", style="not bold dim"),
            display.count(row["calls"]),
            display.count(row["called_numbers"]),
            Text(display.count(run.tiers(platform=row["platform"]).get("likely", 0)), style="bold red"),
            display.period(row["first_seen"], row["last_seen"]),
            Text(_few(row["trunks"])),
        )
    return table


def _reasons(platforms: list[Row]) -> Table:
    """Name and reason beside each other; a known platform says as what it is known."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for rank, row in enumerate(platforms):
        reason = Text(display.sentence(_line(row["reason"] or "", 900)))
        if row["known_as"]:
            reason.append(f" Known before as {_line(row['known_as'], 40)}.", style="yellow")
        grid.add_row(_name(row, rank), reason)
    return grid


def _name(row: Row, rank: int) -> Text:
    return Text(_line(str(row["platform"]), 40), style=f"bold {_COLOURS[rank % len(_COLOURS)]}")


def _victims(summary: Summary) -> Padding:
    line = Text("Called numbers  ", style="dim")
    for tier in TIERS:
        line.append(f"{getattr(summary.counts.victims, tier):,} {tier}", style=_TIER_STYLE[tier])
        line.append("   ")
    return Padding(line, (1, 0))


def _sources(run: Run) -> Table:
    sources = run.rows("sources", order="-score", limit=_MOST_SOURCES)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", title="Sources to act on")
    table.title_style, table.title_justify = "bold", "left"
    for label in ("Trunk", "Account", "Carrier"):
        table.add_column(label, overflow="fold")
    for label in ("Flagged", "Of all", "Score"):
        table.add_column(label, justify="right", no_wrap=True)
    for row in sources.rows:
        names = (Text(_line(row[column] or display.DASH, 60)) for column in ("trunk", "account", "carrier"))
        table.add_row(
            *names,
            display.count(row["flagged_calls"]),
            display.percent(row["share"]),
            display.score(row["score"]),
        )
    if sources.total > len(sources.rows):
        table.caption = f"and {sources.total - len(sources.rows):,} more, in sources.parquet"
        table.caption_justify = "left"
    return table


def _aside(run: Run) -> Group:
    """What a reader should know beside the findings: left alone, stood aside, rejected."""
    summary = run.summary
    lines = []
    if considered := run.rows("considered", limit=0).total:
        lines.append(
            Text(f"Left alone: {display.plural(considered, 'look-alike')}; considered.parquet says why.")
        )
    aside = [signal.name for signal in summary.signals if signal.status == "stood_aside"]
    if aside:
        lines.append(Text("Stood aside: " + ", ".join(_line(name, 60) for name in aside) + "."))
    if summary.rows.rejected:
        reasons = ", ".join(
            f"{_line(reason, 60)} {count:,}" for reason, count in summary.rows.by_reason.items()
        )
        lines.append(Text(f"Rejected: {display.plural(summary.rows.rejected, 'row')} ({reasons})."))
    for line in lines:
        line.stylize("dim")
    return Group(*lines)


def _few(values: list[str] | None, most: int = 3) -> str:
    shown = "\n".join(_line(value, 60) for value in (values or [])[:most])
    return shown + (f" +{len(values) - most}" if values and len(values) > most else "")


def _line(text: str, longest: int) -> str:
    return display.clean(text, longest).replace("\n", " ")
