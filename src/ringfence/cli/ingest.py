"""`ringfence ingest`: any supported file to call records, or a first mapping for one that is not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.errors import RingfenceError, UsageError

if TYPE_CHECKING:
    from ringfence.ingest.pipeline import IngestReport

INPUTS = typer.Argument(
    None, help="Files or directories; formats are recognised by content.", metavar="INPUT..."
)
OUT = typer.Option(None, "--out", help="Directory for calls/ and rejected.parquet.")
REGION = typer.Option("GB", "--region", help="ISO 3166 code that says how national numbers are read.")
MAPPING = typer.Option(None, "--mapping", help="Mapping file (TOML) for a table in columns of its own.")
TIMEZONE = typer.Option(
    None, "--timezone", help="Zone of times that name none, e.g. Europe/London. [default: UTC]"
)
FORMAT = typer.Option(None, "--format", help="Name of the format, where its content does not tell.")
GUESS = typer.Option(None, "--guess", help="Write a first mapping for this table instead.", metavar="FILE")
MAPPING_OUT = typer.Option(None, "-o", "--output", help="With --guess: the mapping file. [default: stdout]")
JSON = typer.Option(False, "--json", help="Print the report as one JSON object.")


def register(app: typer.Typer) -> None:
    @app.command()
    def ingest(
        inputs: list[Path] | None = INPUTS,
        out: Path | None = OUT,
        region: str = REGION,
        mapping: Path | None = MAPPING,
        timezone: str | None = TIMEZONE,
        format_name: str | None = FORMAT,
        guess: Path | None = GUESS,
        output: Path | None = MAPPING_OUT,
        json: bool = JSON,
    ) -> None:
        """Turn call records of any supported format into ours, ready for a hunt."""
        if guess is not None:
            if inputs:
                raise UsageError("--guess takes one file and no INPUT")
            _guess(guess, output)
            return
        if not inputs or out is None:
            raise UsageError("name at least one INPUT, and --out DIR for the result")
        import msgspec

        from ringfence.ingest.mapping import load
        from ringfence.ingest.pipeline import ingest as run

        with progress_bar("Reading") as progress:
            report = run(
                inputs,
                out,
                region=region,
                mapping=load(mapping) if mapping else None,
                timezone=timezone,
                format_name=format_name,
                progress=progress,
            )
        for line in report_lines(report):
            print(f"ringfence: {line}", file=sys.stderr)
        if json:
            print(msgspec.json.encode(report).decode())
        else:
            _show(report, out)


def _guess(file: Path, output: Path | None) -> None:
    from ringfence.ingest.guess import guess

    text = guess(file)
    if output is None:
        print(text, end="")
        return
    if output.exists():
        raise RingfenceError(f"{output}: already there; name another file with -o")
    output.write_text(text, "utf-8")
    print(
        f"Wrote {output}. Check it, then: ringfence ingest {file} --mapping {output} --out DIR",
        file=sys.stderr,
    )


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error where that is a terminal; otherwise None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def report_lines(report: IngestReport) -> list[str]:
    """What a person should know of the files and of how they were read, a line each."""
    files = [line for file in report.files for line in (file.error, file.damage) if line]
    return files + report.warnings + report.limits


def _show(report: IngestReport, out: Path) -> None:
    """The report for a person: a line a file, then what was rejected and mended, and why."""
    from rich.console import Console
    from rich.table import Table

    # where nobody looks at a terminal, nothing is cut to its width
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 500)
    table = Table(box=None, pad_edge=False)
    for title in ("file", "format"):
        table.add_column(title, overflow="fold")
    for title in ("read", "accepted", "rejected"):
        table.add_column(title, justify="right", no_wrap=True)
    for file in report.files[:50]:
        rejected = sum(file.rejected.values())
        table.add_row(file.file, file.format or "-", f"{file.read:,}", f"{file.accepted:,}", f"{rejected:,}")
    console.print(table)
    if len(report.files) > 50:
        console.print(f"… and {len(report.files) - 50:,} more files")
    for title, counts in (("rejected", report.rejected), ("noted", report.notes)):
        if counts:
            words = ", ".join(
                f"{reason} {count:,}" for reason, count in sorted(counts.items(), key=lambda c: -c[1])
            )
            console.print(f"{title}: {words}")
    if report.first_start and report.last_start:
        console.print(
            f"calls from {report.first_start:%Y-%m-%d %H:%M} to {report.last_start:%Y-%m-%d %H:%M} UTC"
        )
    for count, what in ((report.unreadable, "unreadable"), (report.damaged, "damaged, and read in part")):
        if count:
            console.print(f"files {what}: {count:,} of {len(report.files):,}")
    console.print(f"{report.accepted:,} of {report.read:,} rows written to {out / 'calls'}")
    if report.rejected or report.unreadable or report.damaged:
        console.print(f"the others, with reason and position: {out / 'rejected.parquet'}")
