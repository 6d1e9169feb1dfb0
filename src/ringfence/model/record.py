"""The canonical call record: one row per finished call leg, as Parquet or CSV."""

from __future__ import annotations

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")

#: The call record's columns and Arrow types, in file order. docs/reference/records.md says what each means.
CALL_RECORD: pa.Schema = pa.schema(
    [
        pa.field("call_id", pa.string(), nullable=False),
        pa.field("sip_call_id", pa.string()),
        pa.field("start_time", _TIME, nullable=False),
        pa.field("answer_time", _TIME),
        pa.field("end_time", _TIME),
        pa.field("caller", pa.string()),
        pa.field("network_number", pa.string()),
        pa.field("called", pa.string(), nullable=False),
        pa.field("diverted_from", pa.string()),
        pa.field("trunk", pa.string()),
        pa.field("account", pa.string()),
        pa.field("carrier", pa.string()),
        pa.field("egress_trunk", pa.string()),
        pa.field("next_carrier", pa.string()),
        pa.field("ingress", pa.string()),
        pa.field("roaming", pa.bool_()),
        pa.field("status", pa.int16()),
        pa.field("attestation", pa.string()),
        pa.field("verstat", pa.string()),
        pa.field("origid", pa.string()),
        pa.field("signer", pa.string()),
        pa.field("user_agent", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("fingerprint_parts", pa.list_(pa.string())),
        pa.field("source_ip", pa.string()),
        pa.field("imei_tac", pa.string()),
        pa.field("imsi_token", pa.string()),
        pa.field("cell", pa.string()),
    ]
)

#: What `ringfence numbers tokenise` sets beside hidden numbers and a hunt reads: the kind of the number, and
#: the register's entry in force on the day of the call.
BESIDE: pa.Schema = pa.schema(
    [
        *(
            (f"{side}_{fact}", pa.string())
            for side in ("caller", "called")
            for fact in ("owner", "use", "sector")
        ),
        ("caller_kind", pa.string()),
    ]
)

#: Schema metadata of Parquet files that hold checked call records with normalised numbers: a hunt reads
#: them as they are, without another pass through ingest.
CANONICAL = {b"ringfence": b"call-record-1"}

#: Columns that hold telephone numbers and are normalised to E.164 at ingest.
NUMBER_COLUMNS = ("caller", "network_number", "called", "diverted_from")

#: Columns that hold times.
TIME_COLUMNS = ("start_time", "answer_time", "end_time")

#: A row without these is rejected.
REQUIRED_COLUMNS = ("call_id", "start_time", "called")

#: What `rejected.parquet` holds: one row per row, packet or record that could not be used.
REJECTED: pa.Schema = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),  # row, packet or byte offset, from 1
        pa.field("reason", pa.string(), nullable=False),  # a stable word, counted in summary.json
        pa.field("detail", pa.string()),  # one line for a person
        pa.field("raw", pa.string()),  # the first 1,000 characters as they came
    ]
)
