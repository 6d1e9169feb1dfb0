"""All detectors' examples stacked in one table: one hunt over hundreds of small worlds.

Each example gets numbers, trunks, accounts, addresses and fingerprints of its own, so that they cannot meet.
Numbers lie under the unassigned country code 999.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from ringfence.hunt.context import Context, build_context
from ringfence.hunt.records import code_records, text_to_code
from ringfence.hunt.signal import Example
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD
from ringfence.numbers.register import REGISTER

MONDAY = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
_OWN = ("trunk", "account", "fingerprint", "source_ip", "origid", "imei_tac", "cell")


def number(example: int, symbol: str | None) -> str | None:
    """The made-up number behind `person:3` or `office:3`; short codes and tokens pass."""
    if symbol is None or not symbol.startswith(("person:", "office:")):
        return symbol
    kind, i = symbol.split(":")
    return f"+999{2 if kind == 'person' else 8}{example:04d}{int(i):06d}"


def _record(example: int, row: int, fields: dict[str, Any]) -> dict[str, Any]:
    start = MONDAY + dt.timedelta(minutes=fields["minute"])
    record = {k: v for k, v in fields.items() if k not in ("minute", "talk")}
    for column in ("caller", "called", "diverted_from", "network_number"):
        record[column] = number(example, record.get(column))
    for column in _OWN:
        if column in record:
            record[column] = f"e{example}:{record[column]}"
    talk = fields["talk"]
    record |= {
        "call_id": f"{example:04d}-{row:06d}",
        "start_time": start,
        "answer_time": start + dt.timedelta(seconds=5) if talk else None,
        "end_time": start + dt.timedelta(seconds=5 + talk),
        "status": 200 if talk else 487,
    }
    return record


def _told(rows: list[tuple[int, dict[str, Any]]]) -> pa.Table:
    """Declared calls or reports as codes."""

    def code(example: int, symbol: str | None) -> int | None:
        text = number(example, symbol)
        return None if text is None else text_to_code(text)

    times = [MONDAY + dt.timedelta(minutes=row["minute"]) for _e, row in rows]
    return pa.table(
        {
            "number": pa.array([code(e, row["number"]) for e, row in rows], pa.int64()),
            "called": pa.array([code(e, row.get("called")) for e, row in rows], pa.int64()),
            "t": pa.array([round(t.timestamp() * 1e6) for t in times], pa.int64()),
        }
    )


def stack(engine: Engine, examples: list[Example]) -> Context:
    """One context over all examples; call_id begins with the example's number in four digits."""
    records = [_record(e, i, c) for e, example in enumerate(examples) for i, c in enumerate(example.calls)]
    table = pa.Table.from_pylist(records, schema=pa.schema([f.with_nullable(True) for f in CALL_RECORD]))
    table = table.append_column("source_file", pa.array(["examples"] * len(table), pa.string()))
    table = table.append_column("source_row", pa.array(range(1, len(table) + 1), pa.int64()))
    raw = engine.upload(table.drop_columns(["fingerprint_parts"]), "examples")
    coded = code_records(
        engine,
        raw,
        lambda a: pa.table({"raw": a, "number": a, "reason": pa.nulls(len(a), pa.string())}),
        lambda column: column.startswith("t1:"),
    )
    entries = [
        {
            "number": number(e, n),
            "prefix": False,
            "owner": f"e{e}:{owner}",
            "use": use,
            "sector": "bank",
            "source": "example",
        }
        for e, example in enumerate(examples)
        for n, owner, use in example.register
    ]
    register = pa.Table.from_pylist(entries, schema=pa.schema([f.with_nullable(True) for f in REGISTER]))
    return build_context(
        engine,
        coded,
        register,
        "999",
        declared=_told([(e, r) for e, x in enumerate(examples) for r in x.declared]),
        reports=_told([(e, r) for e, x in enumerate(examples) for r in x.reports]),
    )
