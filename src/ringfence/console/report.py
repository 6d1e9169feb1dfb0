"""The report: one HTML file that holds everything it shows and asks no other host for anything."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

from markupsafe import Markup

from ringfence.console import words
from ringfence.console.overview import (
    TALK_LABELS,
    Listing,
    overview,
    platform_view,
)
from ringfence.console.shell import ReportLinks, asset, render
from ringfence.errors import RingfenceError
from ringfence.store.run import Run

#: What the report lists before it says how many more are in which file. Keeps it below 2 MB.
MOST_PLATFORMS = 12
MOST_VICTIMS = 100
MOST_SOURCES = 100
MOST_CONSIDERED = 100
MOST_REJECTED = 20


def write_report(run: Path, out: Path, *, show_numbers: bool = False) -> Path:
    """Write the report of the finished hunt in directory `run` to the file `out`, and return `out`.

    show_numbers: called people's numbers in full; otherwise their middle is hidden.
    Raises InputError when `run` holds no finished hunt, RingfenceError when `out` cannot be written.
    """
    with Run.open(run) as finished:
        text = render_report(finished, show_numbers=show_numbers)
    partial = out.with_name(out.name + ".partial")
    try:
        # whoever opens the file finds the old report or the new one, never half of one
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise RingfenceError(
            f"cannot write the report to {out}: {error.strerror}; choose another --out"
        ) from None
    return out


def render_report(run: Run, *, show_numbers: bool = False) -> str:
    """The report as HTML text. The same run gives the same text: it holds no clock and no path."""
    summary = run.summary
    seen = overview(run)
    style, script = _style(), asset("ringfence.js").decode()
    victims = run.rows("victims", order="-longest_seconds", where={"tier": "likely"}, limit=MOST_VICTIMS)
    if len(victims.rows) < MOST_VICTIMS:
        rest = MOST_VICTIMS - len(victims.rows)
        possible = run.rows("victims", order="-longest_seconds", where={"tier": "possible"}, limit=rest)
        victims.rows.extend(possible.rows)
    sources = run.rows("sources", order="-score", limit=MOST_SOURCES)
    considered = run.rows("considered", order="-score", limit=MOST_CONSIDERED)
    rejected = run.rows("rejected", limit=MOST_REJECTED)
    return render(
        "report.html",
        show_numbers=show_numbers,
        summary=summary,
        head=words.headline(summary, seen.platforms),
        seen=seen,
        views=[platform_view(run, row, rank) for rank, row in enumerate(seen.platforms[:MOST_PLATFORMS], 1)],
        talk_labels=TALK_LABELS,
        victims=Listing(victims.rows, sum(seen.tiers.values())),
        sources=Listing(sources.rows, sources.total),
        considered=Listing(considered.rows, considered.total),
        rejected=Listing(rejected.rows, max(rejected.total, summary.rows.rejected)),
        links=ReportLinks(),
        mark=Markup(asset("mark.svg").decode().replace("<svg ", '<svg aria-hidden="true" ', 1)),
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )


@functools.cache
def _style() -> str:
    """The style sheet with its font inside."""
    font = base64.b64encode(asset("inter.woff2")).decode("ascii")
    return asset("ringfence.css").decode().replace("inter.woff2", f"data:font/woff2;base64,{font}")


def _hash(text: str) -> str:
    """How a Content-Security-Policy names an inline block."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
