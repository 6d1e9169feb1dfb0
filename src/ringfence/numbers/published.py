"""Numbering tables as regulators publish them, read into the rows of an allocation table.

Known by their columns: Ofcom's weekly numbering data (s1.csv … s9.csv), NANPA's and CNA's lists of central
office codes, and a plain `prefix,operator,status` CSV with optional `types` and `format`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ringfence.errors import InputError
from ringfence.numbers.allocation import Allocation, Status, allocation_table, load_allocation
from ringfence.numbers.csvrows import BadRow, Row, header_of, read_rows, read_text
from ringfence.numbers.dialling import country_code_of, dialling

_STATUS = {
    "allocated": Status.ALLOCATED,
    "assigned": Status.ALLOCATED,
    "as": Status.ALLOCATED,  # NANPA: AS assigned, UA unassigned, VC vacant, PR protected, RV reserved
    "in service": Status.ALLOCATED,
    "active": Status.ALLOCATED,
    "free": Status.FREE,
    "available": Status.FREE,
    "unallocated": Status.FREE,
    "not allocated": Status.FREE,
    "unassigned": Status.FREE,
    "ua": Status.FREE,
    "vacant": Status.FREE,
    "vc": Status.FREE,
    "reserved": Status.RESERVED,
    "rv": Status.RESERVED,
    "protected": Status.PROTECTED,
    "pr": Status.PROTECTED,
    "quarantined": Status.QUARANTINED,
    "aging": Status.QUARANTINED,
}
_OPERATOR = (
    "cp name",
    "communications provider",
    "company",
    "operator",
    "provider",
    "range holder",
    "holder",
)
_STATUS_COLUMNS = ("block status", "status", "use", "allocation status")
_LENGTH = ("geographic number length", "non geo number length", "number length", "format")


class Published(NamedTuple):
    """What one file gave. rows: for `allocation_table`; format: ofcom, nanp or prefixes."""

    format: str
    rows: list[dict[str, Any]]
    bad_rows: list[BadRow]


def load_numbering(path: Path, region: str) -> Allocation:
    """An allocation table: what `ringfence numbers import` wrote (.parquet), or a table as published. Raises
    InputError."""
    if path.suffix.lower() == ".parquet":
        return load_allocation(path)
    return Allocation(allocation_table(read_published(path, region).rows))


def read_published(path: Path, region: str) -> Published:
    """Read one published table. region: the country of prefixes without + in a plain prefix list.

    Raises InputError where the file cannot be read or has none of the known columns.
    """
    text = read_text(path)
    if text.startswith("PK\x03\x04"):
        raise InputError(f"{path} is a zip archive: unpack it and import the CSV files inside")
    names, _ = header_of(text)
    kind, block_of, code = _recognise(names, region, path)
    rows: list[dict[str, Any]] = []
    bad: list[BadRow] = []
    for row in read_rows(text):
        read = row if isinstance(row, BadRow) else _read(row, block_of, code)
        if isinstance(read, BadRow):
            bad.append(read)
        else:
            rows.append({**read, "source": path.name})
    if not rows:
        raise InputError(f"{path}: no number block in it could be read ({len(bad)} bad rows)")
    return Published(kind, rows, bad)


def _recognise(names: list[str], region: str, path: Path) -> tuple[str, Callable[[dict[str, str]], str], int]:
    """The format's name, how its block is found in a row, and the country code its blocks lack."""
    block = next(
        (n for n in names if n.startswith("nms number block") or n in ("number block", "number range")), ""
    )
    if block:
        return "ofcom", lambda values: values.get(block, ""), 44
    joined = next((n for n in ("npa-nxx-x", "npa-nxx") if n in names), "")
    if joined:
        return "nanp", lambda values: values.get(joined, ""), 1
    exchange = next((n for n in ("nxx", "co code (nxx)", "co code") if n in names), "")
    if "npa" in names and exchange:
        return (
            "nanp",
            lambda values: values.get("npa", "") + values.get(exchange, "") + values.get("x", ""),
            1,
        )
    if "prefix" in names:
        return "prefixes", lambda values: values.get("prefix", ""), dialling(region).country_code
    shown = ", ".join(names[:6])[:80] or "none"
    raise InputError(
        f"{path}: not a numbering table: expected Ofcom's, NANPA's or a column prefix, found columns {shown}"
    )


def _read(row: Row, block_of: Callable[[dict[str, str]], str], code: int) -> dict[str, Any] | BadRow:
    values = row.values
    prefix = _prefix(block_of(values), code)
    if prefix is None:
        return BadRow(row.line, "bad_prefix", block_of(values)[:80])
    operator = html.unescape(_first(values, _OPERATOR)).strip()
    word = " ".join(_first(values, _STATUS_COLUMNS).lower().split())
    status = Status.ALLOCATED if word.startswith("allocated") else _STATUS.get(word)
    if not word:  # a list without statuses says it by naming a holder
        status = Status.ALLOCATED if operator else Status.FREE
    elif status is None:
        # Ofcom has more words for what may not be used; all that matters is that nobody holds it
        status = Status.RESERVED
    return {
        "prefix": f"+{prefix}",
        "status": status.value,
        "operator": operator or None,
        "type": _first(values, ("types", "type")) or None,
        "national_digits": [10] if code == 1 else _lengths(_first(values, _LENGTH)),
    }


def _first(values: dict[str, str], names: tuple[str, ...]) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _prefix(text: str, code: int) -> str | None:
    """A block's digits with the country code; None for what is no prefix of an E.164 number."""
    block = re.sub(r"[\s\-()xX*]", "", text)
    national = not block.startswith("+")
    digits = block.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if national and code:
        digits = digits.removeprefix("00").removeprefix("0")
        # no UK number begins with 4, no North American one with 1: such a block has its country code already
        has_code = code in (1, 44) and digits.startswith(str(code)) and len(digits) > 2
        digits = digits if has_code else f"{code}{digits}"
    if not 2 <= len(digits) <= 15 or country_code_of(digits) is None:
        return None
    return digits


@lru_cache(maxsize=1024)
def _lengths(text: str) -> list[int]:
    """Lengths of national numbers: `4+6`, `4+5/6`, `0+9/10`, `10 digit numbers`, `Mixed 4+5 & 4+6`."""
    found = set()
    for area, local in re.findall(r"(\d)\s*\+\s*(\d{1,2}(?:\s*/\s*\d{1,2})*)", text):
        found |= {int(area) + int(part) for part in local.split("/")}
    found |= {int(number) for number in re.findall(r"(\d{1,2})\s*digit", text)}
    return sorted(n for n in found if 4 <= n <= 14)
