"""FreeSWITCH's JSON CDRs (mod_json_cdr): one call a file, or any number of them in one file.

Of a call, `variables` holds what is needed (URL-encoded, as the module's encode-values sets it by default)
and `callflow` the numbers as they were when the call came in. Times are epoch microseconds or seconds.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pyarrow as pa

from ringfence.ingest.causes import BY_NAME, answered_is_200
from ringfence.ingest.dialect import encoding_of
from ringfence.ingest.format import Batch, Reject
from ringfence.ingest.mapping import Column, Mapping, apply
from ringfence.ingest.source import Reader, head

ROWS = 50_000
BLOCK = 1 << 20
LONGEST_CALL = 8 << 20


class FreeSwitchJson(msgspec.Struct, frozen=True):
    name: str = "freeswitch-json"

    def recognises(self, head: bytes, path: Path) -> bool:
        start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n[")[:1]
        return start == b"{" and b'"variables"' in head and (b'"callflow"' in head or b'"core-uuid"' in head)

    def read(self, path: Path) -> Iterator[Batch]:
        if encoding_of(head(path)) != "utf-8":
            bad = Reject(str(path), 1, "not_utf8", "JSON in UTF-16; convert it to UTF-8")
            yield Batch(_NOTHING, [bad])
            return
        with Reader(path) as reader:
            calls: list[dict[str, str | None]] = []
            rejects: list[Reject] = []
            for line, document in _documents(reader):
                made = _call(document) if isinstance(document, dict) else None
                if made is None:
                    raw = document if isinstance(document, str) else json.dumps(document)
                    why = "not JSON" if isinstance(document, str) else "JSON, but no FreeSWITCH call record"
                    rejects.append(Reject(str(path), line, "bad_json", why, raw[:4000]))
                else:
                    calls.append({**made, "source_row": line})  # type: ignore[dict-item]
                if len(calls) + len(rejects) >= ROWS:
                    yield _batch(path, calls, rejects, reader.position)
                    calls, rejects = [], []
            if reader.damage:
                rejects.append(Reject(str(path), 1, "file_truncated", reader.damage))
            yield _batch(path, calls, rejects, reader.position)


def _documents(reader: Reader) -> Iterator[tuple[int, Any]]:
    """Each JSON value with the line it begins on; text that is no JSON comes as a string, cut at the next
    line that begins an object."""
    decoder = json.JSONDecoder()
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    text, line, last = "", 1, False
    while not last or text:
        if not last:
            block = reader.read(BLOCK)
            last = len(block) < BLOCK
            text += decode(block, last)
            if line == 1:
                text = text.removeprefix("\ufeff")
        at = 0
        while True:
            while at < len(text) and text[at] in " \t\r\n,[]":
                line += text[at] == "\n"
                at += 1
            if at == len(text):
                break
            try:
                value, end = decoder.raw_decode(text, at)
            except (json.JSONDecodeError, RecursionError):
                # not yet all there, or never: a line that begins an object starts afresh
                end = text.find("\n{", at + 1)
                whole = last or len(text) - at > LONGEST_CALL
                if not whole:
                    break
                end = len(text) if end < 0 else end + 1
                value = text[at:end]
            yield line, value
            line += text.count("\n", at, end)
            at = end
        text = text[at:]
        if last:
            break


def _call(document: dict[str, Any]) -> dict[str, str | None] | None:
    variables = document.get("variables")
    if not isinstance(variables, dict):
        return None
    found = {name: _text(variables.get(name)) for name in _VARIABLES}
    profile = _profile(document.get("callflow"))
    for name in ("caller_id_number", "destination_number", "ani", "rdnis", "network_addr"):
        found[f"profile_{name}"] = _text(profile.get(name))
    return found


def _profile(callflow: Any) -> dict[str, Any]:
    """The caller profile of the earliest leg of the call flow: it is listed last."""
    flows = callflow if isinstance(callflow, list) else [callflow]
    for flow in reversed(flows):
        profile = flow.get("caller_profile") if isinstance(flow, dict) else None
        if isinstance(profile, dict):
            return profile
    return {}


def _text(value: Any) -> str | None:
    return unquote(str(value)) if isinstance(value, str | int) and value not in ("", "_undef_") else None


_MAPPING = Mapping(
    {
        "call_id": Column("uuid"),
        "sip_call_id": Column("sip_call_id"),
        "start_time": Column(["start_uepoch", "start_epoch"], format="epoch"),
        "answer_time": Column(["answer_uepoch", "answer_epoch"], format="epoch", values={"0": ""}),
        "end_time": Column(["end_uepoch", "end_epoch"], format="epoch", values={"0": ""}),
        "caller": Column(["profile_caller_id_number", "caller_id_number", "sip_from_user"]),
        "called": Column(["profile_destination_number", "destination_number", "sip_req_user", "sip_to_user"]),
        "diverted_from": Column(["profile_rdnis", "sip_h_Diversion"]),
        "trunk": Column(["sip_gateway_name", "sip_profile_name"]),
        "account": Column("accountcode"),
        "status": Column(["sip_invite_failure_status", "sip_term_status", "hangup_cause"], values=BY_NAME),
        "user_agent": Column("sip_user_agent"),
        "source_ip": Column(["sip_network_ip", "profile_network_addr"]),
    }
)
_VARIABLES = [name for name in _MAPPING.sources if not name.startswith("profile_")]
_SOURCE = pa.schema([(name, pa.string()) for name in _MAPPING.sources] + [("source_row", pa.int64())])
_NOTHING = apply(_MAPPING, _SOURCE.empty_table(), "UTC").rows


def _batch(path: Path, calls: list[dict[str, str | None]], rejects: list[Reject], position: int) -> Batch:
    applied = apply(_MAPPING, pa.Table.from_pylist(calls, _SOURCE), "UTC")
    # what was written for the record: a call's `source_row` is a number, whatever its type says
    written = {str(call["source_row"]): json.dumps(call) for call in calls} if applied.unreadable else {}
    unreadable = [
        Reject(str(path), row, why, detail, written[str(row)]) for row, why, detail in applied.unreadable
    ]
    return Batch(answered_is_200(applied.rows), rejects + unreadable, position, applied.notes)


FORMAT = FreeSwitchJson()
