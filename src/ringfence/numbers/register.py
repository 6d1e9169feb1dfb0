"""The register of protected numbers: who owns a number, and whether calls may ever show it.

CSV columns: number (any form `normalise` reads, or a prefix ending in `*`), owner, use, sector, source,
valid_from, valid_until. The most specific entry that is in force decides; an exact number beats every
prefix, a longer prefix a shorter one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from ringfence.errors import InputError
from ringfence.model.register import RegisterEntry, Use
from ringfence.numbers.csvrows import BadRow, Row, header_of, read_rows, read_text
from ringfence.numbers.dialling import Normalised, country_code_of, dialling, unread
from ringfence.numbers.normalise import normalise

SECTORS = ("bank", "card", "telecom", "police", "government", "delivery", "other")
COLUMNS = ("number", "owner", "use", "sector", "source", "valid_from", "valid_until")

_TIME = pa.timestamp("us", tz="UTC")
#: What `Register.table` returns. number: without `*`; prefix: whether it stands for all that begin so.
#: valid_from inclusive, valid_until exclusive, null where open.
REGISTER: pa.Schema = pa.schema(
    [
        pa.field("number", pa.string(), nullable=False),
        pa.field("prefix", pa.bool_(), nullable=False),
        pa.field("owner", pa.string(), nullable=False),
        pa.field("use", pa.string(), nullable=False),
        pa.field("sector", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("valid_from", _TIME),
        pa.field("valid_until", _TIME),
    ]
)


class Register:
    """Entries of protected numbers, indexed for look-up.

    entries: validated, in file order, without duplicates. bad_rows: what was left out, with line and reason.
    """

    def __init__(self, entries: Iterable[RegisterEntry], bad_rows: Iterable[BadRow] = ()) -> None:
        self.entries = tuple(entries)
        self.bad_rows = tuple(bad_rows)
        self._by_number: dict[str, list[RegisterEntry]] = {}
        for entry in self.entries:
            self._by_number.setdefault(entry.number, []).append(entry)
        prefixes = {len(e.number) - 1 for e in self.entries if e.number.endswith("*")}
        self._prefix_lengths = sorted(prefixes, reverse=True)

    def __len__(self) -> int:
        return len(self.entries)

    def matches(self, number: str, at: dt.datetime | dt.date | None) -> tuple[RegisterEntry, ...]:
        """The most specific entries in force for a normalised number: several where several owners claim it.

        at: the moment of the call, or its UTC day; None: whatever the dates say. Newest first.
        """
        day = at.astimezone(dt.UTC).date() if isinstance(at, dt.datetime) and at.tzinfo else at
        day = day.date() if isinstance(day, dt.datetime) else day
        keys = [number] + [f"{number[:n]}*" for n in self._prefix_lengths if n <= len(number)]
        for key in keys:
            found = [e for e in self._by_number.get(key, ()) if day is None or _in_force(e, day)]
            if found:
                return tuple(sorted(found, key=lambda e: e.valid_from or dt.date.min, reverse=True))
        return ()

    def match(self, number: str, at: dt.datetime | dt.date | None) -> RegisterEntry | None:
        """The entry that decides: the newest of `matches`, or None."""
        found = self.matches(number, at)
        return found[0] if found else None

    def contested(self) -> list[tuple[RegisterEntry, RegisterEntry]]:
        """Pairs of entries for the same number and time with different owners: both are kept."""
        pairs = []
        for entries in self._by_number.values():
            for i, one in enumerate(entries):
                pairs += [
                    (one, two) for two in entries[i + 1 :] if one.owner != two.owner and _overlap(one, two)
                ]
        return pairs

    def rejected(self) -> Counter[str]:
        """How many rows were left out, by reason."""
        return Counter(bad.reason for bad in self.bad_rows)

    def table(self) -> pa.Table:
        """The entries for an engine to join: schema `REGISTER`."""
        rows = [
            {
                "number": e.number.removesuffix("*"),
                "prefix": e.number.endswith("*"),
                "owner": e.owner,
                "use": e.use.value,
                "sector": e.sector,
                "source": e.source,
                "valid_from": _midnight(e.valid_from),
                "valid_until": _midnight(_day_after(e.valid_until)),
            }
            for e in self.entries
        ]
        return pa.Table.from_pylist(rows, schema=REGISTER)

    def to_csv(self) -> str:
        """The entries as the CSV that `load_register` reads."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for e in self.entries:
            dates = [day.isoformat() if day else "" for day in (e.valid_from, e.valid_until)]
            writer.writerow([e.number, e.owner, e.use.value, e.sector, e.source, *dates])
        return text.getvalue()


