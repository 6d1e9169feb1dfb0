"""Rows of the decision log: one per judged INVITE, the columns of the call record and the verdict."""

from __future__ import annotations

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
