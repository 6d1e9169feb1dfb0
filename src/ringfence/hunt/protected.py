"""The register of one hunt: what of the file can match the records, what stands beside hidden numbers, and
presented numbers that nobody holds.

`ringfence.numbers.hiding` looks each number up before it hides it, and sets the register's entry beside the
token: such records need no register of their own.
"""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.hunt.inputs import token_keys
from ringfence.hunt.records import TOKEN_BASE, Records
from ringfence.model.engine import Engine
from ringfence.model.number import Kind
from ringfence.model.register import Use
from ringfence.numbers.allocation import Allocation, Status
from ringfence.numbers.plan import facts
from ringfence.numbers.register import REGISTER, Register
from ringfence.numbers.tokens import key_id_of

_USES = [use.value for use in Use]


class Protected(msgspec.Struct, frozen=True):
    """table: entries that can match a number of the records (schema `REGISTER`). notices: what a reader
    should know of the others, a sentence each. unallocated: numbers presented that nobody holds, by the
    allocation table alone."""

    table: pa.Table
    notices: list[str]
    unallocated: int = 0


def protected_of(
    engine: Engine,
    raw: ir.Table,
    records: Records,
    register: Register,
    allocation: Allocation | None = None,
    region: str = "GB",
) -> Protected:
    """The entries for the records coded from `raw`: those of the register, those beside hidden numbers, and
    presented numbers in blocks that nobody holds.

    An entry beside a token counts from the first call that carries it to the last. Where the register names
    the same token or number, whenever that holds, the register speaks.
    """
    table = register.table()
    notices: list[str] = []
    if records.tokens is not None:
        if len(register):
            table, notices = _entries_that_can_match(engine, records, table)
        beside = _beside(engine, raw, records.fields)
        table = pa.concat_tables([table, _without(beside, table)])
    if allocation is None:
        return Protected(table, notices)
    free = _unallocated(engine, records, register, allocation, region)
    return Protected(pa.concat_tables([table, free]), notices, free.num_rows)


def _unallocated(
    engine: Engine, records: Records, register: Register, allocation: Allocation, region: str
) -> pa.Table:
    """Entries for the presented numbers whose block the table lists and nobody holds (schema `REGISTER`)."""
    calls = records.calls
    plain = calls.filter((calls.caller > 0) & (calls.caller < TOKEN_BASE)).select("caller").distinct()
    digits = np.asarray(engine.collect(plain)["caller"], dtype=np.int64)
    blocks = allocation.blocks(digits)
    listed = blocks >= 0
    listed[listed] = allocation.column("status")[blocks[listed]] != Status.ALLOCATED.value
    known = facts(pa.array([f"+{n}" for n in np.sort(digits[listed])], pa.string()), allocation, region)
    free = known["number"].filter(pc.equal(known["kind"], Kind.UNALLOCATED.value)).to_pylist()
    rows = [
        {
            "number": number,
            "prefix": False,
            "owner": "",
            "use": Use.UNALLOCATED.value,
            "sector": "other",
            "source": "allocation table",
        }
        for number in free
        if not register.matches(number, None)
    ]
    return pa.Table.from_pylist(rows, schema=REGISTER)


def _without(entries: pa.Table, others: pa.Table) -> pa.Table:
    """Entries for numbers that the others do not name."""
    named = set(others["number"].to_pylist())
    return entries.filter(pa.array([n not in named for n in entries["number"].to_pylist()], pa.bool_()))


def _entries_that_can_match(engine: Engine, records: Records, table: pa.Table) -> tuple[pa.Table, list[str]]:
    """The register without what no number of the records can be, and a sentence about that."""
    assert records.tokens is not None
    keys = token_keys(engine, records.tokens)
    calls = records.calls
    plain = ibis.or_(*((c > 0) & (c < TOKEN_BASE) for c in (calls.caller, calls.called))).fill_null(False)
    has_plain = bool(engine.collect(calls.filter(plain).limit(1).select("call_id")).num_rows)
    key_ids = [key_id_of(number) for number in table["number"].to_pylist()]
    fits = [key in keys if key else has_plain for key in key_ids]
    # a plain entry may be meant for plain numbers beside the hidden ones
    blind = sum(key not in keys for key in key_ids)
    if not blind:
        return table, []
    notice = (
        f"{blind:,} of {table.num_rows:,} entries of the register cannot be found among the hidden numbers "
        "of the records: hide its numbers with the key that hid theirs (ringfence numbers token)."
    )
    return table.filter(pa.array(fits)), [notice]


def _beside(engine: Engine, raw: ir.Table, fields: frozenset[str]) -> pa.Table:
    """The entries that stand beside tokens (schema `REGISTER`)."""

    def fact(name: str) -> ir.StringValue:
        return raw[name] if name in fields else ibis.null("string")

    # two filters rather than one over CASE … IN …, of which DuckDB 2.0 makes too much
    uses = [(side, raw[f"{side}_use"]) for side in ("caller", "called") if f"{side}_use" in fields]
    found_in = [(side, use.isin(_USES), use) for side, use in uses]
    if "caller_kind" in fields:
        free = (raw.caller_kind == Kind.UNALLOCATED.value) & fact("caller_use").isnull()
        found_in.append(("caller", free, ibis.literal(Use.UNALLOCATED.value)))
    parts = [
        raw.filter(raw[side].startswith("t1:") & chosen).select(
            number=raw[side],
            owner=fact(f"{side}_owner").fill_null(""),
            use=use,
            sector=fact(f"{side}_sector").fill_null("other"),
            t=raw.start_time,
        )
        for side, chosen, use in found_in
        if side in fields
    ]
    if not parts:
        return REGISTER.empty_table()
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    found = engine.collect(
        every.group_by("number", "owner", "use", "sector").aggregate(
            valid_from=every.t.min(), last=every.t.max()
        )
    )
    rows = [
        {
            **{name: row[name] for name in ("number", "owner", "use", "sector", "valid_from")},
            "prefix": False,
            "source": "beside the records",
            "valid_until": row["last"] + dt.timedelta(microseconds=1),
        }
        for row in found.sort_by([(name, "ascending") for name in ("number", "owner", "use")]).to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=REGISTER)
