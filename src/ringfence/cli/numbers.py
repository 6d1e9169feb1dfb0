"""`ringfence numbers`: read numbers and say what they are, import numbering tables, hide numbers."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from ringfence.numbers.allocation import Allocation
    from ringfence.numbers.register import Register
    from ringfence.numbers.tokens import TokenKey

NUMBERS = typer.Argument(
    None, help="Numbers in any form, or - to read them one a line.", metavar="[NUMBER... | -]"
)
REGION = typer.Option(
    "GB", "--region", help="ISO 3166 code that says how national numbers are read; 001: none is."
)
ALLOCATION = typer.Option(
    None, "--allocation", help="Table made by ringfence numbers import.", metavar="TABLE"
)
REGISTER = typer.Option(None, "--register", help="Register of protected numbers (CSV).", metavar="FILE")
AT = typer.Option(None, "--at", help="Day on which the register is asked. [default: today]", metavar="DATE")
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")
KEY = typer.Option(..., "--key", help="Key file made by ringfence numbers key.", metavar="FILE")
ROTATE = typer.Option(False, "--rotate", help="Put a new key in front of those in FILE; the old ones stay.")
FILES = typer.Argument(
    ..., help="Numbering tables as published by Ofcom, NANPA or as prefix lists.", metavar="FILE..."
)
TABLE = typer.Option(..., "--out", help="Parquet file to write.", metavar="TABLE")
RECORDS = typer.Argument(..., help="Call records: Parquet files or directories of them.", metavar="INPUT...")
HIDDEN = typer.Option(
    ..., "--out", help="Directory for the records with their numbers hidden.", metavar="DIR"
)
KEY_FILE = typer.Argument(..., help="Where to keep the key.", metavar="FILE")

#: How many numbers are looked at together: bounds memory, and answers a pipe soon enough.
CHUNK = 50_000


def register(app: typer.Typer) -> None:
    """Add the command group to the application."""
    group = typer.Typer(help="Telephone numbers: check, import numbering tables, hide.", no_args_is_help=True)
    group.command()(check)
    group.command("import")(import_)
    group.command()(key)
    group.command()(token)
    group.command()(tokenise)
    app.add_typer(group, name="numbers")


def check(
    numbers: list[str] | None = NUMBERS,
    region: str = REGION,
    allocation: Path | None = ALLOCATION,
    register: Path | None = REGISTER,
    at: str | None = AT,
    json: bool = JSON,
) -> None:
    """Say what numbers are: kind, validity, region, range holder, and who has them protected."""
    from ringfence.numbers.dialling import dialling

    dialling(region)
    day = _day(at)
    table = _allocation(allocation, region)
    entries = _register(register, region)
    rows = _checked(_given(numbers), region, table, entries, day)
    if json:
        _print_json(rows)
    else:
        _print_table(rows)


def import_(files: list[Path] = FILES, out: Path = TABLE, region: str = REGION, json: bool = JSON) -> None:
    """Read published numbering tables into one allocation table; of a repeated block the last row holds."""
    from collections import Counter

    from ringfence.numbers.allocation import allocation_table, write_allocation
    from ringfence.numbers.published import read_published

    rows: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    for file in files:
        read = read_published(file, region)
        rows += read.rows
        rejected = dict(Counter(bad.reason for bad in read.bad_rows))
        reports.append(
            {"file": str(file), "format": read.format, "blocks": len(read.rows), "rejected": rejected}
        )
        for bad in read.bad_rows[:3]:
            _note(f"{file} line {bad.line}: {bad.reason}: {bad.detail}")
    table = allocation_table(rows)
    write_allocation(table, out)
    statuses = dict(Counter(table["status"].to_pylist()))
    reports.append({"table": str(out), "blocks": table.num_rows, "statuses": statuses})
    if json:
        _print_json(reports)
        return
    for report in reports[:-1]:
        bad_count = sum(report["rejected"].values())
        print(f"{report['file']}: {report['blocks']:,} blocks ({report['format']}), {bad_count:,} bad rows")
    shown = ", ".join(f"{count:,} {status}" for status, count in statuses.items())
    print(f"{out}: {table.num_rows:,} blocks: {shown}")


def key(file: Path = KEY_FILE, rotate: bool = ROTATE, json: bool = JSON) -> None:
    """Make a key that hides numbers, readable by you alone. Keep it: without it tokens mean nothing."""
    from ringfence.numbers.tokens import KeyRing, new_key, read_keys, write_keys

    made = new_key()
    older = read_keys(file).keys if rotate else ()
    write_keys(file, KeyRing((made, *older)), replace=rotate)
    if json:
        _print_json([{"file": str(file), "key": made.id, "keys": 1 + len(older)}])
    else:
        print(f"{file}: new key {made.id}" + (f", {len(older)} older kept" if older else ""))


def token(
    numbers: list[str] | None = NUMBERS, key: Path = KEY, region: str = REGION, json: bool = JSON
) -> None:
    """Hide single numbers, so that a list of them can be joined to hidden records."""
    from ringfence.numbers.normalise import normalise

    secret = _key(key)
    unread = 0
    for text in _given(numbers):
        number, reason = normalise(text, region)
        unread += number is None
        hidden = secret.token(number) if number else None
        if json:
            _print_json([{"token": hidden, "key": secret.id, "reason": reason}])
        else:
            print(hidden or "")
    if unread:
        _note(f"{unread:,} numbers could not be read: their lines are empty")


def tokenise(
    inputs: list[Path] = RECORDS,
    out: Path = HIDDEN,
    key: Path = KEY,
    region: str = REGION,
    allocation: Path | None = ALLOCATION,
    register: Path | None = REGISTER,
    json: bool = JSON,
) -> None:
    """Hide the numbers of call records; kind, region, range holder and register match are set beside them."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from rich.console import Console
    from rich.progress import track

    from ringfence.numbers.hiding import tokenise_records

    secret = _key(key)
    table = _allocation(allocation, region)
    entries = _register(register, region)
    files = _parquet_files(inputs)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the directory {out}: {error.strerror}") from None
    console = Console(stderr=True)
    reports = []
    for position, file in enumerate(
        track(files, "Hiding", console=console, disable=not console.is_terminal, transient=True)
    ):
        target = out / f"{position:05d}-{file.stem}.parquet"
        try:
            records = pq.ParquetFile(file).read()
            hidden = tokenise_records(records, secret, entries, table, region)
            pq.write_table(hidden, target, compression="zstd")
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"cannot hide the numbers of {file}: {str(error).splitlines()[0]}") from None
        reports.append({"file": str(file), "out": str(target), "rows": hidden.num_rows, "key": secret.id})
    if json:
        _print_json(reports)
    else:
        rows = sum(int(report["rows"]) for report in reports)
        print(f"{out}: {rows:,} records in {len(reports)} files, numbers hidden with key {secret.id}")


