"""`ringfence report`: writes the report of a finished hunt again."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

RUN = typer.Argument(..., metavar="DIR", help="What 'ringfence hunt --out' wrote.")
OUT = typer.Option(None, "--out", metavar="FILE", help="The report's file.  [default: report.html in DIR]")
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Called people's numbers in full, not masked.")
JSON = typer.Option(False, "--json", help="Print one JSON object: report, bytes.")


def register(app: typer.Typer) -> None:
    @app.command()
    def report(
        run: Path = RUN, out: Path | None = OUT, show_numbers: bool = SHOW_NUMBERS, json: bool = JSON
    ) -> None:
        """Write the report of a finished hunt: one HTML file to forward."""
        import msgspec

        from ringfence.console.report import write_report

        written = write_report(run, out or run / "report.html", show_numbers=show_numbers)
        if json:
            result = {"report": str(written), "bytes": written.stat().st_size}
            sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        else:
            print(written)
