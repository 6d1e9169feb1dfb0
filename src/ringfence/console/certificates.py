"""Certificates for people and for programs: who, for which numbers, until when, and what they hang from.

One row of plain values says it all; the card on a terminal is drawn from the row, so that both say the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from rich.text import Text

from ringfence.console.display import clean, plural
from ringfence.verify.certificate import Certificate, is_signed_by
from ringfence.verify.constraints import ClaimConstraints

Row = dict[str, Any]

DAY = 86_400.0
#: With fewer days left a certificate has to be renewed now: most providers do that by hand.
SOON = 14

STATES = {"in_force": "green", "expired": "bold red", "not_yet_valid": "bold red"}

_LABEL = 12
_MOST = 20
_KEY_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def certificate_row(certificate: Certificate, others: Sequence[Certificate], now: float) -> Row:
    """What a certificate says. others: those beside which it stands, where its issuer is looked for.

    Times are ISO 8601 in UTC, identifiers hex. role: root, intermediate, delegate CA, delegate, signer or end
    entity. issued_by: 1 for the first of the others; "itself"; None where the issuer is not among them.
    """
    parent = issuer_among(certificate, others)
    tn_auth = certificate.tn_auth
    return {
        "kind": "certificate",
        "role": role(certificate, parent),
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "issued_by": _issued_by(certificate, parent, others),
        "spcs": list(tn_auth.spcs) if tn_auth else [],
        "ranges": [list(block) for block in tn_auth.ranges] if tn_auth else [],
        "numbers": list(tn_auth.numbers) if tn_auth else [],
        "constraints": _constraints(certificate.constraints),
        **span(certificate.not_before, certificate.not_after, now),
        "key": _key(certificate),
        "key_usage": None if certificate.key_usage is None else sorted(certificate.key_usage),
        "is_ca": certificate.is_ca,
        "path_length": certificate.path_length,
        "crl_points": [{"urls": list(urls), "issuers": list(by)} for urls, by in certificate.crl_points],
        "policies": list(certificate.policies),
        "serial": f"{certificate.serial:x}",
        "sha256": certificate.sha256,
        "skid": certificate.skid,
        "akid": certificate.akid,
        "faults": _faults(certificate),
    }


def role(certificate: Certificate, parent: Certificate | None) -> str:
    """What a certificate is for, by what it says and by its issuer, where that is known."""
    if certificate.is_ca:
        if certificate.tn_auth or certificate.tn_auth_fault:
            return "delegate CA"
        return "root" if certificate.issuer_name == certificate.subject_name else "intermediate"
    if certificate.tn_auth is None:
        return "end entity"
    return "delegate" if parent is not None and parent.tn_auth else "signer"


def issuer_among(certificate: Certificate, others: Sequence[Certificate]) -> Certificate | None:
    """The certificate whose key signed this one: itself, one of the others, or None."""
    named = (c for c in others if c.subject_name == certificate.issuer_name)
    return next((c for c in named if is_signed_by(certificate.x509, c.public_key)), None)


def span(start: float, end: float | None, now: float) -> Row:
    """When something is in force, and for how long yet. end: None where that is not said."""
    state = "not_yet_valid" if now < start else "expired" if end is not None and now > end else "in_force"
    return {
        "not_before": iso(start),
        "not_after": None if end is None else iso(end),
        "state": state,
        "days_left": None if end is None else round((end - now) / DAY, 4),
    }


def iso(seconds: float) -> str:
    """2026-03-01T12:00:00Z; empty for what no calendar has."""
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""


def certificate_card(row: Row, place: str) -> Text:
    """A row on a terminal, most important first. place: where the certificate stands."""
    card = Text(f"{row['role']}: {plain(row['subject']) or 'a certificate without a subject'}", "bold")
    card.append(f"\n  {plain(place)}", "dim")
    card.append(_issuer_words(row), "dim")
    for fault in row["faults"]:
        field(card, "fault", fault, "bold red")
    field(card, "issuer", row["issuer"])
    for line in authority_lines(row):
        field(card, "speaks for", line)
    if row["constraints"]:
        for line in _constraint_lines(row["constraints"]):
            field(card, "claims", line)
    field(card, "valid", span_words(row), span_style(row))
    field(card, "key", row["key"])
    field(card, "may", ", ".join(row["key_usage"] or ()) or "anything: it has no key usage")
    if row["is_ca"]:
        below = row["path_length"]
        field(card, "CA", "any number of CAs below" if below is None else plural(below, "CA") + " below")
    for point in row["crl_points"]:
        by = f", by {'; '.join(point['issuers'])}" if point["issuers"] else ""
        field(card, "CRL", ", ".join(point["urls"]) + by)
    field(card, "policies", ", ".join(row["policies"]))
    field(card, "serial", row["serial"], "dim")
    field(card, "sha256", row["sha256"], "dim")
    field(card, "key id", row["skid"] + (f", of its issuer {row['akid']}" if row["akid"] else ""), "dim")
    return card


def field(card: Text, label: str, value: str, style: str = "") -> None:
    """One line of a card; none where there is nothing to say."""
    if value:
        card.append(f"\n  {label:<{_LABEL}}", "dim").append(plain(value), style)


def authority_lines(row: Row) -> list[str]:
    """For whom and for which numbers a row speaks, in words."""
    lines = []
    if row["spcs"]:
        lines.append(f"{'SPC' if len(row['spcs']) == 1 else 'SPCs'} {', '.join(row['spcs'])}")
    blocks = [f"+{start} and {count - 1:,} more" for start, count in row["ranges"]]
    blocks += [f"+{number}" for number in row["numbers"]]
    if len(blocks) > _MOST:
        blocks[_MOST:] = [f"and {len(blocks) - _MOST:,} ranges and numbers more"]
    return lines + blocks


def span_words(row: Row) -> str:
    """`2026-03-01 11:00 to 2026-03-08 12:00 UTC: 7 days left`."""
    times = [_minutes(row["not_before"]), _minutes(row["not_after"] or "")]
    words = f"{times[0]} to {times[1] or 'no said end'} UTC"
    left = remaining(row)
    return f"{words}: {left}" if left else words


def remaining(row: Row) -> str:
    """`6 days left`, `expired 2 days ago`, `not yet`; empty where no end is said."""
    if row["state"] == "not_yet_valid":
        return "not yet"
    days = row["days_left"]
    if days is None:
        return ""
    return f"expired {_days(-days)} ago" if row["state"] == "expired" else f"{_days(days)} left"


def span_style(row: Row) -> str:
    """The colour of a validity: red where it is over, yellow where it soon will be."""
    if row["state"] == "in_force" and row["days_left"] is not None and row["days_left"] < SOON:
        return "yellow"
    return STATES[row["state"]]


def plain(text: str) -> str:
    """A stranger's text in one line that steers no terminal."""
    return clean(text, 600).replace("\n", "\N{REPLACEMENT CHARACTER}")


