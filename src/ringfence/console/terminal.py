"""A finished hunt on a terminal: what was found, the platforms, the victims, and where to look next."""

from __future__ import annotations

from typing import Any

import msgspec
from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ringfence.console import display, signals, words
from ringfence.console.overview import posed_as, ranked_platforms
from ringfence.model.findings import TIERS
from ringfence.store.run import Row, Run, Summary

_TIER_STYLE = {"likely": "bold red", "possible": "yellow", "contacted": "dim"}
_COLOURS = ("bright_blue", "bright_red", "cyan", "magenta", "yellow", "bright_magenta", "green", "white")
_MOST_PLATFORMS = 20
_MOST_SOURCES = 5
_LONGEST_NAME = 40


def print_findings(run: Run, console: Console) -> None:
    """Print a run. It shows no called person's number, so that a terminal can be shared.

    Strings of the records are printed as text, never as markup, and without control characters.
    """
    summary = run.summary
    platforms = ranked_platforms(run)
    console.print(_headline(summary, platforms))
    if platforms:
        shown = platforms[:_MOST_PLATFORMS]
        console.print(Padding(_platform_table(shown, run, console.width), (1, 0)))
        console.print(_reasons(shown, posed_as(run)))
        if len(platforms) > _MOST_PLATFORMS:
            console.print(f"and {len(platforms) - _MOST_PLATFORMS:,} more, in platforms.parquet", style="dim")
        console.print(_victims(summary))
        console.print(_sources(run, console.width))
    console.print(Padding(_aside(run), (1, 0, 0, 0)))


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


def _platform_table(platforms: list[Row], run: Run, width: int) -> Table:
    likely = [run.tiers(platform=row["platform"]).get("likely", 0) for row in platforms]
    columns = [
        _Column("Platform", [_name(row, rank) for rank, row in enumerate(platforms)]),
        _Column("Score", [Text(display.score(row["score"]), style="bold") for row in platforms], right=True),
        _Column("Calls", [Text(display.count(row["calls"])) for row in platforms], right=True),
        _Column("Likely victims", [Text(display.count(n), style="bold red") for n in likely], right=True),
        _Column("In words", [Text(words.likelihood(row["score"])) for row in platforms], wanted=1),
        _Column(
            "Active",
            [Text(display.period(row["first_seen"], row["last_seen"])) for row in platforms],
            wanted=2,
        ),
        _Column(
            "Called", [Text(display.count(row["called_numbers"])) for row in platforms], right=True, wanted=3
        ),
        _Column(
            "Trunks",
            [Text(display.count(len(row["trunks"] or []))) for row in platforms],
            right=True,
            wanted=4,
        ),
    ]
    return _table(columns, width)


def _reasons(platforms: list[Row], posed_as: dict[str, list[str]]) -> Table:
    """Beside each name whom it posed as, what spoke and which trunks it used. Lines break between words."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for rank, row in enumerate(platforms):
        told = Text(words.in_the_name_of(posed_as.get(str(row["platform"]), [])))
        why = signals.line(row["signals"]) or display.sentence(_line(row["reason"] or "", 900))
        told.append(("\n" if told else "") + why)
        if row["trunks"]:
            told.append(f"\nTrunks: {_few(row['trunks'])}.", style="dim")
        if row["known_as"]:
            told.append(f"\nKnown before as {_line(row['known_as'], 40)}.", style="yellow")
        grid.add_row(_name(row, rank), told)
    return grid


def _name(row: Row, rank: int) -> Text:
    return Text(_line(str(row["platform"]), _LONGEST_NAME), style=f"bold {_COLOURS[rank % len(_COLOURS)]}")


def _victims(summary: Summary) -> Padding:
    line = Text("Called numbers  ", style="dim")
    for tier in TIERS:
        line.append(f"{getattr(summary.counts.victims, tier):,} {tier}", style=_TIER_STYLE[tier])
        line.append("   ")
    return Padding(line, (1, 0))


def _sources(run: Run, width: int) -> Table:
    sources = run.rows("sources", order="-score", limit=_MOST_SOURCES)
    names = {
        column: [Text(_line(row[column] or display.DASH, _LONGEST_NAME)) for row in sources.rows]
        for column in ("trunk", "account", "carrier")
    }
    columns = [
        _Column("Trunk", names["trunk"]),
        _Column("Account", names["account"], wanted=1),
        _Column("Carrier", names["carrier"], wanted=2),
        _Column("Flagged", [Text(display.count(row["flagged_calls"])) for row in sources.rows], right=True),
        _Column("Of all", [Text(display.percent(row["share"])) for row in sources.rows], right=True),
        _Column("Score", [Text(display.score(row["score"])) for row in sources.rows], right=True),
    ]
    table = _table(columns, width)
    table.title, table.title_style, table.title_justify = "Sources to act on", "bold", "left"
    if sources.total > len(sources.rows):
        table.caption = f"and {sources.total - len(sources.rows):,} more, in sources.parquet"
        table.caption_justify = "left"
    return table


class _Column(msgspec.Struct):
    """cells: one a row. wanted: 0 always shown; else the order in which columns are added while they fit."""

    title: str
    cells: list[Text]
    right: bool = False
    wanted: int = 0

    @property
    def width(self) -> int:
        # a title may take two lines, a cell takes one: a name that breaks cannot be copied or searched for
        return max([*map(len, self.title.split()), *(cell.cell_len for cell in self.cells)])


def _table(columns: list[_Column], width: int) -> Table:
    """The columns that fit into `width` cells, in their order. No cell is broken while the first ones fit."""
    gap = 2
    chosen = [column for column in columns if not column.wanted]
    used = sum(column.width + gap for column in chosen) - gap
    for column in sorted((c for c in columns if c.wanted), key=lambda c: c.wanted):
        if used + gap + column.width > width:
            break
        chosen.append(column)
        used += gap + column.width
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0), header_style="dim"
    )
    shown = [column for column in columns if column in chosen]
    for column in shown:
        # what does not fit even so is folded rather than cut
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            width=column.width if used <= width else None,
        )
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*cells)
    return table


def _aside(run: Run) -> Group:
    """What a reader should know beside the findings: left alone, stood aside, rejected."""
    summary = run.summary
    lines = []
    if considered := run.rows("considered", limit=0).total:
        lines.append(
            Text(f"Left alone: {display.plural(considered, 'look-alike')}; considered.parquet says why.")
        )
    for signal in summary.signals:
        if signal.status == "stood_aside":
            why = _line(signals.what_is_missing(signal.why), 300)
            lines.append(Text(f"Stood aside: {signals.label(signal.name)}: {why or 'no reason given'}."))
    if summary.rows.rejected:
        reasons = "; ".join(
            f"{words.rejection(reason)}: {count:,}" for reason, count in summary.rows.by_reason.items()
        )
        lines.append(Text(f"Rejected: {display.plural(summary.rows.rejected, 'row')} ({reasons})."))
    for line in lines:
        line.stylize("dim")
    return Group(*lines)


def _few(values: list[str], most: int = 4) -> str:
    shown = ", ".join(_line(value, _LONGEST_NAME) for value in values[:most])
    return shown + (f" and {len(values) - most:,} more" if len(values) > most else "")


def _line(text: str, longest: int) -> str:
    return display.clean(text, longest).replace("\n", " ")
