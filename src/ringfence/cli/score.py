"""`ringfence score`: how well a hunt did against what is known to be true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ringfence.hunt.evaluate import Score


def register(app: typer.Typer) -> None:
    @app.command()
    def score(
        run: Path = typer.Argument(..., metavar="DIR", help="What 'ringfence hunt --out' wrote."),
        truth: Path = typer.Option(
            ..., help="The fraudulent calls: Parquet with call_id, platform, customer."
        ),
        victims: Path | None = typer.Option(
            None,
            help="Who lost money: Parquet with called, loss. Default: truth_victims.parquet beside --truth.",
        ),
        labels: Path | None = typer.Option(
            None, help="The kind of every call: call_id, kind. Default: labels.parquet beside --truth."
        ),
        calls: Path | None = typer.Option(
            None, help="The call records, a Parquet file or folder. Default: calls beside --truth."
        ),
        config: Path | None = typer.Option(None, help="The settings the hunt ran with, for the tiers' rule."),
        brief: bool = typer.Option(
            False, "--brief", help="Only which services were found and which missed, in words."
        ),
        json: bool = typer.Option(False, "--json", help="One JSON object instead of tables."),
    ) -> None:
        """Compare a hunt with the truth: calls, platforms, campaigns, victims, false alarms."""
        import msgspec

        from ringfence.config import load_settings
        from ringfence.hunt.evaluate import evaluate
        from ringfence.store.truth import read_findings, read_truth

        settings = load_settings(config).hunt
        findings = read_findings(run)
        known = read_truth(
            truth,
            findings.flagged,
            victims=victims or _beside(truth, "truth_victims.parquet"),
            labels=labels or _beside(truth, "labels.parquet"),
            calls=calls or _beside(truth, "calls"),
        )
        result = evaluate(
            findings,
            known,
            likely_seconds=settings.likely_seconds,
            possible_seconds=settings.possible_seconds,
        )
        if json:
            sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
            return
        from rich.console import Console

        console = Console(highlight=False)
        _print_words(result, console)
        if not brief:
            _print(result, console)


def _beside(truth: Path, name: str) -> Path | None:
    path = truth.parent / name
    return path if path.exists() else None


def _print_words(score: Score, console: Console) -> None:
    """Which services were found and which missed, and whether somebody innocent was accused."""
    from rich.table import Table
    from rich.text import Text

    services = sorted(score.platforms["by_platform"], key=lambda p: (not p.found, p.platform))
    found = sum(p.found for p in services)
    console.print(
        f"Of the {_many(len(services), 'spoofing service')} in these records the hunt found {found or 'none'}"
        + (" and missed none." if found == len(services) else f" and missed {len(services) - found}."),
        style="bold",
    )
    lines = Table.grid(padding=(0, 2))
    for _ in range(2):
        lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for p in services:
        said = f"{p.flagged:,} of its {_many(p.calls, 'call')}"
        if p.found_as:
            said += " as " + ", ".join(p.found_as)
        elif p.flagged:
            said += ", among those of another"
        lines.add_row(
            Text("found", style="green") if p.found else Text("missed", style="red"),
            Text(p.platform),
            Text(said),
        )
    console.print(lines)
    innocent = sum(kind.flagged for kind in score.look_alikes.values())
    sources = score.false_sources["count"]
    console.print(
        (f"{_many(innocent, 'innocent call')} flagged by mistake. " if innocent else "")
        + (f"{_many(sources, 'innocent source')} accused." if sources else "No innocent source was accused.")
    )


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}" + ("" if count == 1 else "s")


def _print(score: Score, console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    def table(title: str, *columns: str) -> Table:
        made = Table(
            title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False,
            pad_edge=False, padding=(0, 1, 0, 0),
        )  # fmt: skip
        for i, column in enumerate(columns):
            # names stay whole, so that they can be searched for
            name = i == 0 or column == "found as"
            made.add_column(column, justify="left" if name else "right", overflow="fold", no_wrap=name)
        return made

    head = table("How well the hunt did", "", "")
    head.add_row(
        "calls flagged, of them fraudulent (precision)", f"{score.flagged_calls:,}  {_n(score.precision)}"
    )
    head.add_row("fraudulent calls, of them flagged (recall)", f"{score.true_calls:,}  {_n(score.recall)}")
    if score.true_calls_absent:
        head.add_row("fraudulent calls that the records do not hold", f"{score.true_calls_absent:,}")
    if score.base_rate is not None:
        head.add_row("fraudulent among all calls", f"{score.base_rate:.2e} of {score.network_calls:,}")
    head.add_row(
        "platforms found of those present", f"{score.platforms['found']} of {score.platforms['present']}"
    )
    head.add_row("platforms that are none", str(len(score.platforms["invented"])))
    per_week = score.false_sources["per_week"]
    head.add_row("innocent sources flagged, per week", f"{score.false_sources['count']}  {_n(per_week)}")
    head.add_row("calls until a platform's first flagged call (median)", _n(score.calls_to_detection, 0))
    head.add_row(
        "campaigns against customers: ARI, homogeneity, completeness",
        f"{_n(score.campaign_ari)}  {_n(score.homogeneity)}  {_n(score.completeness)}",
    )
    head.add_row("calibration error of flagged calls", _n(score.calibration_error))
    console.print()
    console.print(head)

    by_platform = table(
        "By platform",
        "platform",
        "found as",
        "calls",
        "prec.",
        "recall",
        "1st call",
        "day",
        "ARI",
        "vict.",
    )
    for p in score.platforms["by_platform"]:
        by_platform.add_row(
            p.platform,
            "\n".join(p.found_as) or "not found",
            f"{p.calls:,}",
            _n(p.precision),
            _n(p.recall),
            _n(p.calls_to_detection, 0),
            _n(p.first_day, 0),
            _n(p.campaign.ari),
            _n(p.victims_recall),
        )
    console.print()
    console.print(by_platform)

    tiers = table(
        "Victims by tier", "tier", "named", "true", "precision", "recall", "of named, lost", "of lost, named"
    )
    for t in score.victims.values():
        tiers.add_row(
            t.tier,
            f"{t.found:,}",
            _n(t.true, 0),
            _n(t.precision),
            _n(t.recall),
            _n(t.loss_precision),
            _n(t.loss_recall),
        )
    console.print()
    console.print(tiers)

    if score.look_alikes:
        kinds = table(
            "Innocent calls that were flagged", "kind of traffic", "flagged", "of", "innocent sources"
        )
        for k in sorted(score.look_alikes.values(), key=lambda k: -k.flagged):
            kinds.add_row(k.kind, f"{k.flagged:,}", _n(k.calls, 0), str(k.false_sources))
        console.print()
        console.print(kinds)


def _n(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
