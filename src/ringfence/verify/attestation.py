"""What an operator may say of a caller it brings: the levels of SHAKEN from tables, not from hope (RFC 8588).

A: we know the customer and the customer holds the number. B: we know the customer, not the right to the
number. C: the call came in through a gateway, or from nobody we know. A number of our own, or of another
customer, presented by someone who does not hold it gets no A: that is the whole point.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from ringfence.errors import ConfigError
from ringfence.verify.tnauthlist import TNAuthList

_NUMBER = re.compile(r"\+?([1-9][0-9]{4,14})")
_RANGE = re.compile(r"\+?([1-9][0-9]{4,14})\s*(?:-|to)\s*\+?([1-9][0-9]{4,14})")
#: The owner of our own numbers in tables.
OWN = "own"
#: Columns of a CSV table.
COLUMNS = ("kind", "customer", "trunk", "first", "last", "origid")


class Attestation(msgspec.Struct, frozen=True):
    """level: A, B or C. origid: the same UUID for the same customer and trunk each time. why: one line."""

    level: str
    origid: str
    why: str


class Holder(msgspec.Struct, frozen=True):
    """Who brings calls: a customer, or ourselves. numbers: those it holds. trunks: those it comes in on.
    origid: its UUID, "" to have one derived."""

    numbers: TNAuthList = TNAuthList()
    trunks: tuple[str, ...] = ()
    origid: str = ""


class AttestationTable:
    """Who holds which numbers.

    seed: a UUID of one's own, kept to oneself: origids are derived from it, so that they stay the same and
    tell nobody else who called. customers: by name; OWN for our own numbers. gateways: trunks on which calls
    of strangers come in. Raises ConfigError where one trunk is two parties'.
    """

    def __init__(self, seed: uuid.UUID, customers: dict[str, Holder], gateways: Sequence[str] = ()) -> None:
        self._seed = seed
        self._holders = dict(customers)
        self._gateways = frozenset(gateways)
        self._by_trunk: dict[str, str] = {}
        for name, holder in customers.items():
            for trunk in holder.trunks:
                if trunk in self._by_trunk or trunk in self._gateways:
                    other = self._by_trunk.get(trunk, "a gateway's")
                    raise ConfigError(f"trunk {trunk}: {name}'s and {other}; a trunk has one user")
                self._by_trunk[trunk] = name
        self._origids: dict[tuple[str, str], str] = {}

    def attest(self, number: str, *, customer: str = "", trunk: str = "") -> Attestation:
        """The level at which a call with this number may be signed.

        number: E.164 with or without +; a URI is nobody's number. customer: whoever was authenticated, never
        a name that the call itself claims. trunk: where it came in."""
        if trunk in self._gateways:
            return Attestation("C", self.origid("", trunk), f"{trunk} is a gateway")
        known = customer or self._by_trunk.get(trunk, "")
        holder = self._holders.get(known)
        if holder is None:
            said = f"customer {customer}" if customer else f"trunk {trunk}" if trunk else "the caller"
            return Attestation("C", self.origid("", trunk), f"{said} is not in the table")
        if customer and trunk and self._by_trunk.get(trunk, customer) != customer:
            # an account used over another's trunk: one of the two is not who it says
            return Attestation("C", self.origid("", trunk), f"{trunk} is not {customer}'s trunk")
        who = "we" if known == OWN else known
        if holder.numbers.covers(number.removeprefix("+")):
            return Attestation("A", self.origid(known, trunk), f"{who} hold{'' if who == 'we' else 's'} it")
        return Attestation("B", self.origid(known, trunk), f"it is not among {known}'s numbers")

    def origid(self, customer: str, trunk: str) -> str:
        """The UUID that stands for a customer on a trunk, for tracing a call back (RFC 8588 section 5)."""
        key = (customer, trunk)
        if key not in self._origids:
            if len(self._origids) >= 100_000:  # trunk names may come from a stranger's message
                self._origids.clear()
            given = self._holders[customer].origid if customer in self._holders else ""
            self._origids[key] = given or str(uuid.uuid5(self._seed, f"{customer}\0{trunk}"))
        return self._origids[key]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: tuple[str, ...] = ()
    trunks: tuple[str, ...] = ()
    origid: str = ""


class _Toml(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seed: str
    gateways: tuple[str, ...] = ()
    own: _Section | None = None
    customers: dict[str, _Section] = {}


def parse_attestation(octets: bytes, name: str, *, seed: uuid.UUID | None = None) -> AttestationTable:
    """A table in TOML or, where `name` ends in .csv, CSV. seed: for CSV, which holds none. Raises
    ConfigError, one line with file and line."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}: line {line}: not UTF-8; save it as UTF-8") from error
    if name.lower().endswith(".csv"):
        if seed is None:
            raise ConfigError(f"{name}: a CSV table needs a seed for its origids; give a UUID")
        return _parse_csv(text, name, seed)
    return _parse_toml(text, name)


