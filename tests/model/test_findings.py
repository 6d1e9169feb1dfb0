from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.model import findings

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "records.md").read_text("utf-8")
TABLES = ("flagged_calls", "campaigns", "platforms", "victims", "sources", "considered")


@pytest.mark.parametrize("table", TABLES)
def test_the_reference_names_each_column_and_no_other(table: str) -> None:
    text = REFERENCE.split(f"**{table}.parquet**")[1].split("\n\n")[0]
    schema: pa.Schema = getattr(findings, table.upper())
    named = set(re.findall(r"`(\w+)`", text)) - set(findings.TIERS)
    assert named == set(schema.names)


@pytest.mark.parametrize("table", TABLES)
def test_times_are_utc_and_scores_are_floats(table: str) -> None:
    schema: pa.Schema = getattr(findings, table.upper())
    for field in schema:
        if pa.types.is_timestamp(field.type):
            assert field.type == pa.timestamp("us", tz="UTC")
    assert "score" not in schema.names or schema.field("score").type == pa.float64()
