"""`ringfence cert fetch`: certificates by address, under the guards that verification has."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from ringfence.errors import UsageError

URLS = typer.Argument(None, metavar="[URL]...", help="Addresses of certificates.")
LIST = typer.Option(None, "--list", help="Addresses, one a line; # begins a comment.", metavar="FILE")
CONFIG = typer.Option(
    None, "--config", help="Settings (TOML): the keys under [fetch], such as cache_dir.", metavar="FILE"
)
JSON = typer.Option(False, "--json", help="Print one JSON object an address.")


def fetch(
    urls: list[str] | None = URLS,
    list_: Path | None = LIST,
    config: Path | None = CONFIG,
    as_json: bool = JSON,
) -> int:
    """Fetch certificates before the first call needs them, and say what could not be had.

    Exit status 1 if one could not.
    """
    import msgspec
    from rich.console import Console

    from ringfence.config import load_settings
    from ringfence.console.certificates import plain
    from ringfence.serve.fetching import HttpFetcher
    from ringfence.serve.prewarming import prewarm, read_urls

    wanted = list(dict.fromkeys([*(urls or ()), *(read_urls(list_) if list_ else ())]))
    if not wanted:
        raise UsageError("no address: give URLs, or --list FILE")
    with HttpFetcher(load_settings(config).fetch) as fetcher:
        done = prewarm(fetcher, wanted, time.time)
    screen = Console(highlight=False, soft_wrap=True)
    for url in wanted:
        fault = done.failed.get(url)
        if as_json:
            row = {"url": url, "fetched": fault is None, "reason": fault.reason if fault else ""}
            print(msgspec.json.encode(row | {"detail": fault.detail if fault else ""}).decode(), flush=True)
        elif fault is not None:
            screen.print(f"{fault.reason}  {plain(url)}  {plain(fault.detail)}", style="red", markup=False)
    if not as_json:
        screen.print(f"{done.had:,} of {len(wanted):,} fetched", markup=False)
    return int(bool(done.failed))