def _given(numbers: list[str] | None) -> Iterator[str]:
    """The numbers of the command line; - stands for the lines of standard input."""
    if not numbers:
        raise UsageError("give at least one number, or - to read them from standard input")
    for number in numbers:
        if number != "-":
            yield number
            continue
        for at, line in enumerate(sys.stdin.buffer):
            # editors of Windows begin a file with a byte order mark, which is no part of its first number
            yield line.decode("utf-8" if at else "utf-8-sig", "replace").rstrip("\r\n")


def _checked(
    texts: Iterable[str],
    region: str,
    allocation: Allocation | None,
    register: Register | None,
    day: dt.date,
) -> Iterator[dict[str, Any]]:
    """One result per number given, in its order."""
    import msgspec
    import pyarrow as pa

    from ringfence.model.number import Kind
    from ringfence.numbers.normalise import normalise_rows
    from ringfence.numbers.plan import facts

    texts = iter(texts)
    while chunk := list(islice(texts, CHUNK)):
        column = pa.array([t.encode("utf-8", "replace").decode() for t in chunk], pa.string())
        read = normalise_rows(column, region)
        known = facts(read["number"].combine_chunks(), allocation, region)
        for text, reason, fact in zip(chunk, read["reason"].to_pylist(), known.to_pylist(), strict=True):
            number = fact["number"]
            is_hidden = number is not None and fact["kind"] is None
            is_global = number is not None and number.startswith("+")
            entry = register.match(number, day) if register and number else None
            yield {
                "number": text,
                "e164": number if is_global else None,
                "valid": bool(fact["valid"]),
                "kind": fact["kind"] or (Kind.UNKNOWN.value if is_hidden else Kind.INVALID.value),
                "region": fact["region"],
                "operator": fact["operator"],
                "protected": msgspec.to_builtins(entry) if entry else None,
                "reason": "token" if is_hidden else reason or _why_no_caller(fact),
                # as call records hold them
                "short_code": number if fact["kind"] == Kind.SHORT else None,
                "extension": None if is_global or is_hidden or fact["kind"] == Kind.SHORT else number,
            }