def _issuer_words(row: Row) -> str:
    by = row["issued_by"]
    if by is None:
        return ": its issuer is not here"
    return ": signed by itself" if by == "itself" else f": issued by number {by}"


def _issued_by(
    certificate: Certificate, parent: Certificate | None, others: Sequence[Certificate]
) -> int | str | None:
    if parent is None:
        return None
    return "itself" if parent == certificate else list(others).index(parent) + 1


def _constraints(limits: ClaimConstraints | None) -> Row | None:
    if limits is None:
        return None
    return {
        "must_include": list(limits.must_include),
        "permitted": {name: list(values) for name, values in limits.permitted.items()},
        "must_exclude": list(limits.must_exclude),
    }


def _constraint_lines(limits: Row) -> list[str]:
    lines = []
    if limits["must_include"]:
        lines.append(f"must have {', '.join(limits['must_include'])}")
    lines += [f"{name} only {' or '.join(values)}" for name, values in limits["permitted"].items()]
    if limits["must_exclude"]:
        lines.append(f"must not have {', '.join(limits['must_exclude'])}")
    return lines


def _key(certificate: Certificate) -> str | None:
    key = certificate.public_key
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _KEY_NAMES.get(key.curve.name, key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return None if key is None else type(key).__name__.removesuffix("PublicKey")


def _faults(certificate: Certificate) -> list[str]:
    """What keeps a certificate from signing calls, or from being understood."""
    found = []
    if certificate.key_fault and not certificate.is_ca:
        found.append(certificate.key_fault)
    found += [fault for fault in (certificate.tn_auth_fault, certificate.constraints_fault) if fault]
    if certificate.unknown_critical:
        found.append(f"critical extensions that nobody here knows: {', '.join(certificate.unknown_critical)}")
    return found


def _days(days: float) -> str:
    if days >= 2:
        return plural(int(days), "day")
    return plural(int(days * 24), "hour") if days * 24 >= 2 else plural(int(days * 1440 + 0.5), "minute")


def _minutes(time: str) -> str:
    return time[:16].replace("T", " ")
