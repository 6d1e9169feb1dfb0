"""`ringfence oneshot`: any supported file in; hunt, report, table and page out."""

from __future__ import annotations

from pathlib import Path

import typer

from ringfence.errors import UsageError

FILES = typer.Argument(..., metavar="FILE...", help="Call records or captures in any supported format.")
REGION = typer.Option(None, help="ISO 3166 code that says how national numbers are read.  [default: GB]")
TIMEZONE = typer.Option(
    None, metavar="ZONE", help="Zone of call times that name none, e.g. Europe/London.  [default: UTC]"
)
MAPPING = typer.Option(None, metavar="FILE", help="Mapping file (TOML) for a table in columns of its own.")
NUMBERS = typer.Option(None, metavar="FILE", help="The register of protected numbers (CSV).")
OUT = typer.Option(
    None, metavar="DIR", help="Where the findings go.  [default: NAME-hunt, by the first FILE]"
)
PORT = typer.Option(
    8400, min=1, max=65535, help="The page's port on 127.0.0.1; the next free one if it is taken."
)
NO_PAGE = typer.Option(False, "--no-page", "--headless", help="Stop once the report is written.")
OPEN = typer.Option(False, "--open", help="Open the page in the web browser.")
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Called people's numbers in full, not masked.")
JSON = typer.Option(False, "--json", help="Print one JSON object instead of the table; implies --no-page.")


def register(app: typer.Typer) -> None:
    @app.command()
    def oneshot(
        files: list[Path] = FILES,
        region: str | None = REGION,
        timezone: str | None = TIMEZONE,
        mapping: Path | None = MAPPING,
        numbers: Path | None = NUMBERS,
        out: Path | None = OUT,
        port: int = PORT,
        no_page: bool = NO_PAGE,
        open_page: bool = OPEN,
        show_numbers: bool = SHOW_NUMBERS,
        json: bool = JSON,
    ) -> None:
        """Hunt in these files at once: findings, report, and a page to look around in."""
        from ringfence.cli.hunt import run_hunt, show_findings
        from ringfence.cli.serve import show_page
        from ringfence.hunt.run import Files

        folder = out or default_out(files[0])
        check_out(folder)
        given = Files(numbers=numbers)
        run_hunt(files, folder, given, region=region, timezone=timezone, mapping=mapping)
        show_findings(folder, show_numbers=show_numbers, json=json)
        if not (no_page or json):
            show_page(folder, port=port, open_page=open_page, show_numbers=show_numbers)


def default_out(first: Path) -> Path:
    """`capture.pcapng` gives `capture-hunt` in the working directory."""
    name = first.resolve().name
    return Path(f"{name.split('.')[0] or 'ringfence'}-hunt")


def check_out(folder: Path) -> None:
    """A hunt replaces an older one, and nothing else: refuses a folder with other people's files."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the findings with --out")
    if any(folder.iterdir()) and not (folder / "summary.json").is_file():
        raise UsageError(f"{folder} holds other files and no earlier hunt; name another folder with --out")
