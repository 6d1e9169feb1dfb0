"""Rows of other people's CSV files: any usual encoding and separator, one bad line costs one line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ringfence.errors import InputError

#: A longer line is no row of a numbering table or a register.
MAX_LINE = 100_000
#: A larger file is no register and no regulator's table: all of Ofcom's together are some 20 MB.
MAX_BYTES = 512 << 20


class BadRow(NamedTuple):
    """A line that could not be used: its number from 1, a stable word, and what was wrong for a person."""

    line: int
    reason: str
    detail: str


class Row(NamedTuple):
    """A line by column name: names lower-cased, values stripped."""

    line: int
    values: dict[str, str]


def read_text(path: Path) -> str:
    """A file's text: UTF-8 or UTF-16 by its BOM, else UTF-8, else Windows-1252. InputError if unreadable."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MiB: not a register or numbering table")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def header_of(text: str) -> tuple[list[str], str]:
    """Column names of the first line that is not empty, lower-cased, and the separator."""
    first = next((line for line in _lines(text) if line.strip()), "")[:MAX_LINE]
    separator = max(",;\t|", key=first.count)
    names = next(csv.reader([first.replace("\0", "")], delimiter=separator), [])
    return [" ".join(name.split()).lower() for name in names], separator


def read_rows(text: str) -> Iterator[Row | BadRow]:
    """The lines after the header, each a Row or a BadRow; empty lines are left out.

    A quoted value cannot hold a line break here: a quote that never closes would swallow all that follows.
    """
    names, separator = header_of(text)
    header_seen = False
    for number, line in enumerate(_lines(text), 1):
        if not line.strip():
            continue
        if not header_seen:
            header_seen = True
            continue
        if len(line) > MAX_LINE:
            yield BadRow(number, "line_too_long", f"{len(line)} characters")
        elif line.count('"') % 2:
            yield BadRow(number, "unclosed_quote", line[:80].strip())
        else:
            cells = next(csv.reader([line.replace("\0", "")], delimiter=separator), [])
            yield Row(number, dict(zip(names, (cell.strip() for cell in cells), strict=False)))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
