"""Exports of the `acc` and `missed_calls` tables of Kamailio and OpenSIPS, as CSV or TSV with a header.

One row is one SIP transaction, at the moment it ended. A call is the INVITE and the BYE with the same
Call-ID, in either order, as long as no more than `WAITING` other calls lie between. An answered call's time
is its answer, and its start too unless OpenSIPS wrote `setuptime`. Where OpenSIPS wrote the duration no BYE
is needed. (Kamailio and OpenSIPS, acc module: database tables.)
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.ingest import delimited
from ringfence.ingest.convert import TIME
from ringfence.ingest.dialect import Dialect, first_by_lower, header_of, sniff
from ringfence.ingest.format import Batch, Format, Reject
from ringfence.ingest.mapped import check_needed, header_remarks
from ringfence.ingest.mapping import Column, Mapping, apply
from ringfence.ingest.source import head
from ringfence.model.record import CALL_RECORD

#: Calls that may wait for their other half: it bounds memory, at about 1 KiB each.
WAITING = 400_000

_SIGNATURE = {"method", "callid", "sip_code", "time"}
_EXTRA = ("method", "setuptime", "duration", "ms_duration")


class Acc(msgspec.Struct, frozen=True):
    zone: str | None = None
    name: str = "acc"

    def recognises(self, head: bytes, path: Path) -> bool:
        dialect = sniff(head)
        return dialect is not None and {name.lower() for name in header_of(head, dialect)} >= _SIGNATURE

    def in_zone(self, zone: str) -> Format:
        return msgspec.structs.replace(self, zone=zone)

    def read(self, path: Path) -> Iterator[Batch]:
        beginning = head(path)
        dialect = sniff(beginning) or Dialect()
        names = header_of(beginning, dialect)
        known = first_by_lower(names)
        mapping = _mapping(known)
        check_needed(path, mapping, self.name)
        extra = [known[name] for name in _EXTRA if name in known]
        join = _Join()
        remarks = header_remarks(path, dialect, names, 1, [*mapping.sources, *extra])
        for part in delimited.read(path, dialect, names, skip=1, wanted=[*mapping.sources, *extra]):
            applied = apply(mapping, part.table, self.zone)
            rejects = part.rejects + [
                Reject(str(path), row, why, detail, part.raw(row)) for row, why, detail in applied.unreadable
            ]
            kept = pc.is_in(part.table["source_row"], applied.rows["source_row"].combine_chunks())
            beside = part.table.filter(kept).select(extra).rename_columns([name.lower() for name in extra])
            for row in _rows(applied.rows, beside):
                join.take(row)
            join.trim(WAITING)
            batch = self._batch(path, mapping, join, rejects, part.notes | applied.notes, part.bytes_read)
            yield msgspec.structs.replace(batch, remarks=remarks)
            remarks = []
        join.trim(0)
        yield self._batch(path, mapping, join, [], {}, path.stat().st_size)

    def _batch(
        self,
        path: Path,
        mapping: Mapping,
        join: _Join,
        rejects: list[Reject],
        notes: dict[str, int],
        position: int,
    ) -> Batch:
        lone = [
            Reject(str(path), row["source_row"], "bye_without_invite", "the call began before this file")
            for row in join.lone
        ]
        names = [*mapping.columns, "answer_time", "end_time"]
        columns = {
            field.name: _column(join.done, field.name, field.type)
            for field in CALL_RECORD
            if field.name in names
        }
        columns["source_row"] = _column(join.done, "source_row", pa.int64())
        notes = dict(Counter(notes) + join.notes)
        join.forget()
        return Batch(pa.table(columns), rejects + lone, position, notes)


def _mapping(known: dict[str, str]) -> Mapping:
    def column(*wanted: str) -> Column:
        return Column([known[name] for name in wanted if name in known])

    columns = {
        "sip_call_id": column("callid"),
        "start_time": column("time"),
        "caller": column("src_user", "caller", "from_user", "from_uri", "fu"),
        "called": column("dst_ouser", "dst_user", "callee", "ruri_user", "to_user", "to_uri", "ru"),
        "status": column("sip_code"),
        "source_ip": column("src_ip", "source_ip", "si"),
        "trunk": column("trunk", "src_trunk", "gateway"),
        "account": column("account", "accountcode", "src_domain"),
        "user_agent": column("user_agent", "ua"),
    }
    return Mapping({name: made for name, made in columns.items() if made.sources or name == "called"})


def _rows(rows: pa.Table, beside: pa.Table) -> Iterator[dict[str, Any]]:
    """Transactions as dicts, with their time in µs."""
    times = rows["start_time"].cast(pa.int64())
    rows = rows.set_column(rows.column_names.index("start_time"), "start_time", times)
    for name in beside.column_names:
        rows = rows.append_column(name, beside[name])
    yield from rows.to_pylist()


def _column(rows: list[dict[str, Any]], name: str, kind: pa.DataType) -> pa.Array:
    values = [row.get(name) for row in rows]
    return pa.array(values, pa.int64()).cast(TIME) if kind == TIME else pa.array(values, kind)


def _microseconds(row: dict[str, Any], name: str, unit: int) -> int | None:
    try:
        length = int(float(row.get(name) or ""))
    except (ValueError, OverflowError):
        return None
    return length * unit if 0 <= length * unit < 2_700_000_000_000 else None  # a month


class _Join:
    """Calls by Call-ID, oldest first, while they wait for their other half."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.lone: list[dict[str, Any]] = []
        self.notes: Counter[str] = Counter()
        # popping the oldest of a plain dict is linear in what was popped before
        self._calls: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._byes: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._round = 0

    def take(self, row: dict[str, Any]) -> None:
        """One transaction."""
        method = str(row["method"]).strip().upper()
        if method == "INVITE":
            self._invite(row)
        elif method == "BYE":
            self._bye(row)
        else:
            self.notes["not_a_call"] += 1

    def _invite(self, row: dict[str, Any]) -> None:
        call_id = row["sip_call_id"] or f"row {row['source_row']}"
        answered = 200 <= (row["status"] or 0) < 300
        earlier = self._calls.get(call_id)
        if earlier is not None and (earlier["answer_time"] is not None or not answered):
            self.notes["part_of_a_call"] += 1  # a re-INVITE, or one more branch that failed
            return
        if earlier is not None:
            self.notes["part_of_a_call"] += 1  # the branch that failed before this one was answered
        moment = row["start_time"]
        row["answer_time"] = moment if answered else None
        row["end_time"] = None if answered else moment
        if answered:
            row["start_time"] = earlier["start_time"] if earlier else moment
            setup = _microseconds(row, "setuptime", 1_000_000)
            if setup is not None and moment is not None:
                row["start_time"] = min(row["start_time"], moment - setup)
            length = _microseconds(row, "ms_duration", 1_000)
            length = _microseconds(row, "duration", 1_000_000) if length is None else length
            bye = self._byes.pop(call_id, None)
            if length is not None and moment is not None:
                row["end_time"] = moment + length
            elif bye is not None:
                row["end_time"] = bye["start_time"]
                self.notes["part_of_a_call"] += 1
        row["round"] = self._round
        self._calls[call_id] = row

    def _bye(self, row: dict[str, Any]) -> None:
        call_id = row["sip_call_id"] or ""
        call = self._calls.get(call_id)
        if call is None or call["answer_time"] is None:
            self._byes.setdefault(call_id, row)
            return
        self.notes["part_of_a_call"] += 1
        if call["end_time"] is None:
            call["end_time"] = row["start_time"]

    def trim(self, most: int) -> None:
        """Let go of the calls that ended before the last round, in which another branch or a second BYE
        may have come, and of those that waited longest, until `most` are left."""
        ended = [k for k, c in self._calls.items() if c["end_time"] is not None and c["round"] < self._round]
        self.done += [self._calls.pop(call_id) for call_id in ended]
        while len(self._calls) > most:
            _, call = self._calls.popitem(last=False)
            self.notes["end_not_recorded"] += call["end_time"] is None
            self.done.append(call)
        while len(self._byes) > most:
            self.lone.append(self._byes.popitem(last=False)[1])
        self._round += 1

    def forget(self) -> None:
        """Start the next batch."""
        self.done, self.lone, self.notes = [], [], Counter()


FORMAT = Acc()