def parse_numbers(entries: Iterable[str]) -> TNAuthList | str:
    """Single numbers and ranges such as "+447700900000-+447700900999" as a list to ask; the entry that is
    neither."""
    numbers: list[str] = []
    ranges: list[tuple[str, int]] = []
    for entry in entries:
        text = entry.strip()
        if one := _NUMBER.fullmatch(text):
            numbers.append(one[1])
        elif (two := _RANGE.fullmatch(text)) and len(two[1]) == len(two[2]) and two[1] <= two[2]:
            ranges.append((two[1], int(two[2]) - int(two[1]) + 1))
        else:
            return entry
    return TNAuthList(ranges=tuple(ranges), numbers=tuple(numbers))


def _parse_toml(text: str, name: str) -> AttestationTable:
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from error
    try:
        table = msgspec.convert(raw, _Toml)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}; see docs/reference/signing.md") from error

    def at(value: str) -> str:
        # TOML's reader keeps no lines: where the text stands first is where it is
        before, found, _ = text.partition(value)
        return f"{name}: line {before.count(chr(10)) + 1}" if found and value else name

    customers: dict[str, Holder] = {}
    sections = dict(table.customers)
    if OWN in sections:
        raise ConfigError(f"{at('customers.' + OWN)}: our own numbers stand under [own]")
    if table.own is not None:
        sections[OWN] = table.own
    for customer, section in sections.items():
        numbers = parse_numbers(section.numbers)
        if isinstance(numbers, str):
            raise ConfigError(f"{at(numbers)}: {numbers!r:.40} {_NO_NUMBER}")
        if section.origid and _uuid(section.origid) is None:
            raise ConfigError(f"{at(section.origid)}: origid {section.origid!r:.40} is no UUID")
        customers[customer] = Holder(numbers, section.trunks, section.origid)
    parsed = _uuid(table.seed)
    if parsed is None:
        raise ConfigError(f"{at(table.seed)}: seed {table.seed!r:.40} is no UUID; uuidgen makes one")
    return _named(name, parsed, customers, table.gateways)


_NO_NUMBER = "is no number in E.164 and no range such as +447700900000-+447700900999"


class _Row(msgspec.Struct):
    numbers: list[str]
    trunks: dict[str, None]
    origid: str = ""


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its line; lines end as on any system."""
    rows = csv.reader(io.StringIO(text, newline=None))
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise ConfigError(f"{name}: line {rows.line_num}: no CSV: {error}") from error


def _parse_csv(text: str, name: str, seed: uuid.UUID) -> AttestationTable:
    rows = _rows(text, name)
    header = [column.strip().lower() for column in next(rows, (1, []))[1]]
    missing = [column for column in ("kind", "customer", "first") if column not in header]
    unknown = [column for column in header if column not in COLUMNS]
    if missing or unknown or len(set(header)) != len(header):
        wrong = (
            f"no column {missing[0]}"
            if missing
            else f"column {unknown[0]!r}"
            if unknown
            else "a column twice"
        )
        raise ConfigError(f"{name}: line 1: {wrong}; the columns are {', '.join(COLUMNS)}")
    found: dict[str, _Row] = {}
    gateways: list[str] = []
    for number, row in rows:
        where = f"{name}: line {number}"
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) > len(header):
            raise ConfigError(f"{where}: {len(cells)} fields under {len(header)} columns")
        values = dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False))
        kind, trunk = values["kind"], values["trunk"]
        if kind == "gateway":
            if not trunk:
                raise ConfigError(f"{where}: a gateway needs its trunk")
            gateways.append(trunk)
            continue
        if kind not in (OWN, "customer"):
            raise ConfigError(f"{where}: kind {kind!r:.40}; it is own, customer or gateway")
        customer = OWN if kind == OWN else values["customer"]
        if not customer or (kind == "customer" and customer == OWN):
            raise ConfigError(f"{where}: customer needs a name, other than {OWN}")
        held = found.setdefault(customer, _Row([], {}))
        if trunk:
            held.trunks[trunk] = None
        if values["first"]:
            entry = f"{values['first']}-{values['last']}" if values["last"] else values["first"]
            if isinstance(parse_numbers([entry]), str):
                raise ConfigError(f"{where}: {entry!r:.80} {_NO_NUMBER}")
            held.numbers.append(entry)
        if origid := values["origid"]:
            if _uuid(origid) is None or held.origid not in ("", origid):
                raise ConfigError(f"{where}: origid {origid!r:.40} is no UUID, or not the one given before")
            held.origid = origid
    customers: dict[str, Holder] = {}
    for customer, held in found.items():
        numbers = parse_numbers(held.numbers)
        assert not isinstance(numbers, str)
        customers[customer] = Holder(numbers, tuple(held.trunks), held.origid)
    return _named(name, seed, customers, gateways)


def _named(
    name: str, seed: uuid.UUID, customers: dict[str, Holder], gateways: Sequence[str]
) -> AttestationTable:
    try:
        return AttestationTable(seed, customers, gateways)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
