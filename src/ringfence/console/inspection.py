"""Whatever a provider or a policy administrator hands out, as rows: certificates, revocation lists, CA lists.

Nothing is believed: what a list says is shown, whoever signed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from cryptography import x509
from rich.text import Text

from ringfence.console.certificates import (
    Row,
    certificate_card,
    certificate_row,
    field,
    iso,
    plain,
    remaining,
    span,
    span_style,
    span_words,
)
from ringfence.console.display import plural
from ringfence.errors import InputError
from ringfence.model.rejected import Rejected
from ringfence.verify.certificate import UNREADABLE, Certificate, parse_certificates
from ringfence.verify.passport import from_base64url

_MOST = 20

_CRL = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.S)


class _List(msgspec.Struct):
    """What is shown of a CA list's payload, as loosely as can be."""

    trust_list: list[str] = msgspec.field(default_factory=list, name="trustList")
    version: str | int | float | None = None
    sequence: int | str | None = None
    exp: float | None = None


def read_rows(octets: bytes, place: str, now: float) -> Iterator[Row]:
    """What a file holds, one row each. place: its name. now: seconds since 1970.

    Raises InputError for a file that holds nothing of the kind, in one line.
    """
    if (jws := _open_jws(octets)) is not None:
        yield from _ca_list_rows(*jws, place, now)
        return
    blocks = _CRL.findall(octets)
    for block in blocks:
        row = _crl_row(block, place, now)
        if row is None:
            raise InputError(f"{place}: a revocation list that can't be read; fetch it anew")
        yield row
    if blocks and b"-----BEGIN CERTIFICATE-----" not in octets:
        return
    read = parse_certificates(octets)
    if not isinstance(read, Rejected):
        yield from _certificate_rows(read, place, now)
    elif octets[:1] == b"\x30" and (row := _crl_row(octets, place, now)):
        yield row
    else:
        raise InputError(f"{place}: {read.detail}; give certificates, a revocation list or a CA list")


def card(row: Row) -> Text:
    """A row of `read_rows` on a terminal."""
    if row["kind"] == "certificate":
        of = f", {row['position']} of {row['of']}" if row["of"] > 1 else ""
        return certificate_card(row, row["place"] + of)
    return _crl_card(row) if row["kind"] == "crl" else _ca_list_card(row)


def _certificate_rows(certificates: Sequence[Certificate], place: str, now: float) -> Iterator[Row]:
    for position, certificate in enumerate(certificates, 1):
        row = certificate_row(certificate, certificates, now)
        where = {"place": place, "position": position, "of": len(certificates)}
        yield {"kind": row.pop("kind"), **where, **row}


def _crl_row(octets: bytes, place: str, now: float) -> Row | None:
    try:
        read = x509.load_pem_x509_crl if octets.startswith(b"-----") else x509.load_der_x509_crl
        crl = read(octets)
        until = crl.next_update_utc
        extensions = {e.oid.dotted_string: e.value for e in crl.extensions}
        scope = extensions.get(x509.IssuingDistributionPoint.oid.dotted_string)
        number = extensions.get(x509.CRLNumber.oid.dotted_string)
        revoked = list(_entries(crl))
        return {
            "kind": "crl",
            "place": place,
            "issuer": crl.issuer.rfc4514_string(),
            "number": number.crl_number if isinstance(number, x509.CRLNumber) else None,
            "indirect": isinstance(scope, x509.IssuingDistributionPoint) and scope.indirect_crl,
            **span(crl.last_update_utc.timestamp(), until.timestamp() if until else None, now),
            "entries": len(revoked),
            "revoked": revoked,
        }
    except UNREADABLE:
        return None


def _entries(crl: x509.CertificateRevocationList) -> Iterator[Row]:
    issuer = None  # of an indirect list: that of the entry before, where none is said (RFC 5280 5.3.3)
    for entry in crl:
        reason = None
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CertificateIssuer):
                names = extension.value.get_values_for_type(x509.DirectoryName)
                issuer = names[0].rfc4514_string() if names else None
            elif isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason.value
        at = iso(entry.revocation_date_utc.timestamp())
        yield {"serial": f"{entry.serial_number:x}", "issuer": issuer, "at": at, "reason": reason}


def _crl_card(row: Row) -> Text:
    called = "indirect revocation list" if row["indirect"] else "revocation list"
    card = Text(f"{called}: {plain(row['issuer'])}", "bold").append(f"\n  {plain(row['place'])}", "dim")
    field(card, "valid", span_words(row), span_style(row))
    field(card, "number", "" if row["number"] is None else str(row["number"]))
    field(card, "revoked", plural(row["entries"], "certificate"))
    for entry in row["revoked"][:_MOST]:
        by = f" of {entry['issuer']}" if entry["issuer"] else ""
        why = f", {entry['reason']}" if entry["reason"] else ""
        field(card, "", f"{entry['serial']}{by}, {entry['at'][:10]}{why}")
    if row["entries"] > _MOST:
        field(card, "", f"and {row['entries'] - _MOST:,} more: see --json", "dim")
    return card


def _open_jws(octets: bytes) -> tuple[dict[str, Any], _List] | None:
    """Header and payload of a JWS that holds a list of CAs, not verified; None for anything else."""
    parts = octets.strip().split(b".")
    opened = [from_base64url(part) for part in parts[:2]]
    if len(parts) != 3 or opened[0] is None or opened[1] is None:
        return None
    try:
        header = msgspec.json.decode(opened[0], type=dict[str, Any])
        return header, msgspec.json.decode(opened[1], type=_List)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _ca_list_rows(header: dict[str, Any], listed: _List, place: str, now: float) -> Iterator[Row]:
    certificates: list[Certificate] = []
    unread = []
    for position, pem in enumerate(listed.trust_list, 1):
        read = parse_certificates(pem.encode("utf-8", "replace"))
        if isinstance(read, Rejected):
            unread.append(f"entry {position}: {read.detail}")
        else:
            certificates += read
    until = listed.exp
    is_over = until is not None and now > until
    yield {
        "kind": "ca_list",
        "place": place,
        "version": listed.version,
        "sequence": listed.sequence,
        "x5u": str(header.get("x5u", "")),
        "alg": str(header.get("alg", "")),
        "not_after": None if until is None else iso(until),
        "state": "expired" if is_over else "in_force",
        "days_left": None if until is None else round((until - now) / 86_400, 4),
        "certificates": len(certificates),
        "faults": unread,
    }
    yield from _certificate_rows(certificates, place, now)


def _ca_list_card(row: Row) -> Text:
    card = Text(f"list of trusted CAs: {plural(row['certificates'], 'certificate')}", "bold")
    card.append(f"\n  {plain(row['place'])}: its signature is not checked here", "dim")
    for fault in row["faults"]:
        field(card, "fault", fault, "bold red")
    if row["not_after"]:
        until = row["not_after"][:16].replace("T", " ")
        field(card, "valid", f"to {until} UTC: {remaining(row)}", span_style(row))
    field(card, "version", str(row["version"] or ""))
    field(card, "sequence", str(row["sequence"] or ""))
    field(card, "signed", f"{row['alg']} by the certificate at {row['x5u']}" if row["x5u"] else row["alg"])
    return card
