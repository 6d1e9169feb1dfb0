from __future__ import annotations

import ibis
import pyarrow as pa

from ringfence.store.portable import arrow_schema, portable

TABLE = ibis.table({"a": "int64", "b": "int64", "t": "timestamp"}, name="t")


def test_a_divisor_that_may_be_zero_is_guarded() -> None:
    for expression in (TABLE.a / TABLE.b, TABLE.a // TABLE.b, TABLE.a % TABLE.b, TABLE.a / 0):
        assert "NULLIF" in ibis.to_sql(portable(TABLE.select(x=expression)), dialect="duckdb")


def test_nested_divisions_are_guarded_everywhere() -> None:
    inner = TABLE.mutate(x=TABLE.a / (TABLE.a / TABLE.b)).group_by("x").agg(n=TABLE.a.sum() / TABLE.b.count())
    assert ibis.to_sql(portable(inner), dialect="duckdb").count("NULLIF") == 3


def test_a_constant_divisor_and_everything_else_stay_as_they_are() -> None:
    for expression in (TABLE.select(x=TABLE.a / 10), TABLE.filter(TABLE.a > 1).select("b")):
        assert portable(expression).equals(expression)


def test_a_fraction_is_a_double_and_no_decimal() -> None:
    sql = ibis.to_sql(portable(TABLE.select(x=TABLE.a * 0.02 / 1.5)), dialect="duckdb")
    assert sql.count("AS DOUBLE)") == 2
    assert "NULLIF" not in sql


def test_times_are_microseconds_of_utc() -> None:
    assert arrow_schema(TABLE).field("t").type == pa.timestamp("us", tz="UTC")
    assert arrow_schema(TABLE).field("a").type == pa.int64()