def load_register(path: Path, region: str) -> Register:
    """Read a register file. Bad rows are left out and kept in `bad_rows`.

    region: how national numbers in it are read. Raises InputError for a file that cannot be read or lacks
    the columns number, owner and use.
    """
    return parse_register(read_text(path), region, str(path))


def parse_register(text: str, region: str, name: str = "register") -> Register:
    """The same from text; name: what errors call it."""
    names, _ = header_of(text)
    missing = [column for column in ("number", "owner", "use") if column not in names]
    if missing:
        raise InputError(f"{name}: no column {', '.join(missing)}: a register has {','.join(COLUMNS)}")
    entries: dict[RegisterEntry, None] = {}
    bad: list[BadRow] = []
    for row in read_rows(text):
        entry = row if isinstance(row, BadRow) else _entry(row, region)
        if isinstance(entry, BadRow):
            bad.append(entry)
        elif entry in entries:
            bad.append(BadRow(row.line, "duplicate", entry.number))
        else:
            entries[entry] = None
    return Register(entries, bad)


def _entry(row: Row, region: str) -> RegisterEntry | BadRow:
    values = row.values
    raw = values.get("number", "")
    number, reason = _read_prefix(raw[:-1], region) if raw.endswith("*") else normalise(raw, region)
    if number is None:
        return BadRow(row.line, reason or "not_a_number", raw[:80])
    if not values.get("owner"):
        return BadRow(row.line, "no_owner", raw[:80])
    use = values.get("use", "").lower().replace(" ", "_").replace("-", "_")
    if use not in set(Use):
        return BadRow(row.line, "unknown_use", values.get("use", "")[:80])
    dates = []
    for column in ("valid_from", "valid_until"):
        try:
            dates.append(_date(values.get(column, "")))
        except ValueError:
            return BadRow(row.line, "bad_date", f"{column} {values[column][:40]}: write 2024-05-31")
    start, end = dates
    if start and end and end < start:
        return BadRow(row.line, "ends_before_start", f"{start} to {end}")
    sector = values.get("sector", "").lower()
    return RegisterEntry(
        number=f"{number}*" if raw.endswith("*") else number,
        owner=values["owner"],
        use=Use(use),
        sector=sector if sector in SECTORS else "other",
        source=values.get("source", ""),
        valid_from=start,
        valid_until=end,
    )


def _date(text: str) -> dt.date | None:
    """An ISO 8601 day; of a time only the day counts. ValueError for anything else."""
    return dt.date.fromisoformat(re.split("[T ]", text)[0]) if text else None


def _read_prefix(text: str, region: str) -> Normalised:
    """The beginning of a number: +44800, 0044800 or 0800 as E.164, with a digit after the country code."""
    digits = re.sub(r"[\s\-.()]", "", text)
    rules = dialling(region)
    international = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return unread("not_a_number")
    if not international:
        abroad = "011" if rules.family == "US" else "00"
        if digits.startswith(abroad):
            digits = digits[len(abroad) :]
        elif rules.family == "US":
            digits = "1" + digits.removeprefix("1")
        elif rules.family == "GB" and digits.startswith(("44", "044")):
            digits = digits.removeprefix("0")
        elif rules.country_code:
            digits = f"{rules.country_code}{digits.removeprefix('0')}"
    code = country_code_of(digits)
    if code is None:
        return unread("no_such_country")
    if len(digits) <= len(str(code)):
        return unread("prefix_too_short")
    return Normalised("+" + digits, None) if len(digits) <= 15 else unread("too_long")


def _in_force(entry: RegisterEntry, day: dt.date) -> bool:
    return (entry.valid_from or dt.date.min) <= day <= (entry.valid_until or dt.date.max)


def _overlap(one: RegisterEntry, two: RegisterEntry) -> bool:
    starts = max(one.valid_from or dt.date.min, two.valid_from or dt.date.min)
    return starts <= min(one.valid_until or dt.date.max, two.valid_until or dt.date.max)


def _day_after(day: dt.date | None) -> dt.date | None:
    return day + dt.timedelta(days=1) if day and day.year < 9999 else None  # 9999-12-31 means open


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC) if day else None
