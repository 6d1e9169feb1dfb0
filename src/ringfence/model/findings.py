"""What a hunt writes: Arrow schemas of its files. docs/reference/records.md says what each column means."""

from __future__ import annotations

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")
_WORDS = pa.list_(pa.string())

FLAGGED_CALLS: pa.Schema = pa.schema(
    [
        ("call_id", pa.string()),
        ("score", pa.float64()),
        ("platform", pa.string()),
        ("campaign", pa.string()),
        ("signals", _WORDS),
        ("reason", pa.string()),
        # the call itself, so that a finding can be read without the records
        ("start_time", _TIME),
        ("talk_seconds", pa.float64()),  # null: not answered
        ("caller", pa.string()),
        ("called", pa.string()),
        ("trunk", pa.string()),
        ("account", pa.string()),
        ("carrier", pa.string()),
        ("fingerprint", pa.string()),
        ("source_ip", pa.string()),
        ("owner", pa.string()),  # whom the presented number belongs to, by the register
    ]
)

CAMPAIGNS: pa.Schema = pa.schema(
    [
        ("campaign", pa.string()),
        ("platform", pa.string()),
        ("score", pa.float64()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
        ("calls", pa.int64()),
        ("answered", pa.int64()),
        ("talk_seconds", pa.float64()),
        ("called_numbers", pa.int64()),
        ("identities", _WORDS),
        ("owners", _WORDS),
        ("trunks", _WORDS),
        ("fingerprints", _WORDS),
        ("signals", _WORDS),
        ("reason", pa.string()),
    ]
)

PLATFORMS: pa.Schema = pa.schema(
    [
        ("platform", pa.string()),
        ("score", pa.float64()),
        ("first_seen", _TIME),
        ("last_seen", _TIME),
        ("campaigns", pa.int64()),
        ("calls", pa.int64()),
        ("called_numbers", pa.int64()),
        ("trunks", _WORDS),
        ("carriers", _WORDS),
        ("fingerprints", _WORDS),
        ("known_as", pa.string()),
        ("known_similarity", pa.float64()),
        ("signals", _WORDS),
        ("reason", pa.string()),
    ]
)

VICTIMS: pa.Schema = pa.schema(
    [
        ("called", pa.string()),
        ("tier", pa.string()),
        ("calls", pa.int64()),
        ("answered", pa.int64()),
        ("longest_seconds", pa.float64()),
        ("talk_seconds", pa.float64()),
        ("first_call", _TIME),
        ("last_call", _TIME),
        ("identities", _WORDS),
        ("campaign", pa.string()),
        ("platform", pa.string()),
        ("reason", pa.string()),
    ]
)

SOURCES: pa.Schema = pa.schema(
    [
        ("trunk", pa.string()),
        ("account", pa.string()),
        ("carrier", pa.string()),
        ("calls", pa.int64()),
        ("flagged_calls", pa.int64()),
        ("share", pa.float64()),
        ("score", pa.float64()),
        ("signals", _WORDS),
        ("reason", pa.string()),
    ]
)

#: Sources that looked suspicious and were left alone, with why: `considered.parquet`.
CONSIDERED: pa.Schema = pa.schema(
    [
        ("trunk", pa.string()),
        ("account", pa.string()),
        ("carrier", pa.string()),
        ("fingerprint", pa.string()),
        ("calls", pa.int64()),
        ("score", pa.float64()),
        ("signals", _WORDS),
        ("why", pa.string()),
    ]
)

TIERS = ("likely", "possible", "contacted")
