"""`ringfence replay`: past calls through a policy, before it is let near live ones."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    pass

INPUTS = typer.Argument(..., metavar="INPUT...", help="Call records or captures, files or folders.")
POLICY = typer.Option(..., "--policy", metavar="FILE|PACK", help="The policy: a file, or gb, us, fr.")
AGAINST = typer.Option(None, "--against", metavar="FILE|PACK", help="Another policy, to see what differs.")
NUMBERS = typer.Option(None, "--numbers", metavar="FILE", help="Register of protected numbers (CSV).")
ALLOCATION = typer.Option(
    None, "--allocation", metavar="FILE", help="Who holds which numbers: published, or numbers import's."
)
INDICATORS = typer.Option(None, "--indicators", metavar="FILE", help="What hunts found (JSON Lines).")
KNOWN = typer.Option(None, "--known", metavar="FILE", help="Profiles of known platforms (JSON Lines).")
DECLARED = typer.Option(
    None, "--declared", metavar="FILE", help="Calls that owners say they made (CSV: number, called, time)."
)
LABELS = typer.Option(None, "--labels", metavar="FILE", help="Parquet with call_id and kind of traffic.")
MAPPING = typer.Option(None, "--mapping", metavar="FILE", help="Mapping of a table's own columns (TOML).")
TIMEZONE = typer.Option(None, "--timezone", metavar="ZONE", help="Zone of times that name none.")
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Numbers in full; else their middle is hidden.")
JSON = typer.Option(False, "--json", help="Print one JSON object.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("replay")(replay)


def replay(
    inputs: list[Path] = INPUTS,
    policy: str = POLICY,
    against: str | None = AGAINST,
    numbers: Path | None = NUMBERS,
    allocation: Path | None = ALLOCATION,
    indicators: Path | None = INDICATORS,
    known: Path | None = KNOWN,
    declared: Path | None = DECLARED,
    labels: Path | None = LABELS,
    mapping: Path | None = MAPPING,
    timezone: str | None = TIMEZONE,
    show_numbers: bool = SHOW_NUMBERS,
    json: bool = JSON,
) -> None:
    """Say what a policy would have done with past calls: blocked, marked, withheld, by rule and trunk.

    Beside a simulation's calls its own numbers.csv, allocation.csv and labels.parquet are used.
    """
    import msgspec

    from ringfence.cli.canonical_files import canonical_files
    from ringfence.cli.screen_options import load_knowledge, load_screen_policy
    from ringfence.ingest.source import find
    from ringfence.screen import replay as replaying
    from ringfence.screen.screen import Screen
    from ringfence.store.ordered_records import ordered_records

    ours = load_screen_policy(policy)
    theirs = load_screen_policy(against) if against is not None else None
    find(inputs)
    numbers, allocation, labels = _beside(inputs, numbers, allocation, labels)
    tables = {
        "numbers": numbers,
        "allocation": allocation,
        "indicators": indicators,
        "known": known,
        "declared": declared,
    }
    screens = [Screen(load_knowledge(p, **tables)) for p in (ours, theirs) if p is not None]
    with tempfile.TemporaryDirectory(prefix="ringfence-") as work:
        files = canonical_files(inputs, Path(work), ours.country, mapping, timezone)
        rows = ordered_records(files, replaying.COLUMNS, labels=labels, workdir=Path(work))
        with _progress() as progress:
            result = replaying.replay(rows, screens[0], screens[1] if theirs else None, progress)
    if json:
        print(msgspec.json.encode(result).decode())
        return
    from ringfence.console.replays import print_replay

    print_replay(result, show_numbers=show_numbers)


def _beside(inputs: list[Path], *given: Path | None) -> tuple[Path | None, Path | None, Path | None]:
    """The tables of a simulation whose calls are replayed, where no others are named."""
    found = list(given)
    above = inputs[0].resolve().parent if len(inputs) == 1 else None
    if above is not None and (above / "scenario.toml").is_file():
        for place, name in enumerate(("numbers.csv", "allocation.csv", "labels.parquet")):
            if found[place] is None and (above / name).is_file():
                found[place] = inputs[0].parent / name
                print(f"ringfence: using {found[place]}", file=sys.stderr)
    return found[0], found[1], found[2]


@contextmanager
def _progress() -> Iterator[Callable[[int], None] | None]:
    """Calls judged so far, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda calls: print(f"\r{calls:,} calls judged", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
