"""Call records with their numbers hidden: what a hunt needs of a number is derived first and set beside it.

For each number column C of the record: C becomes a token, and C_kind, C_region, C_operator (the range
holder), C_owner, C_use and C_sector (the register's entry in force on the day of the call) are added; for
the called number also `called_adjacency`, how it follows the previous one of the same source. Short codes
stay readable: they belong to nobody, and calls to a fraud reporting code are evidence.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.model.number import Kind
from ringfence.model.record import NUMBER_COLUMNS
from ringfence.numbers.allocation import Allocation, Integers, Words
from ringfence.numbers.normalise import normalise_rows
from ringfence.numbers.plan import facts
from ringfence.numbers.register import Register
from ringfence.numbers.tokens import TOKEN_PATTERN, TokenKey

#: Words of `called_adjacency`: the called number against the previous one of the same source.
ADJACENCY = ("same", "next", "previous", "above", "below")
#: Numbers no further apart are `next` or `previous`: dialling a block in order skips a few.
NEAR = 10

_BESIDE = ("kind", "region", "operator", "owner", "use", "sector")


def tokenise_records(
    table: pa.Table,
    key: TokenKey,
    register: Register | None = None,
    allocation: Allocation | None = None,
    region: str = "GB",
) -> pa.Table:
    """A call-record table with every number replaced by its token and what was known of it beside.

    table: canonical columns, in any order; `start_time` where register dates should count. Numbers that are
    no E.164 yet are normalised with `region` first; what cannot be read is hidden as it stands, so that no
    number is left in the clear but short codes. Tokens and nulls stay. Columns other than numbers are not
    touched: addresses, accounts and Call-IDs may identify people too.
    """
    present = [name for name in NUMBER_COLUMNS if name in table.column_names]
    days = _days(table)
    plain: dict[str, pa.Array] = {}
    hidden: dict[str, pa.Array] = {}
    for name in present:
        raw = table[name].combine_chunks().cast(pa.string())
        plain[name] = pc.coalesce(normalise_rows(raw, region)["number"].combine_chunks(), raw)
    for name in present:
        encoded = plain[name].dictionary_encode()
        known = facts(encoded.dictionary, allocation, region)
        beside = {
            word: _combined(known[word]).take(encoded.indices) for word in ("kind", "region", "operator")
        }
        beside |= _register_match(encoded, days, register)
        if name == "called":
            beside["adjacency"] = called_adjacency(table, plain["called"])
        hidden_before = pc.match_substring_regex(plain[name], TOKEN_PATTERN)
        for word, column in beside.items():
            table = _with_beside(table, f"{name}_{word}", column, hidden_before)
        short = pc.equal(_combined(known["kind"]), Kind.SHORT.value).fill_null(False)
        tokens = pc.if_else(short, encoded.dictionary, key.hide(encoded.dictionary)).take(encoded.indices)
        hidden[name] = tokens
    for name, tokens in hidden.items():  # last: adjacency needs the callers as they were
        table = table.set_column(table.column_names.index(name), name, tokens)
    return table


def beside_columns(present: list[str]) -> list[str]:
    """The names of what `tokenise_records` adds for these number columns."""
    names = [f"{column}_{word}" for column in present for word in _BESIDE]
    return names + (["called_adjacency"] if "called" in present else [])


def called_adjacency(table: pa.Table, called: pa.Array) -> pa.Array:
    """How each called number stands to the one called before it by the same source (`ADJACENCY`).

    A source is trunk, account and presented number, as far as the record has them; order is start_time.
    Null for a source's first call, for short codes, tokens and numbers of another length.
    """
    size = len(called)
    if "start_time" not in table.column_names:
        return pa.nulls(size, pa.string())
    number = _as_integers(called)
    source = _codes(table, [n for n in ("trunk", "account", "caller") if n in table.column_names])
    time = np.asarray(table["start_time"].combine_chunks().cast(pa.int64()).fill_null(0))
    order = np.lexsort((np.arange(size), time, source))
    before, after = order[:-1], order[1:]
    step = number[after] - number[before]
    comparable = (source[after] == source[before]) & (number[after] > 0) & (number[before] > 0)
    comparable &= (
        np.abs(step) < np.maximum(number[after], number[before]) // 2
    )  # else of another length or country
    word = np.select(
        [step == 0, (step > 0) & (step <= NEAR), (step < 0) & (step >= -NEAR), step > 0],
        [0, 1, 2, 3],
        default=4,
    )
    found = np.full(size, -1, dtype=np.int64)
    found[after[comparable]] = word[comparable]
    codes = pa.array(found, mask=found < 0)
    return pa.array(ADJACENCY).take(codes)


def _register_match(
    encoded: pa.DictionaryArray, days: Integers, register: Register | None
) -> dict[str, pa.Array]:
    """owner, use and sector of each row's number on its day."""
    size = len(encoded)
    columns: dict[str, Words] = {
        word: np.full(size, None, dtype=object) for word in ("owner", "use", "sector")
    }
    if register is not None and len(register):
        numbers = encoded.dictionary.to_pylist()
        listed = np.array([bool(n) and bool(register.matches(n, None)) for n in numbers], dtype=bool)
        indices = np.asarray(encoded.indices.fill_null(-1), dtype=np.int64)
        rows = np.flatnonzero((indices >= 0) & np.append(listed, False)[indices])
        pairs, of_pair = np.unique(np.stack([indices[rows], days[rows]]), axis=1, return_inverse=True)
        epoch = dt.date(1970, 1, 1)
        entries = [
            register.match(numbers[index], None if day < 0 else epoch + dt.timedelta(days=day))
            for index, day in pairs.T.tolist()
        ]
        for word, column in columns.items():
            values = np.array([str(getattr(e, word)) if e else None for e in entries] + [None], dtype=object)
            column[rows] = values[of_pair]
    return {word: pa.array(column, pa.string()) for word, column in columns.items()}


def _days(table: pa.Table) -> Integers:
    """Each row's UTC day since 1970, -1 where it has no time: then register dates do not count."""
    if "start_time" not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64)
    micros = table["start_time"].combine_chunks().cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    days: Integers = np.asarray(micros.fill_null(-1), dtype=np.int64) // 86_400_000_000
    return days


def _as_integers(numbers: pa.Array) -> Integers:
    """E.164 numbers as integers, 0 for anything else."""
    is_global = pc.match_substring_regex(numbers, r"^\+[1-9]\d{4,14}$")
    digits = pc.if_else(is_global, pc.utf8_slice_codeunits(numbers, 1), "0")
    found: Integers = np.asarray(digits.cast(pa.int64()).fill_null(0), dtype=np.int64)
    return found


def _codes(table: pa.Table, columns: list[str]) -> Integers:
    """One integer per distinct combination of columns."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    for name in columns:
        indices = table[name].combine_chunks().cast(pa.string()).dictionary_encode().indices
        part = np.asarray(indices.fill_null(-1), dtype=np.int64) + 1
        _, combined = np.unique(combined * (part.max(initial=0) + 1) + part, return_inverse=True)
    return combined


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _with_beside(table: pa.Table, name: str, column: pa.Array, hidden_before: pa.Array) -> pa.Table:
    """The table with a derived column; what an earlier hiding derived of a token is kept."""
    if name not in table.column_names:
        return table.append_column(name, column)
    kept = pc.if_else(hidden_before, table[name].combine_chunks().cast(pa.string()), column)
    return table.set_column(table.column_names.index(name), name, kept)
