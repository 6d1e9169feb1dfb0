"""Who holds which block of numbers: regulators' published tables as one, looked up by longest prefix.

The table answers for a block that it lists; of a block that it does not list nothing is known.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import InputError, RingfenceError


class Status(StrEnum):
    """What a regulator says of a block. Only an allocated one has numbers in use."""

    ALLOCATED = "allocated"
    FREE = "free"
    RESERVED = "reserved"
    PROTECTED = "protected"
    QUARANTINED = "quarantined"


#: The compact table: one row per block. prefix: `+`, country code and the block's digits. national_digits:
#: lengths of the numbers in it without the country code, empty where not said. type: the publisher's word.
ALLOCATION: pa.Schema = pa.schema(
    [
        pa.field("prefix", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("operator", pa.string()),
        pa.field("type", pa.string()),
        pa.field("national_digits", pa.list_(pa.int8())),
        pa.field("source", pa.string()),
    ]
)

Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Words = np.ndarray[tuple[int], np.dtype[np.object_]]


class Allocation:
    """An allocation table, ready for look-ups."""

    def __init__(self, table: pa.Table) -> None:
        """table: schema `ALLOCATION`; where a prefix comes twice, the later row holds."""
        self.table = table.select(ALLOCATION.names).cast(ALLOCATION).combine_chunks()
        prefixes = np.array([int(p[1:]) for p in self.table["prefix"].to_pylist()], dtype=np.int64)
        lengths = decimal_length(prefixes)
        self._by_length: list[tuple[int, Integers, Integers]] = []
        for length in sorted(set(lengths.tolist()), reverse=True):
            rows = np.flatnonzero(lengths == length)[::-1]  # the later first: np.unique keeps the first
            values, first = np.unique(prefixes[rows], return_index=True)
            self._by_length.append((length, values, rows[first]))

        self._columns: dict[str, Words] = {}
        #: Per block, bit n is set where its national numbers may have n digits; 0: not said.
        self.lengths: Integers = np.array(
            [sum(1 << n for n in set(sizes or ())) for sizes in self.table["national_digits"].to_pylist()],
            dtype=np.int64,
        )

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> Words:
        """One column by block, as objects: for indexing with what `blocks` returns."""
        if name not in self._columns:
            self._columns[name] = self.table[name].to_numpy(zero_copy_only=False).astype(object)
        return self._columns[name]

    def blocks(self, digits: Integers) -> Integers:
        """The row of the longest block that holds each number, -1 where the table lists none.

        digits: E.164 numbers as integers without +; negative values find nothing.
        """
        found = np.full(len(digits), -1, dtype=np.int64)
        length_of = decimal_length(digits)
        for length, values, rows in self._by_length:
            open_ = np.flatnonzero((found < 0) & (length_of >= length) & (digits > 0))
            head = digits[open_] // 10 ** (length_of[open_] - length)
            at = np.minimum(np.searchsorted(values, head), len(values) - 1)
            hit = values[at] == head
            found[open_[hit]] = rows[at[hit]]
        return found


def decimal_length(numbers: Integers) -> Integers:
    """How many decimal digits each integer has: 1 for 0 and for negative ones."""
    powers = 10 ** np.arange(1, 19, dtype=np.int64)
    length: Integers = np.searchsorted(powers, numbers, side="right") + 1
    return length


def allocation_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows in the table's schema, sorted by prefix, a repeated prefix by its last row."""
    last = {row["prefix"]: row for row in rows}
    return pa.Table.from_pylist([last[prefix] for prefix in sorted(last)], schema=ALLOCATION)


def write_allocation(table: pa.Table, path: Path) -> None:
    """Write an allocation table as Parquet. Raises RingfenceError where it cannot be written."""
    try:
        pq.write_table(
            table, path, compression="zstd", use_dictionary=["status", "operator", "type", "source"]
        )
    except OSError as error:
        raise RingfenceError(f"cannot write {path}: {error.strerror or error}") from None


def load_allocation(path: Path) -> Allocation:
    """Load what `ringfence numbers import` wrote. Raises InputError where it is no such table."""
    try:
        table = pq.read_table(path)
        return Allocation(table)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "not an allocation table"
        )
        raise InputError(f"cannot read {path}: {reason}; make one with ringfence numbers import") from None
