"""Rows of the decision log: one per judged INVITE, the columns of the call record and the verdict."""

from __future__ import annotations

import msgspec
import pyarrow as pa

from ringfence.model.record import CALL_RECORD

#: docs/reference/records.md says what each column means.
DECISION: pa.Schema = pa.schema(
    [
        *CALL_RECORD,
        pa.field("action", pa.string()),
        pa.field("would", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("mode", pa.string()),
        pa.field("policy", pa.string()),
        pa.field("signals", pa.list_(pa.string())),
        pa.field("sip_status", pa.int16()),
        pa.field("reasons", pa.list_(pa.string())),
    ],
    metadata=CALL_RECORD.metadata,
)


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row. start_time: microseconds since 1970, UTC; the other fields as in `DECISION`."""

    call_id: str
    start_time: int
    called: str = ""
    sip_call_id: str | None = None
    caller: str | None = None
    network_number: str | None = None
    diverted_from: str | None = None
    trunk: str | None = None
    account: str | None = None
    carrier: str | None = None
    ingress: str | None = None
    roaming: bool | None = None
    status: int | None = None
    attestation: str | None = None
    verstat: str | None = None
    origid: str | None = None
    signer: str | None = None
    user_agent: str | None = None
    fingerprint: str | None = None
    fingerprint_parts: tuple[str, ...] = ()
    source_ip: str | None = None
    action: str = "allow"
    would: str = "allow"
    rule: str = ""
    mode: str = "live"
    policy: str = ""
    signals: tuple[str, ...] = ()
    sip_status: int | None = None
    reasons: tuple[str, ...] = ()
