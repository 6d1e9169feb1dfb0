"""A number looked up alone has the facts that it has in a column."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.number import Kind
from ringfence.numbers.allocation import ALLOCATION, Allocation
from ringfence.numbers.lookup import NumberLookup
from ringfence.numbers.plan import facts

TABLE = Allocation(
    pa.Table.from_pylist(
        [
            {"prefix": "+44207946", "status": "allocated", "operator": "A", "national_digits": [10]},
            {"prefix": "+442079461", "status": "free", "national_digits": [10]},
            {"prefix": "+44113496", "status": "free", "national_digits": [10]},
            {"prefix": "+441632", "status": "reserved", "national_digits": [9, 10]},
            {"prefix": "+4499", "status": "allocated", "operator": "B", "national_digits": [10]},
            {"prefix": "+1202", "status": "allocated", "operator": "C"},
        ],
        schema=ALLOCATION,
    )
)
_TAILS = st.text("0123456789", min_size=2, max_size=12)
_HEADS = st.sampled_from(
    ["44", "447700900", "44207946", "44113496", "441632", "4499", "448979", "44800", "44909", "1202555",
     "1202",
     "1800", "33", "49", "39", "7", "8835", "800", "999", "210", "5999", "351", "6723"]
)  # fmt: skip


def _same(number: str, table: Allocation | None, region: str) -> None:
    row = facts(pa.array([number]), table, region).to_pylist()[0]
    found = NumberLookup(table, region).of(number)
    assert (found.kind.value, found.valid, found.region, found.operator) == (
        row["kind"],
        row["valid"],
        row["region"],
        row["operator"],
    ), number


@given(_HEADS, _TAILS, st.sampled_from([None, TABLE]))
def test_as_in_a_column(head: str, tail: str, table: Allocation | None) -> None:
    if 5 <= len(head + tail) <= 15:
        _same(f"+{head}{tail}", table, "GB")


@pytest.mark.parametrize("number", ["999", "159", "7726", "911", "12345", "1", "101"])
@pytest.mark.parametrize("region", ["GB", "US", "FR", "001"])
def test_short_codes(number: str, region: str) -> None:
    _same(number, None, region)


def test_what_is_no_number() -> None:
    lookup = NumberLookup()
    for text in ("", "+", "+0123456", "+44abc", "t1:k:abc", "+1234567890123456"):
        assert lookup.of(text).kind is Kind.INVALID and not lookup.of(text).valid