def _why_no_caller(fact: dict[str, Any]) -> str | None:
    """Why digits that can be dialled are no valid number: they are not E.164, so nobody calls from them."""
    if fact["valid"] or not fact["number"] or fact["number"].startswith("+"):
        return None
    return "short_code" if fact["kind"] == "short" else "extension"


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    import msgspec

    encoder = msgspec.json.Encoder()
    write = sys.stdout.write
    for row in rows:
        write(encoder.encode(row).decode() + "\n")
    sys.stdout.flush()


def _print_table(rows: Iterable[dict[str, Any]]) -> None:
    """For people: what is wrong in red, who is protected in yellow, why a number was not read."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("number", "E.164", "valid", "kind", "region"):
        table.add_column(name, no_wrap=name != "number", overflow="fold")
    for name in ("range holder", "protected"):
        table.add_column(name)
    for row in rows:
        entry = row["protected"]
        holder = f"[yellow]{escape(entry['owner'])}[/] {entry['use']} ({entry['sector']})" if entry else "–"
        kind = str(row["reason"] or row["kind"]).replace("_", " ")
        valid = "–" if row["reason"] == "token" else "yes" if row["valid"] else "no"
        colour = {"invalid": "red", "unallocated": "red", "drama": "magenta"}.get(row["kind"])
        table.add_row(
            escape(row["number"][:60]),
            row["e164"] or "–",
            valid,
            f"[{colour}]{kind}[/]" if colour else kind,
            row["region"] or "–",
            escape(row["operator"] or "–"),
            holder,
        )
    Console().print(table)


def _note(text: str) -> None:
    print(f"ringfence: {text}", file=sys.stderr)


def _day(text: str | None) -> dt.date:
    if text is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text} is no date: write it as 2024-05-31") from None


def _allocation(path: Path | None, region: str) -> Allocation | None:
    from ringfence.numbers.published import load_numbering

    return load_numbering(path, region) if path else None


def _register(path: Path | None, region: str) -> Register | None:
    from ringfence.numbers.register import load_register

    if path is None:
        return None
    loaded = load_register(path, region)
    for reason, count in sorted(loaded.rejected().items()):
        line = next(bad.line for bad in loaded.bad_rows if bad.reason == reason)
        _note(f"{path}: {count:,} rows left out: {reason} (first on line {line})")
    return loaded


def _key(path: Path) -> TokenKey:
    from ringfence.numbers.tokens import read_keys

    return read_keys(path).current


def _parquet_files(inputs: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in inputs:
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        if not files:
            raise InputError(f"no Parquet file in {path}: run ringfence ingest on the records first")
        found += files
    return found
