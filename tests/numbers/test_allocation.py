from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError, RingfenceError
from ringfence.numbers.allocation import (
    ALLOCATION,
    Allocation,
    allocation_table,
    decimal_length,
    load_allocation,
    write_allocation,
)

ROWS = [
    {"prefix": "+4420", "status": "free"},
    {"prefix": "+442079", "status": "allocated", "operator": "A", "national_digits": [10]},
    {"prefix": "+44207946", "status": "protected"},
    {"prefix": "+442079", "status": "allocated", "operator": "B", "national_digits": [9, 10]},
]


def test_the_longest_block_holds() -> None:
    table = Allocation(allocation_table(ROWS))
    assert len(table) == 3
    numbers = np.array([442079460123, 442079470123, 442012345678, 441632960123, 4420, -1, 0], dtype=np.int64)
    rows = table.blocks(numbers)
    prefixes = [table.column("prefix")[r] if r >= 0 else None for r in rows]
    assert prefixes == ["+44207946", "+442079", "+4420", None, "+4420", None, None]
    assert table.column("operator")[rows[1]] == "B"  # of a repeated block the last row
    assert table.lengths[rows[1]] == (1 << 9) | (1 << 10)


def test_a_repeated_block_in_a_table_as_read() -> None:
    rows = [{"prefix": "+1202", "status": "allocated", "operator": o} for o in "AB"]
    table = Allocation(pa.Table.from_pylist(rows, schema=ALLOCATION))
    assert table.column("operator")[table.blocks(np.array([12025550123]))[0]] == "B"


def test_decimal_length() -> None:
    numbers = [0, 9, 10, 99, 100, 10**14, 10**15 - 1, -5]
    assert decimal_length(np.array(numbers, dtype=np.int64)).tolist() == [1, 1, 2, 2, 3, 15, 15, 1]


def test_there_and_back(tmp_path: Path) -> None:
    table = allocation_table(ROWS)
    write_allocation(table, tmp_path / "t.parquet")
    assert load_allocation(tmp_path / "t.parquet").table.equals(table)
    assert len(Allocation(ALLOCATION.empty_table())) == 0


def test_what_is_no_table_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prefix,operator\n")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    pq.write_table(
        allocation_table([*ROWS, {"prefix": "rubbish", "status": "free"}]), tmp_path / "bad.parquet"
    )
    for name in ("a.csv", "other.parquet", "bad.parquet", "absent"):
        with pytest.raises(InputError, match="ringfence numbers import") as caught:
            load_allocation(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(RingfenceError, match="cannot write"):
        write_allocation(allocation_table(ROWS), tmp_path / "absent" / "t.parquet")
