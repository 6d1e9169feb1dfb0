"""FreeSWITCH's CSV CDRs (mod_cdr_csv) in the templates that its default configuration ships.

Times are the switch's local ones: give the zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringfence.ingest.causes import BY_NAME, answered_is_200
from ringfence.ingest.dialect import Dialect, first_rows, sniff
from ringfence.ingest.format import Batch, Format
from ringfence.ingest.mapped import text_batches
from ringfence.ingest.mapping import Column, Mapping
from ringfence.ingest.source import head

#: The columns of cdr_csv.conf.xml's templates. example, snom and linksys begin alike.
_EXAMPLE = [
    "caller_id_name",
    "caller_id_number",
    "destination_number",
    "context",
    "start_stamp",
    "answer_stamp",
    "end_stamp",
    "duration",
    "billsec",
    "hangup_cause",
    "uuid",
    "bleg_uuid",
    "accountcode",
    "read_codec",
    "write_codec",
    "sip_user_agent",
]
_ASTERISK = [
    "accountcode",
    "caller_id_number",
    "destination_number",
    "context",
    "caller_id",
    "channel_name",
    "bridge_channel",
    "last_app",
    "last_arg",
    "start_stamp",
    "answer_stamp",
    "end_stamp",
    "duration",
    "billsec",
    "hangup_cause",
    "amaflags",
    "uuid",
    "userfield",
]

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_QUOTED = r'^"?(.*?)"?$'  # the snom template has a space before a quote, which CSV takes literally


class FreeSwitchCsv(msgspec.Struct, frozen=True):
    zone: str | None = None
    name: str = "freeswitch-csv"

    def recognises(self, head: bytes, path: Path) -> bool:
        dialect = sniff(head)
        return dialect is not None and _layout(head, dialect) is not None

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        dialect = sniff(beginning) or Dialect()
        names = _layout(beginning, dialect) or _EXAMPLE
        return text_batches(path, dialect, _MAPPING, names, zone=self.zone, finish=answered_is_200)


def _layout(head: bytes, dialect: Dialect) -> list[str] | None:
    for row in first_rows(head, dialect):
        for base, least in ((_EXAMPLE, 12), (_ASTERISK, 17)):
            fields = dict(zip(base, row, strict=False))
            if (
                len(row) >= least
                and _TIME.fullmatch(fields["start_stamp"])
                and _TIME.fullmatch(fields["end_stamp"])
                and re.fullmatch("[A-Z_]+", fields["hangup_cause"])
                and _UUID.fullmatch(fields["uuid"])
            ):
                extra = [f"extra{n}" for n in range(len(base), len(row))]
                return base[: len(row)] + extra
    return None


_MAPPING = Mapping(
    {
        "call_id": Column("uuid"),
        "start_time": Column("start_stamp"),
        "answer_time": Column("answer_stamp"),
        "end_time": Column("end_stamp"),
        "caller": Column("caller_id_number"),
        "called": Column("destination_number"),
        "trunk": Column("channel_name"),
        "account": Column("accountcode", pattern=_QUOTED),
        "status": Column("hangup_cause", values=BY_NAME),
        "user_agent": Column("sip_user_agent"),
    }
)

FORMAT = FreeSwitchCsv()
