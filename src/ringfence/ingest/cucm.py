"""Cisco Unified Communications Manager CDR files: a header, a row of column types, then records.

Cisco, "Call Detail Records Administration Guide": times are epoch seconds in UTC, 0 for never; an IPv4
address is a signed decimal whose lowest byte is the first octet; causes are Q.850's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.ingest.causes import BY_CAUSE, answered_is_200
from ringfence.ingest.dialect import Dialect, first_by_lower, first_rows, header_of, sniff
from ringfence.ingest.format import Batch
from ringfence.ingest.mapped import text_batches
from ringfence.ingest.mapping import Column, Mapping
from ringfence.ingest.source import head

_SIGNATURE = {"globalcallid_callid", "datetimeorigination", "finalcalledpartynumber"}


class Cucm(msgspec.Struct, frozen=True):
    name: str = "cucm"

    def recognises(self, head: bytes, path: Path) -> bool:
        dialect = sniff(head)
        return dialect is not None and {name.lower() for name in header_of(head, dialect)} >= _SIGNATURE

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        dialect = sniff(beginning) or Dialect()
        names = header_of(beginning, dialect)
        rows = first_rows(beginning, dialect, 2)
        types = len(rows) > 1 and all(
            field.strip().upper().startswith(("INTEGER", "VARCHAR", "UNIQUEIDENTIFIER", "BIGINT", "SMALLINT"))
            for field in rows[1]
        )
        skip = 2 if types else 1
        return text_batches(
            path, dialect, _mapping(names), zone="UTC", names=names, skip=skip, finish=_finish
        )


def _mapping(names: list[str]) -> Mapping:
    known = first_by_lower(names)

    def column(*wanted: str, **how: object) -> Column:
        there = [known[name.lower()] for name in wanted if name.lower() in known]
        return msgspec.structs.replace(Column(there), **how)

    columns = {
        "call_id": column("pkid"),
        "sip_call_id": column("incomingProtocolCallRef", "outgoingProtocolCallRef"),
        "start_time": column("dateTimeOrigination", format="epoch", unit="s"),
        "answer_time": column("dateTimeConnect", format="epoch", unit="s"),
        "end_time": column("dateTimeDisconnect", format="epoch", unit="s"),
        "caller": column("callingPartyNumber"),
        "called": column("finalCalledPartyNumber", "originalCalledPartyNumber"),
        "diverted_from": column("lastRedirectDn"),
        "trunk": column("origDeviceName"),
        "egress_trunk": column("destDeviceName"),
        "status": column("destCause_value", "origCause_value", values=BY_CAUSE),
        "source_ip": column("origIpv4v6Addr", "origIpAddr", format="signed_le"),
    }
    return Mapping({name: made for name, made in columns.items() if made.sources})


def _finish(rows: pa.Table) -> pa.Table:
    """lastRedirectDn repeats the called number where nobody diverted."""
    if "diverted_from" in rows.column_names:
        diverted, called = rows.column("diverted_from"), rows.column("called")
        real = pc.if_else(pc.fill_null(pc.equal(diverted, called), False), None, diverted)
        rows = rows.set_column(rows.column_names.index("diverted_from"), "diverted_from", real)
    return answered_is_200(rows)


FORMAT = Cucm()
