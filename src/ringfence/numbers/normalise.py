"""Numbers to E.164, once and for all: a value (`normalise`), or a column by its distinct values.

Common forms are read in Arrow, the rest one by one; both give the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.numbers.dialling import Normalised, dialling
from ringfence.numbers.reading import normalise

__all__ = ["NORMALISED", "Normalised", "normalise", "normalise_column", "normalise_rows"]

#: What `normalise_column` returns: one row per distinct value.
NORMALISED: pa.Schema = pa.schema([("raw", pa.string()), ("number", pa.string()), ("reason", pa.string())])


class _Form(NamedTuple):
    """A common way to write a number: how to see it, what to keep of it, what to put before."""

    pattern: str
    skip: int
    prefix: str


def normalise_column(values: pa.Array | pa.ChunkedArray, region: str) -> pa.Table:
    """The distinct values of a column with what they are: columns raw, number, reason (`NORMALISED`).

    values: strings, or whole numbers and floats as careless exports have them. Nulls are left out. Order is
    that of first appearance. The same as `normalise` on each value, only faster.
    """
    column = _as_strings(values)
    distinct = column.unique().drop_null()
    return pa.table([distinct, *_normalise_distinct(distinct, region)], schema=NORMALISED)


def normalise_rows(values: pa.Array | pa.ChunkedArray, region: str) -> pa.Table:
    """A column row by row: number and reason, aligned with `values`; a null stays null without a reason."""
    encoded = _as_strings(values).dictionary_encode()
    number, reason = _normalise_distinct(encoded.dictionary, region)
    return pa.table({"number": number.take(encoded.indices), "reason": reason.take(encoded.indices)})


def _as_strings(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_floating(column.type):  # 4.47700900123e+11: whole, so as an integer
        whole = pc.and_(pc.is_finite(column), pc.less(pc.abs(column), 1e15))
        column = pc.cast(pc.if_else(whole, column, None), pa.int64(), safe=False)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        text = [None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()]
        return pa.array(text, pa.string())
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _normalise_distinct(distinct: pa.Array, region: str) -> tuple[pa.Array, pa.Array]:
    """number and reason of distinct strings: common forms as they stand, then with their wrapping taken off,
    and what is left one by one."""
    forms = _forms(region)
    where = pa.array(np.arange(len(distinct), dtype=np.int64))
    numbers, positions, text, where = _read_forms(distinct, where, forms)
    more_numbers, more_positions, _, where = _read_forms(_bare(text), where, forms)
    slow = [normalise(value, region) for value in distinct.take(where).to_pylist()]
    last = pa.array([one.number for one in slow], pa.string())
    order = pc.sort_indices(pa.concat_arrays([*positions, *more_positions, where]))
    read = pa.nulls(len(distinct) - len(slow), pa.string())
    reasons = pa.concat_arrays([read, pa.array([one.reason for one in slow], pa.string())])
    return pa.concat_arrays([*numbers, *more_numbers, last]).take(order), reasons.take(order)


def _read_forms(
    text: pa.Array, where: pa.Array, forms: tuple[_Form, ...]
) -> tuple[list[pa.Array], list[pa.Array], pa.Array, pa.Array]:
    """Numbers read by the forms with their positions, then what no form knew with its positions."""
    numbers: list[pa.Array] = []
    positions: list[pa.Array] = []
    for form in forms:
        if len(text) == 0:
            break
        hit = pc.match_substring_regex(text, form.pattern)
        found = text.filter(hit)
        if len(found) == 0:
            continue
        kept = pc.utf8_slice_codeunits(found, form.skip) if form.skip else found
        numbers.append(pc.binary_join_element_wise(form.prefix, kept, "") if form.prefix else kept)
        positions.append(where.filter(hit))
        miss = pc.invert(hit)
        text, where = text.filter(miss), where.filter(miss)
    return numbers, positions, text, where


def _bare(text: pa.Array) -> pa.Array:
    """Spaces, dashes and a bracketed area code off, a global number out of its URI; empty: neither."""
    spaced = pc.match_substring_regex(text, r"^\+?(?:\(\d{2,6}\))?[0-9 -]+$")
    stripped = pc.replace_substring_regex(text, r"[ ()-]+", "")
    uri = pc.match_substring_regex(text, r"^<?(?:sips?|tel):\+\d{7,15}(?:[;@>][^<]*)?$")
    uri = pc.and_not(uri, pc.match_substring(text, "anonymous.invalid", ignore_case=True))
    digits = pc.replace_substring_regex(text, r"^<?(?:sips?|tel):(\+\d+).*$", r"\1")
    return pc.if_else(spaced, stripped, pc.if_else(uri, digits, ""))


@lru_cache(maxsize=64)
def _forms(region: str) -> tuple[_Form, ...]:
    """The common forms of a region, each a strict subset of what `normalise` reads to the same number."""
    rules = dialling(region)
    codes = sorted(str(c) for c in phonenumbers.COUNTRY_CODE_TO_REGION_CODE if c not in (1, 44))
    lengths: dict[int, list[str]] = {}
    for code in codes:
        lengths.setdefault(len(code), []).append(code)
    abroad = "|".join(
        f"(?:{'|'.join(group)})\\d{{{7 - length},{15 - length}}}" for length, group in sorted(lengths.items())
    )
    e164 = f"(?:44[1-9]\\d{{6,9}}|1[2-9]\\d{{9}}|{abroad})"
    forms = [_Form(f"^\\+{e164}$", 0, "")]
    if rules.family == "GB":
        forms += [
            _Form(r"^0(?:[1235-9]\d{8,9}|4[0-35-9]\d{7,8})$", 1, "+44"),
            _Form(f"^00{e164}$", 2, "+"),
            _Form(r"^44[1-9]\d{8,9}$", 0, "+"),
            _Form(r"^[1-9]\d{1,5}$", 0, ""),
        ]
    elif rules.family == "US":
        forms += [
            _Form(r"^[2-9]\d{9}$", 0, "+1"),
            _Form(r"^1[2-9]\d{9}$", 0, "+"),
            _Form(f"^011{e164}$", 3, "+"),
            _Form(r"^[1-9]\d{1,5}$", 0, ""),
        ]
    return tuple(forms)
