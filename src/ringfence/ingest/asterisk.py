"""Asterisk's CDRs: Master.csv without header (cdr_csv), and exports with one (cdr_custom, cdr_adaptive, SQL).

Columns as in Asterisk's "CDR Specification"; Master.csv ends with uniqueid and userfield where cdr.conf
asks for them. Times are the switch's local ones unless `usegmtime` is set: give the zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.ingest.causes import answered_is_200
from ringfence.ingest.dialect import Dialect, first_by_lower, first_rows, header_of, sniff
from ringfence.ingest.format import Batch, Format
from ringfence.ingest.mapped import text_batches
from ringfence.ingest.mapping import Column, Mapping
from ringfence.ingest.source import head

_MASTER = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
]
#: Master.csv as some builds write it, without the application.
_WITHOUT_APP = [name for name in _MASTER if name not in ("lastapp", "lastdata")]

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_UNIQUE_ID = re.compile(r"(?:\S+-)?\d{9,}\.\d+")
#: Disposition to SIP status.
DISPOSITIONS: dict[str, str | int | bool] = {
    "ANSWERED": 200,
    "NO ANSWER": 480,
    "BUSY": 486,
    "FAILED": 503,
    "CONGESTION": 503,
}
# PJSIP/carrier-a-0000001f -> carrier-a; Local/100@from-internal-00000001;1 -> 100@from-internal
_CHANNEL = r"^[^/]+/(.+?)(?:-[0-9a-fA-F]{6,})?(?:;\d)?$"


class Asterisk(msgspec.Struct, frozen=True):
    zone: str | None = None
    name: str = "asterisk"

    def recognises(self, head: bytes, path: Path) -> bool:
        dialect = sniff(head)
        return dialect is not None and (_has_header(head, dialect) or _layout(head, dialect) is not None)

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        dialect = sniff(beginning) or Dialect()
        headed = _has_header(beginning, dialect)
        names = header_of(beginning, dialect) if headed else _layout(beginning, dialect) or _MASTER
        return text_batches(
            path, dialect, _mapping(names), names, zone=self.zone, skip=int(headed), finish=answered_is_200
        )


def _has_header(head: bytes, dialect: Dialect) -> bool:
    names = {name.lower() for name in header_of(head, dialect)}
    return {"src", "dst", "disposition"} <= names and bool(names & {"calldate", "start"})


def _layout(head: bytes, dialect: Dialect) -> list[str] | None:
    """The columns of a headerless file, by where its times and disposition stand."""
    for row in first_rows(head, dialect):
        for base in (_MASTER, _WITHOUT_APP):
            fields = dict(zip(base, row, strict=False))
            if (
                len(base) - 1 <= len(row) <= len(base) + 6
                and _TIME.fullmatch(fields["start"])
                and _TIME.fullmatch(fields["end"])
                and fields["disposition"] in DISPOSITIONS
            ):
                return base[: len(row)] + _endings(row[len(base) :])
    return None


def _endings(fields: list[str]) -> list[str]:
    names = []
    for number, field in enumerate(fields):
        is_id = _UNIQUE_ID.fullmatch(field) and "uniqueid" not in names
        names.append("uniqueid" if is_id else f"userfield{number}")
    return names


def _mapping(present: list[str]) -> Mapping:
    known = first_by_lower(present)

    def there(*names: str) -> list[str]:
        return [known[name] for name in names if name in known]

    columns = {
        "call_id": Column(there("uniqueid")),
        "start_time": Column(there("start", "calldate")),
        "caller": Column(there("src", "clid")),
        "called": Column(there("dst")),
        "trunk": Column(there("channel"), pattern=_CHANNEL),
        "egress_trunk": Column(there("dstchannel"), pattern=_CHANNEL),
        "account": Column(there("accountcode")),
        "status": Column(there("disposition"), values=DISPOSITIONS),
    }
    if "end" in known:
        columns |= {"answer_time": Column(there("answer")), "end_time": Column(there("end"))}
    elif "duration" in known:
        columns["end_time"] = Column(there("duration"), after="start_time")
        columns["answer_time"] = Column(there("billsec"), before="end_time")
    return Mapping({name: column for name, column in columns.items() if column.sources})


FORMAT = Asterisk()
