"""A run's files for download: Parquet as it is, CSV streamed, called numbers hidden unless shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import File, Stream

from ringfence.console.display import mask, mask_text
from ringfence.serve.listing import given, order, quoted
from ringfence.serve.pages import respond
from ringfence.serve.problems import AstrayError, Way
from ringfence.store.run import SCHEMAS, Run

#: Tables in which called people's numbers stand, and the columns to hide where they do.
PERSONAL = {"victims": ("called",), "flagged_calls": ("called",), "rejected": ("detail", "raw")}

#: Columns that choose no rows while numbers are masked: a match would confirm a guessed number. The reason of
#: a call or a victim may name the number; that of a rejected row is one of a few words.
GUESSABLE = {
    table: (*columns, "reason") if "called" in columns else columns for table, columns in PERSONAL.items()
}

#: Where a spreadsheet would begin a formula: at a cell's start and, where cells are cut at semicolons, tabs
#: or line ends whatever the quotes say, inside it. The full-width signs count as the narrow ones.
_FORMULA = re.compile(r"\A(?=[=@+\-\t\r\n＝＋－＠])|(?<=[;\t\r\n])(?=[=@+\-＝＋－＠])")

#: Columns that rows can be chosen by: those of text, and lists of it.
TEXTS = {
    table: [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_list(f.type)]
    for table, schema in SCHEMAS.items()
}

WHAT = {
    "platforms": "one row a spoofing service",
    "campaigns": "one row a customer at work",
    "victims": "one row a called number",
    "flagged_calls": "every call that belongs to a campaign",
    "sources": "trunks and accounts, ranked",
    "considered": "look-alikes and why they were left alone",
    "rejected": "rows that could not be used",
}


def download_handlers(run: Run, *, show_numbers: bool) -> list[Any]:
    """Handlers of /downloads and of the files below it."""

    @get("/downloads", sync_to_thread=True)
    def downloads(request: Request[Any, Any, Any]) -> Response[str]:
        files = [
            {
                "name": name,
                "what": WHAT[name],
                "bytes": run.file(name).stat().st_size if run.file(name).is_file() else None,
                "parquet": run.file(name).is_file() and _whole(name, show_numbers),
            }
            for name in SCHEMAS
        ]
        return respond(
            request, "pages/downloads.html", title="Report and files", files=files, folder=str(run.path)
        )

    @get("/downloads/summary.json", sync_to_thread=False)
    def summary() -> File:
        return File(run.path / "summary.json", filename="summary.json", media_type="application/json")

    @get("/downloads/parquet/{name:str}", sync_to_thread=False)
    def parquet(name: FromPath[str]) -> File:
        if name not in SCHEMAS or not run.file(name).is_file() or not _whole(name, show_numbers):
            raise NotFoundException
        return File(run.file(name), filename=f"{name}.parquet", media_type="application/vnd.apache.parquet")

    @get("/downloads/csv/{name:str}", sync_to_thread=False)
    def table(request: Request[Any, Any, Any], name: FromPath[str]) -> Stream:
        if name not in SCHEMAS:
            raise NotFoundException
        asked = dict(request.query_params)
        chosen = order("/downloads", asked.pop("sort", None), SCHEMAS[name].names, "")
        where = as_columns(given("/downloads", **asked))
        for column in where:
            if column not in TEXTS[name]:
                raise AstrayError(
                    400,
                    f"{name}.csv cannot be cut down by {quoted(column)}, only by {', '.join(TEXTS[name])}.",
                    Way("To the files", "/downloads"),
                )
        if not show_numbers:
            refuse_guesses("/downloads", where, GUESSABLE.get(name, ()))
        return Stream(
            csv_lines(run, name, show_numbers=show_numbers, where=where, order=chosen),
            media_type="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )

    return [downloads, summary, parquet, table]


def as_columns(filters: Mapping[str, str]) -> dict[str, str]:
    """Filters of an address as columns of a findings file: a call's signal is one of its signals."""
    return {"signals" if name == "signal" else name: value for name, value in filters.items()}


def refuse_guesses(path: str, asked: Collection[str], guessable: Collection[str]) -> None:
    """Raise AstrayError (403) where a filter asked for is one that would confirm a masked number."""
    for name in asked:
        if name in guessable:
            raise AstrayError(
                403,
                f"{name}: numbers are masked. Start the page with --show-numbers to search by number.",
                Way("To the list", path),
            )


def csv_lines(
    run: Run, table: str, *, show_numbers: bool, where: Mapping[str, str] | None = None, order: str = ""
) -> Iterator[bytes]:
    """A table as CSV (RFC 4180, every cell quoted), in pieces; lists joined by a space, times in ISO 8601.

    where, order: as in `Run.rows`.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front: trunk names and user
    agents are the attackers' own words.
    """
    hidden = () if show_numbers else PERSONAL.get(table, ())
    names = SCHEMAS[table].names
    yield _lines([names])
    for batch in run.batches(table, where, order=order):
        rows = []
        for row in batch.to_pylist():
            called = None if show_numbers else row.get("called")
            rows.append([_cell(name, row[name], hidden, called) for name in names])
        yield _lines(rows)


def _cell(name: str, value: Any, hidden: tuple[str, ...], called: str | None) -> str:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    if name in hidden:
        text = mask(text) if name == "called" else mask_text(text)
    elif called and name == "reason":
        text = text.replace(called, mask(called))
    words = isinstance(value, str | list)
    return _FORMULA.sub("'", text) if words and not _plain(text) else text


def _plain(text: str) -> bool:
    """A number, also a telephone number or a masked one: nothing that a spreadsheet would run."""
    return text[:1] in "+-" and all(char.isdecimal() or char in "•. " for char in text[1:])


def _lines(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode()


def _whole(name: str, show_numbers: bool) -> bool:
    """Whether the file may leave as it is."""
    return show_numbers or name not in PERSONAL
