from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from ringfence.model.record import CALL_RECORD, NUMBER_COLUMNS, REJECTED, REQUIRED_COLUMNS, TIME_COLUMNS

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "records.md").read_text("utf-8")


def test_the_reference_lists_the_columns_in_order() -> None:
    section = REFERENCE.split("## The call record")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == CALL_RECORD.names


def test_what_must_be_there_may_not_be_null() -> None:
    assert tuple(field.name for field in CALL_RECORD if not field.nullable) == REQUIRED_COLUMNS


def test_times_are_microseconds_of_utc_and_numbers_are_text() -> None:
    times = tuple(field.name for field in CALL_RECORD if pa.types.is_timestamp(field.type))
    assert times == TIME_COLUMNS
    assert {CALL_RECORD.field(name).type for name in times} == {pa.timestamp("us", tz="UTC")}
    assert {CALL_RECORD.field(name).type for name in NUMBER_COLUMNS} == {pa.string()}


def test_the_reference_names_what_is_rejected() -> None:
    text = REFERENCE.split("**rejected.parquet**")[1].split("**")[0]
    assert [name for name in re.findall(r"`(\w+)`", text) if name in REJECTED.names] == REJECTED.names
