"""`ringfence hunt`: call records in, spoofing services out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ringfence.hunt.run import Files

INPUTS = typer.Argument(..., metavar="INPUT...", help="Call records or captures: files or directories.")
OUT = typer.Option(..., "--out", metavar="DIR", help="Where the findings go.")
NUMBERS = typer.Option(None, "--numbers", metavar="FILE", help="The register of protected numbers (CSV).")
REGION = typer.Option(
    None, "--region", help="ISO 3166 code that says how national numbers are read.  [default: GB]"
)
TIMEZONE = typer.Option(
    None,
    "--timezone",
    metavar="ZONE",
    help="Zone of call times that name none, e.g. Europe/London.  [default: UTC]",
)
MAPPING = typer.Option(
    None, "--mapping", metavar="FILE", help="Mapping file (TOML) for a table in columns of its own."
)
ENGINE = typer.Option("duckdb", "--engine", help="duckdb, in this process, or spark.")
MASTER = typer.Option(None, "--master", metavar="URL", help="Spark's master; without it, Spark runs here.")
ALLOCATION = typer.Option(
    None, "--allocation", metavar="FILE", help="Who holds which numbers (ringfence numbers import)."
)
KNOWN = typer.Option(
    None, "--known", metavar="FILE", help="Profiles of known platforms (ringfence known save)."
)
REPORTS = typer.Option(
    None, "--reports", metavar="FILE", help="Complaints and reports (CSV: number, called, time)."
)
DECLARED = typer.Option(
    None, "--declared", metavar="FILE", help="Calls that owners declared (CSV: number, called, time)."
)
INDICATORS = typer.Option(
    None, "--indicators", metavar="FILE", help="Write indicators for the screen (JSON Lines)."
)
CONFIG = typer.Option(None, "--config", metavar="FILE", help="Settings (TOML).")
WORKDIR = typer.Option(
    None, "--workdir", metavar="DIR", help="Where the engine may spill; a cluster must see it."
)
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Called people's numbers in full in the report.")
JSON = typer.Option(False, "--json", help="Print one JSON object instead of the table.")


def register(app: typer.Typer) -> None:
    @app.command()
    def hunt(
        inputs: list[Path] = INPUTS,
        out: Path = OUT,
        numbers: Path | None = NUMBERS,
        region: str | None = REGION,
        timezone: str | None = TIMEZONE,
        mapping: Path | None = MAPPING,
        engine: str = ENGINE,
        master: str | None = MASTER,
        allocation: Path | None = ALLOCATION,
        known: Path | None = KNOWN,
        reports: Path | None = REPORTS,
        declared: Path | None = DECLARED,
        indicators: Path | None = INDICATORS,
        config: Path | None = CONFIG,
        workdir: Path | None = WORKDIR,
        show_numbers: bool = SHOW_NUMBERS,
        json: bool = JSON,
    ) -> None:
        """Find the spoofing services in call records: platforms, campaigns, victims and reasons."""
        from ringfence.cli.oneshot import check_out
        from ringfence.hunt.run import Files

        check_out(out)
        files = Files(
            numbers=numbers,
            known=known,
            reports=reports,
            declared=declared,
            indicators=indicators,
            allocation=allocation,
        )
        run_hunt(
            inputs,
            out,
            files,
            region=region,
            timezone=timezone,
            mapping=mapping,
            config=config,
            engine=engine,
            master=master,
            workdir=workdir,
        )
        show_findings(out, show_numbers=show_numbers, json=json)


def run_hunt(
    inputs: list[Path],
    out: Path,
    files: Files,
    *,
    region: str | None = None,
    timezone: str | None = None,
    mapping: Path | None = None,
    config: Path | None = None,
    engine: str = "duckdb",
    master: str | None = None,
    workdir: Path | None = None,
) -> dict[str, Any]:
    """Run the hunt with the settings of a file and of the command line; returns summary.json."""
    import msgspec

    from ringfence.config import digest, load_settings
    from ringfence.hunt.reading import Reading
    from ringfence.hunt.run import Where
    from ringfence.hunt.run import hunt as run
    from ringfence.ingest.mapping import load
    from ringfence.ingest.source import find

    find(inputs)  # what is misspelt is told at once, before an engine starts
    settings = load_settings(config)
    reading = Reading(timezone=timezone, mapping=load(mapping) if mapping else None)
    if region:
        settings = msgspec.structs.replace(
            settings, hunt=msgspec.structs.replace(settings.hunt, region=region)
        )
    with _progress() as progress:
        summary = run(
            inputs,
            out,
            settings=settings.hunt,
            where=Where(engine=engine, master=master, workdir=workdir),
            files=files,
            reading=reading,
            settings_digest=digest(settings),
            progress=progress,
        )
    for file in summary["unreadable"]:
        print(f"ringfence: {file['error']}", file=sys.stderr)
    for line in summary["notices"]:
        print(line, file=sys.stderr)
    return summary


def show_findings(out: Path, *, show_numbers: bool, json: bool) -> None:
    """Write the report and print the table, or one JSON object."""
    import msgspec
    from rich.console import Console

    from ringfence.console.report import write_report
    from ringfence.console.terminal import print_findings, result
    from ringfence.store.run import Run

    report = write_report(out, out / "report.html", show_numbers=show_numbers)
    with Run.open(out) as run:
        if json:
            sys.stdout.write(msgspec.json.encode({**result(run), "report": str(report)}).decode() + "\n")
            return
        print_findings(run, Console(highlight=False))
    print(f"Findings: {out}\nReport:   {report}", file=sys.stderr)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar over the stages on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description:16}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("start", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)
