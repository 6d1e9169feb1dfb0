"""3GPP charging records as an operator's mediation emits them: TS 32.298 in BER, plain or in TS 32.297 files.

MSC call records (MO, MT, roaming, gateway, transit) and those of the SIP/IMS nodes. Each record is one leg
as one node saw it: hunt on the records of one kind of node, or a call counts once a node. Needs the
`threegpp` extra (pycrate), which is imported when the first such file is read.
"""

from __future__ import annotations

import functools
from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from ringfence.errors import InputError
from ringfence.ingest.ber import context_tag, elements, wrap
from ringfence.ingest.cdr_file import CALLS, Record, framed, record_at, records
from ringfence.ingest.format import Batch, Reject
from ringfence.ingest.threegpp_fields import (
    IMS_FIELDS,
    MSC_FIELDS,
    ims_call,
    is_call,
    is_partial,
    joined,
    msc_call,
    part_of,
)
from ringfence.model.record import CALL_RECORD

ROWS = 20_000
#: Calls whose last part is awaited: it bounds memory.
WAITING = 100_000

_LACKING = {"call_id", "diverted_from", "account", "roaming", "attestation", "verstat", "origid", "signer"}
_LACKING |= {"user_agent", "fingerprint", "fingerprint_parts", "imsi_token"}
_COLUMNS = [name for name in CALL_RECORD.names if name not in _LACKING]
_SCHEMA = pa.schema([*(CALL_RECORD.field(name) for name in _COLUMNS), pa.field("source_row", pa.int64())])


class ThreeGpp(msgspec.Struct, frozen=True):
    name: str = "3gpp"

    def recognises(self, head: bytes, path: Path) -> bool:
        return framed(head) is not None or record_at(head, 0) is not None

    def read(self, path: Path) -> Iterator[Batch]:
        calls = _Calls(str(path))
        offset = 0
        for found in records(path):
            if isinstance(found, Reject):
                offset = found.position
                calls.rejects.append(found)
            else:
                offset = found.offset
                calls.take(found)
            if len(calls.rows) + len(calls.rejects) >= ROWS:
                yield calls.batch(offset)
        calls.trim(0)
        yield calls.batch(offset)


class _Calls:
    """Rows of a file's records, with the parts of a call put together."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows: list[dict[str, Any]] = []
        self.rejects: list[Reject] = []
        self._notes: Counter[str] = Counter()
        self._parts: OrderedDict[tuple[object, ...], dict[str, Any]] = OrderedDict()

    def take(self, record: Record) -> None:
        """One record. One that is not about a call is noted, one that cannot be decoded a reject."""
        if record.kind not in CALLS:
            self._notes["not_a_call"] += 1
            return
        decoder = _decoder(record.kind)
        try:
            fields = decoder.decode(record.content)
            if decoder.ims and not is_call(fields):
                self._notes["not_a_call"] += 1
                return
            row = ims_call(fields) if decoder.ims else msc_call(record.kind, fields)
        except Exception as error:  # pycrate raises what it likes for damaged octets; a record is data
            why = f"{decoder.name}: {' '.join(str(error).split()) or type(error).__name__}"
            raw = record.content[:500].hex()
            self.rejects.append(Reject(self.file, record.offset, "bad_ber", why[:200], raw))
            return
        self._place({**row, "source_row": record.offset}, part_of(record.kind, fields), is_partial(fields))

    def _place(self, row: dict[str, Any], key: tuple[object, ...] | None, more: bool) -> None:
        if key is not None and key in self._parts:
            row = joined(self._parts.pop(key), row)
            self._notes["parts_joined"] += 1
        if key is not None and more:
            self._parts[key] = row
            self.trim(WAITING)
        else:
            self.rows.append(row)

    def trim(self, most: int) -> None:
        """Let go of the calls that waited longest for their last part, until `most` are left."""
        while len(self._parts) > most:
            self.rows.append(self._parts.popitem(last=False)[1])
            self._notes["last_part_missing"] += 1

    def batch(self, offset: int) -> Batch:
        """What has been read since the last batch."""
        made = Batch(pa.Table.from_pylist(self.rows, _SCHEMA), self.rejects, offset, dict(self._notes))
        self.rows, self.rejects, self._notes = [], [], Counter()
        return made


class _Decoder:
    """Decodes the wanted fields of one kind of record."""

    def __init__(self, choice: Any, name: str, ims: bool) -> None:
        self.name, self.ims = name, ims
        self._choice = choice
        alternative = choice._cont[name]
        self._tag = context_tag(alternative._tag[0], constructed=True)
        wanted = IMS_FIELDS if ims else MSC_FIELDS
        self._wanted = {
            field._tag[0] for label, field in alternative._cont.items() if label in wanted or not field._opt
        }

    def decode(self, content: bytes) -> dict[str, Any]:
        """The fields of a record. Others are dropped before decoding: that is faster, and a vendor's own
        additions cannot spoil a record."""
        kept = b"".join(
            content[e.start : e.end]
            for e in elements(content, 0, len(content))
            if _number(e.tag) in self._wanted
        )
        self._choice.from_ber(wrap(self._tag, kept))
        fields: dict[str, Any] = self._choice.get_val()[1]
        return fields


def _number(tag: bytes) -> int | None:
    """The number of a context-specific tag."""
    if tag[0] & 0xC0 != 0x80:
        return None
    if len(tag) == 1:
        return tag[0] & 0x1F
    return int("".join(f"{octet & 0x7F:07b}" for octet in tag[1:]), 2)


@functools.cache
def _decoder(kind: int) -> _Decoder:
    msc, ims = _modules()
    for choice in (msc, ims):
        for name, alternative in choice._cont.items():
            same = alternative._tag[0] == kind if choice is ims else kind < 6 and alternative._tag[0] == kind
            if same:
                return _Decoder(choice, name, choice is ims)
    raise AssertionError(f"no decoder for recordType {kind}")  # CALLS and the ASN.1 modules agree


@functools.cache
def _modules() -> tuple[Any, Any]:
    """CSRecord and IMSRecord. Takes some seconds and 70 MB."""
    try:
        from pycrate_asn1dir import CDR
    except ImportError as error:
        raise InputError(
            "3GPP charging records need an extra; install it with: pip install 'ringfence[threegpp]'"
        ) from error
    return CDR.CSChargingDataTypes.CSRecord, CDR.IMSChargingDataTypes.IMSRecord


FORMAT = ThreeGpp()
