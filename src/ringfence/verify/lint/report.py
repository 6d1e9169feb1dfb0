"""Lint: each rule of each document asked about a certificate, and what it answered."""

from __future__ import annotations

import hashlib
import re
import warnings

import msgspec

from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import parse_certificate
from ringfence.verify.lint import (
    atis1000080,
    atis1000080_extensions,
    keys,
    rfc5280,
    rfc5280_extensions,
    rfc8226,
    rfc9060,
    rfc9118,
    us_shaken_cp,
)
from ringfence.verify.lint.fields import Fields, read_fields
from ringfence.verify.lint.rules import Rule, Severity

#: Every rule, document by document.
RULES: tuple[Rule, ...] = (
    *atis1000080.BOOK.rules,
    *atis1000080_extensions.BOOK.rules,
    *us_shaken_cp.BOOK.rules,
    *rfc5280.BOOK.rules,
    *rfc5280_extensions.BOOK.rules,
    *keys.KEYS.rules,
    *keys.SIGNATURES.rules,
    *rfc8226.BOOK.rules,
    *rfc9060.BOOK.rules,
    *rfc9118.BOOK.rules,
)


class Finding(msgspec.Struct, frozen=True):
    """A rule that a certificate breaks: its name, how grave, which document, and what is wrong."""

    rule: str
    severity: Severity
    source: str
    text: str


class LintReport(msgspec.Struct, frozen=True):
    """What is wrong with a certificate.

    sha256: of its octets, hex. subject: its name for people; empty where it cannot be read. unreadable: why
    the parser that verifies calls refuses the certificate, or None; the rules are applied all the same, as
    far as the fields can be followed.
    """

    sha256: str
    subject: str
    findings: tuple[Finding, ...]
    unreadable: str | None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong but what a document merely advises against."""
        return self.unreadable is None and not any(f.severity == "error" for f in self.findings)


def lint(der: bytes) -> LintReport:
    """Name the rules of ATIS-1000080, the US SHAKEN certificate policy and the RFCs that it breaks.

    der: one X.509 certificate. Never raises, whatever the octets are. It is for people and for audits (some
    4,000 a second): the path of a call has no time for it.
    """
    fields = read_fields(der)
    refused = _refusal(der)
    sha256 = hashlib.sha256(der).hexdigest()
    if isinstance(fields, str):
        return LintReport(sha256, "", (), fields)
    return LintReport(sha256, fields.subject.text, tuple(_findings(fields)), refused)


def _findings(fields: Fields) -> list[Finding]:
    return [
        Finding(rule.name, rule.severity, rule.source, text)
        for rule in RULES
        if (text := rule.fault(fields)) is not None
    ]


_PARSE_ERROR = re.compile(r"ParseError \{ kind: (\w+)(?:.*?location: \[(.*)\])?")


def _refusal(der: bytes) -> str | None:
    """Why the parser that verifies calls refuses the certificate; None where it takes it."""
    with warnings.catch_warnings():  # a rule of its own tells what the library only warns of
        warnings.simplefilter("ignore")
        read = parse_certificate(der)
    if not isinstance(read, Rejected):
        return None
    said = read.detail
    if match := _PARSE_ERROR.search(said):
        place = (match[2] or "").replace('"', "").replace("::", ".")
        said = f"{match[1]}" + (f" in {place}" if place else "")
    return f"refused by the parser that verifies calls: {said[:200]}"
