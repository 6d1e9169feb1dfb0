"""Canonical records become the coded call table: one row per call, integers where the hunt groups and joins.

The coded table `calls` (one row per accepted record):

    call_id   string            t        int64, µs since 1970 UTC, start of the call
    caller    int64 or null     talk     float64, seconds from answer to end; 0 when not answered
    network   int64 or null     answered bool
    called    int64             status   int64 or null
    diverted  int64 or null     roaming  bool or null
    source    int64, row of the source table
    attestation, verstat, origid, imei_tac, imsi_token, radio_cell: string or null

An E.164 number is its own digits as an integer, a short code is minus its digits behind a leading 1 (so that
`0800` keeps its zero), a token is a number past 2**52: `code_to_text` turns the first two back.

A *source* is one distinct way in: trunk, account, carrier, ingress, fingerprint and signalling address
together. Sources are numbered in the order of their texts, so that every engine gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.model.engine import Engine
from ringfence.model.record import NUMBER_COLUMNS, REJECTED

#: The columns that make a source, in the order in which sources are numbered.
SOURCE_COLUMNS = ("trunk", "account", "carrier", "ingress", "fingerprint", "source_ip")
_PASSED_COLUMNS = {
    "attestation": "attestation",
    "verstat": "verstat",
    "origid": "origid",
    "imei_tac": "imei_tac",
    "imsi_token": "imsi_token",
    "cell": "radio_cell",
}
_CODED_NAMES = {
    "caller": "caller",
    "network_number": "network",
    "called": "called",
    "diverted_from": "diverted",
}
HOUR = 3_600_000_000  # µs, as every time in the coded table
DAY = 24 * HOUR
TOKEN_BASE = 1 << 52  # tokens' codes; a column with nulls comes back as floats, exact up to 2**53
_LONGEST = 16  # "+" and 15 digits

Normalise = Callable[[pa.Array], pa.Table]


class Records(msgspec.Struct, frozen=True):
    """The coded records of one hunt.

    calls: the coded table, kept by the engine. sources: pa.Table with `source` and SOURCE_COLUMNS.
    fields: the call record's columns that hold at least one value. tokens: raw, code of the numbers that are
    tokens, None if there are none. notes: counts of oddities in rows that are used all the same.
    """

    calls: ir.Table
    sources: pa.Table
    fields: frozenset[str]
    rejected: pa.Table
    read: int
    accepted: int
    first: int  # µs
    last: int  # µs
    notes: dict[str, int]
    tokens: ir.Table | None = None


def code_to_text(code: int | None) -> str | None:
    """The number behind a code: E.164 or a short code. Tokens keep their code as `#<n>`."""
    if code is None:
        return None
    if code < 0:
        return str(-code)[1:]
    return f"#{code - TOKEN_BASE}" if code >= TOKEN_BASE else f"+{code}"


def text_to_code(text: str) -> int:
    """The code of a normalised number (E.164 or short code)."""
    return int(text[1:]) if text.startswith("+") else -int("1" + text)


def microseconds(time: Any) -> Any:
    """A timestamp column (UTC) as int64 µs since 1970: exact on every engine.

    The zone is dropped first: with it, the same difference took four times as long in DuckDB.
    """
    return time.cast("timestamp").delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")


def _easy_code(number: Any) -> Any:
    """The code of a value that is already E.164 or a short code; null for anything else.

    Each engine's cast reads more than digits (blanks, exponents, separators), so the integer must give back
    the text. What begins with 0 or is longer may be a national number, and goes the slower way.
    """
    value = number.try_cast("int64")
    e164 = (value >= 1_000_000) & (value < 10**15) & (ibis.literal("+") + value.cast("string") == number)
    short = (value >= 10) & (value < 1_000_000) & (value.cast("string") == number)
    code = -(ibis.literal("1") + number).try_cast("int64")
    return ibis.cases((e164.fill_null(False), value), (short.fill_null(False), code))


def _leftover_codes(
    engine: Engine, raw: ir.Table, columns: list[str], normalise: Normalise, is_token: Callable[[Any], Any]
) -> tuple[ir.Table | None, ir.Table | None]:
    """`raw`, `code`, `reason` for the distinct values that are not easy, and `raw`, `code` of the tokens
    among them; None where there are none."""
    values = (
        ibis.union(*(raw.select(raw=raw[c]) for c in columns), distinct=False)
        if len(columns) > 1
        else raw.select(raw=raw[columns[0]])
    )
    hard = values.filter(values.raw.notnull() & _easy_code(values.raw).isnull()).distinct()
    hard = engine.keep(hard, "hard_numbers")
    tokens = hard.filter(is_token(hard.raw))
    others = engine.collect(hard.filter(~is_token(hard.raw)))
    made = engine.collect(tokens.count().as_table())[0][0].as_py()
    if not made and not others.num_rows:
        return None, None
    done = normalise(others["raw"].combine_chunks())
    codes = [None if n is None else text_to_code(n) for n in done["number"].to_pylist()]
    table = pa.table(
        {
            "raw": done["raw"],
            "code": pa.array(codes, pa.int64()),
            "reason": pc.cast(done["reason"], pa.string()),
        }
    )
    coded = engine.upload(table, "normalised_numbers")
    if made:
        ordered = tokens.mutate(
            code=ibis.row_number().over(order_by=tokens.raw) + TOKEN_BASE, reason=ibis.null("string")
        )
        ordered = engine.keep(ordered.select("raw", "code", "reason"), "token_codes")
        return engine.keep(ibis.union(coded, ordered), "coded_numbers"), ordered.select("raw", "code")
    return coded, None


def _unreadable_callers(engine: Engine, raw: ir.Table, hard: ir.Table | None) -> dict[str, int]:
    """Calls that are used although their presented number says nothing, counted for the summary."""
    if hard is None:
        return {}
    lost = engine.keep(
        hard.filter(hard.code.isnull() & ~hard.reason.isin(["withheld", "empty"])), "lost_numbers"
    )
    count = engine.collect(raw.semi_join(lost, raw.caller == lost.raw).count().as_table())[0][0].as_py()
    return {"caller_unreadable": count} if count else {}


def _numbered_sources(engine: Engine, raw: ir.Table, present: list[str]) -> pa.Table:
    """Distinct sources with their number, in the order of their texts (an absent value sorts as empty)."""
    if not present:
        return pa.table({"source": pa.array([0], pa.int64())})
    found = engine.collect(raw.select(*(raw[c].fill_null("").name(c) for c in present)).distinct())
    found = found.sort_by([(c, "ascending") for c in present])
    return found.append_column("source", pa.array(range(found.num_rows), pa.int64()))


def code_records(
    engine: Engine,
    raw: ir.Table,
    normalise: Normalise,
    is_token: Callable[[Any], Any],
    extra: tuple[str, ...] = (),
) -> Records:
    """Code the records of `raw` (columns of the call record, `source_file`, `source_row`) on the engine.

    `normalise` maps distinct raw numbers to E.164 (table raw, number, reason); `is_token` is the expression
    that tells a token. `extra` columns pass through. Rows without call_id, start or a readable called number,
    or that end before they start, become `rejected`; everything else is in `calls`.
    """
    columns = set(raw.columns)
    counts = raw.aggregate(
        read=raw.count(),
        **{
            f"n_{c}": raw[c].count()
            for c in raw.columns
            if c not in ("source_file", "source_row", "fingerprint_parts", *extra)
        },
    )
    seen = engine.collect(counts).to_pylist()[0]
    fields = frozenset(c for c in columns if seen.get(f"n_{c}"))
    numbers = [c for c in NUMBER_COLUMNS if c in fields]
    hard, tokens = _leftover_codes(engine, raw, numbers, normalise, is_token) if numbers else (None, None)
    present = [c for c in SOURCE_COLUMNS if c in fields]
    sources = _numbered_sources(engine, raw, present)

    table = raw.mutate(**{f"code_{c}": _easy_code(raw[c]) for c in numbers})
    if hard is not None:
        for column in numbers:
            side = hard.select(**{f"raw_{column}": hard.raw, f"hard_{column}": hard.code})
            table = table.left_join(side, table[column] == side[f"raw_{column}"])
            table = table.mutate(
                **{f"code_{column}": ibis.coalesce(table[f"hard_{column}"], table[f"code_{column}"])}
            )

    def code(column: str) -> Any:
        return table[f"code_{column}"] if column in numbers else ibis.null("int64")

    start = microseconds(table.start_time) if "start_time" in fields else ibis.null("int64")
    end = microseconds(table.end_time) if "end_time" in fields else ibis.null("int64")
    answer = microseconds(table.answer_time) if "answer_time" in fields else ibis.null("int64")
    status = table.status.cast("int64") if "status" in fields else ibis.null("int64")
    # a source that keeps no answer time still says 200: then the talk is counted from the start
    spoke = ibis.literal(False)  # where nothing says that anybody answered
    if "answer_time" in fields:
        spoke = answer.notnull()
    elif "status" in fields:
        spoke = (status == 200).fill_null(False)
    from_when = answer if "answer_time" in fields else start
    talk = ibis.ifelse(spoke & end.notnull(), (end - from_when).cast("float64") / 1e6, 0.0).fill_null(0.0)
    why = ibis.cases(
        (table.call_id.isnull() if "call_id" in fields else ibis.literal(True), "no_call_id"),
        (start.isnull(), "no_start_time"),
        (table.called.isnull() if "called" in fields else ibis.literal(True), "no_called_number"),
        (code("called").isnull(), "bad_called_number"),
        ((end < start).fill_null(False), "end_before_start"),
    )
    coded = table.select(
        call_id=table.call_id if "call_id" in fields else ibis.null("string"),
        t=start,
        answered=spoke,
        talk=ibis.greatest(talk, 0.0),
        status=status,
        **{_CODED_NAMES[c]: code(c) for c in NUMBER_COLUMNS},
        roaming=table.roaming if "roaming" in fields else ibis.null("boolean"),
        **{c: table[c] for c in present},
        **{n: table[c] if c in fields else ibis.null("string") for c, n in _PASSED_COLUMNS.items()},
        **{c: table[c] for c in extra},
        why=why,
        source_file=table.source_file,
        source_row=table.source_row,
    )
    good = coded.filter(coded.why.isnull()).drop("why", "source_file", "source_row")
    if present:
        known = engine.upload(sources, "sources").rename({f"of_{c}": c for c in present})
        same = [good[c].fill_null("") == known[f"of_{c}"] for c in present]
        good = good.left_join(known, same).drop(*present, *(f"of_{c}" for c in present))
    else:
        good = good.mutate(source=ibis.literal(0, "int64"))
    calls = engine.keep(good, "calls")
    span = engine.collect(
        calls.aggregate(n=calls.count(), first=calls.t.min(), last=calls.t.max())
    ).to_pylist()[0]
    bad = coded.filter(coded.why.notnull())
    if span["n"] == seen["read"]:  # the usual case: no second look at the files
        rejected = REJECTED.empty_table().select(["file", "position", "reason"])
    else:
        rejected = engine.collect(bad.select(file=bad.source_file, position=bad.source_row, reason=bad.why))
        rejected = rejected.sort_by([("file", "ascending"), ("position", "ascending")])
    empty = pa.nulls(rejected.num_rows, pa.string())
    return Records(
        calls=calls,
        sources=sources,
        fields=fields,
        rejected=rejected.append_column("detail", empty).append_column("raw", empty).cast(REJECTED),
        read=seen["read"],
        accepted=span["n"],
        first=span["first"] or 0,
        last=span["last"] or 0,
        notes=_unreadable_callers(engine, raw, hard) if "caller" in fields else {},
        tokens=tokens,
    )
