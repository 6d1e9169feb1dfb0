"""`ringfence known`: remember platforms, and recognise the one that comes back."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

RUN = typer.Argument(..., metavar="RUN", help="The folder of a finished hunt.")
FILE = typer.Option(Path("known.jsonl"), "--file", help="The file of known platforms (JSON Lines).")
PLATFORM = typer.Option(None, "--platform", help="Only this platform of the hunt; may be repeated.")
NAME = typer.Option("", "--name", help="What analysts call it; of several, with -1, -2 and so on.")
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")


def register(app: typer.Typer) -> None:
    known = typer.Typer(
        help="Remember platforms, and recognise the one that comes back.", no_args_is_help=True
    )
    app.add_typer(known, name="known")

    @known.command()
    def save(
        run: Path = RUN,
        file: Path = FILE,
        platform: list[str] | None = PLATFORM,
        name: str = NAME,
        json: bool = JSON,
    ) -> None:
        """Save the profiles of a hunt's platforms; a profile of the same id is replaced."""
        import datetime as dt

        import msgspec

        from ringfence.errors import UsageError
        from ringfence.hunt.known import read_profiles, write_profiles

        found = {p.id: p for p in read_profiles(run / "profiles.jsonl")}
        missing = sorted(set(platform or ()) - set(found))
        if missing:
            raise UsageError(
                f"{run} has no platform {missing[0]}; it has {', '.join(sorted(found)) or 'none'}"
            )
        largest = sorted(found.values(), key=lambda p: (-p.calls, p.id))
        chosen = [found[p] for p in dict.fromkeys(platform)] if platform else largest
        several = name and len(chosen) > 1
        names = {p.id: f"{name}-{n}" if several else name for n, p in enumerate(chosen, 1)}
        today = dt.datetime.now(dt.UTC).date().isoformat()
        kept = {p.id: p for p in (read_profiles(file) if file.exists() else [])}
        for profile in chosen:
            kept[profile.id] = msgspec.structs.replace(profile, name=names[profile.id], saved=today)
        write_profiles(file, [kept[i] for i in sorted(kept)])
        if json:
            _lines([{"saved": p.id, "name": names[p.id], "file": str(file)} for p in chosen])
        else:
            print(f"saved {len(chosen)} of {len(found)} platforms to {file}, which now knows {len(kept)}")

    @known.command("list")
    def list_(file: Path = FILE, json: bool = JSON) -> None:
        """List the known platforms."""
        import msgspec
        from rich.console import Console
        from rich.table import Table

        from ringfence.hunt.known import read_profiles

        profiles = read_profiles(file)
        if json:
            _lines([msgspec.to_builtins(p) for p in profiles])
            return
        table = Table(
            "id", "name", "seen", "calls", "shapes", "owners posed as", title=f"Known platforms in {file}"
        )
        for p in profiles:
            seen = f"{p.first_seen} to {p.last_seen}"
            table.add_row(p.id, p.name, seen, str(p.calls), str(len(p.shapes)), ", ".join(p.owners[:3]))
        Console(highlight=False).print(table)

    @known.command()
    def match(run: Path = RUN, file: Path = FILE, json: bool = JSON) -> None:
        """Compare a hunt's platforms with the known ones."""
        from rich.console import Console
        from rich.table import Table

        from ringfence.hunt.known import SAME, read_profiles, similarity

        profiles = read_profiles(file)
        rows: list[dict[str, object]] = []
        for found in read_profiles(run / "profiles.jsonl"):
            scored = sorted(((similarity(found, k), k) for k in profiles), key=lambda x: (-x[0], x[1].id))
            best, who = scored[0] if scored else (0.0, None)
            rows.append(
                {
                    "platform": found.id,
                    "known_as": who.id if who and best >= SAME else None,
                    "nearest": who.id if who else None,
                    "name": who.name if who else "",
                    "similarity": round(best, 4),
                }
            )
        if json:
            _lines(rows)
            return
        table = Table("platform", "known as", "nearest", "name", "similarity", title=f"{run} beside {file}")
        for row in rows:
            table.add_row(
                *(str(row[k] or "") for k in ("platform", "known_as", "nearest", "name", "similarity"))
            )
        Console(highlight=False).print(table)


def _lines(rows: list[dict[str, object]]) -> None:
    import msgspec

    for row in rows:
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
