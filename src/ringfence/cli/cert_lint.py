"""`ringfence cert lint`: which rules of their governing documents certificates break."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from ringfence.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from ringfence.verify.lint import LintReport

FILES = typer.Argument(
    ...,
    metavar="FILE...",
    help="Certificates: PEM, DER, or JSON Lines with a field der_b64 (.jsonl, .jsonl.gz).",
)
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")

_COLOURS = {"error": "bold red", "warn": "yellow", "notice": "cyan"}
_PEM = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)(?:-----END|\Z)", re.S)


class _Given(NamedTuple):
    """A certificate of a file: where it stands, and its octets, or why there are none."""

    place: str
    der: bytes | None
    fault: str


def lint(files: list[Path] = FILES, json: bool = JSON) -> None:
    """Name the rules of ATIS-1000080, the US SHAKEN policy and the RFCs that certificates break."""
    for file in files:
        if not file.exists() or file.is_dir():
            raise InputError(f"{file}: {'a folder' if file.is_dir() else 'no such file'}; name certificates")
    tally = _print_json(files) if json else _print_words(files)
    if not tally.certificates:
        raise InputError(f"no certificate in {files[0]}; give PEM, DER or JSON Lines with a field der_b64")
    if tally.clean < tally.given:
        raise typer.Exit(1)


@dataclass
class _Tally:
    """What was given, what of it were certificates, and how they did."""

    given: int = 0
    certificates: int = 0
    clean: int = 0
    unreadable: int = 0
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, given: _Given, report: LintReport) -> None:
        self.given += 1
        self.certificates += given.der is not None
        self.clean += report.is_clean
        self.unreadable += report.unreadable is not None
        self.rules.update((finding.severity, finding.rule) for finding in report.findings)


def _print_json(files: list[Path]) -> _Tally:
    import msgspec

    encoder, tally = msgspec.json.Encoder(), _Tally()
    for given, report in _linted(files):
        tally.add(given, report)
        row = {**msgspec.to_builtins(report), "sha256": report.sha256 or None, "place": given.place}
        sys.stdout.write(encoder.encode(row).decode() + "\n")
    sys.stdout.flush()
    return tally


def _print_words(files: list[Path]) -> _Tally:
    from rich.console import Console

    console, tally = Console(highlight=False), _Tally()
    for given, report in _linted(files):
        tally.add(given, report)
        console.print(_card(given, report), soft_wrap=True)
    if tally.given > 1:
        _print_counts(console, tally)
    return tally


def _card(given: _Given, report: LintReport) -> Text:
    """One certificate: who it is for, where it stands, and what is wrong with it, worst first."""
    from rich.text import Text

    card = Text(_plain(report.subject) or "a certificate without a readable subject", "bold")
    card.append(f"\n  {_plain(given.place)}  sha256 {report.sha256[:16] or 'unknown'}", "dim")
    if report.unreadable is not None:
        card.append("\n  unreadable ", _COLOURS["error"]).append(_plain(report.unreadable))
    for finding in sorted(report.findings, key=lambda f: list(_COLOURS).index(f.severity)):
        card.append(f"\n  {finding.severity:<7}", _COLOURS[finding.severity])
        card.append(_plain(finding.text)).append(f"  {finding.rule}, {finding.source}", "dim")
    if not report.findings and report.unreadable is None:
        card.append("\n  nothing wrong", "green")
    return card


def _print_counts(console: Console, tally: _Tally) -> None:
    """What many certificates break, most frequent first."""
    from rich.table import Table
    from rich.text import Text

    with_errors = tally.given - tally.clean
    console.print(
        f"\n{tally.given:,} certificates: {tally.clean:,} without errors, {with_errors:,} with"
        + (f", {tally.unreadable:,} of them unreadable" if tally.unreadable else ""),
        style="bold",
    )
    if not tally.rules:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("certificates", justify="right")
    table.add_column("severity")
    table.add_column("rule", no_wrap=True)
    for (severity, rule), count in tally.rules.most_common():
        table.add_row(f"{count:,}", Text(severity, _COLOURS[severity]), rule)
    console.print(table)


def _linted(files: list[Path]) -> Iterator[tuple[_Given, LintReport]]:
    """Each certificate and what is wrong with it; a bar goes by where only the results go elsewhere."""
    from rich.console import Console
    from rich.progress import track

    from ringfence.verify.lint import LintReport
    from ringfence.verify.lint import lint as lint_certificate

    errors = Console(stderr=True)
    is_shown = errors.is_terminal and not sys.stdout.isatty()
    every = (given for file in files for given in _certificates(file))
    for given in track(every, "Linting", console=errors, disable=not is_shown, transient=True):
        if given.der is None:
            yield given, LintReport("", "", (), given.fault)
        else:
            yield given, lint_certificate(given.der)


def _certificates(file: Path) -> Iterator[_Given]:
    """The certificates of a file, in their order: all of a PEM bundle, one of each line of JSON Lines."""
    name = str(file).encode("utf-8", "replace").decode()
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _json_lines(file, name)
        return
    data = file.read_bytes()
    blocks = _PEM.findall(data)
    for number, block in enumerate(blocks, 1):
        yield _decoded(f"{name}:{number}" if len(blocks) > 1 else name, block, "the PEM is no base64")
    if not blocks:
        is_der = data.startswith(b"\x30")  # a SEQUENCE; what text begins with the digit 0 is no matter
        yield _Given(name, data if is_der else None, "no certificate, neither PEM nor DER")


def _json_lines(file: Path, name: str) -> Iterator[_Given]:
    number = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(f"{name}:{number}", line)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        yield _Given(f"{name}:{number + 1}", None, "the file is not compressed by gzip, or not whole")


def _row(place: str, line: bytes) -> _Given:
    import msgspec

    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return _Given(place, None, "the line is no JSON")
    encoded = row.get("der_b64") if isinstance(row, dict) else None
    if not isinstance(encoded, str):
        return _Given(place, None, "the line has no field der_b64 with text")
    return _decoded(place, encoded.encode(), "der_b64 is no base64")


def _decoded(place: str, encoded: bytes, fault: str) -> _Given:
    try:
        return _Given(place, base64.b64decode(b"".join(encoded.split()), validate=True), "")
    except binascii.Error:
        return _Given(place, None, fault)


def _plain(text: str) -> str:
    """Text of a certificate for a terminal: one line, no control characters."""
    return "".join(c if c.isprintable() else "�" for c in text)[:300]
