"""Makes one expression mean the same on every engine where SQL leaves it to each."""

from __future__ import annotations

from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa


def portable(expression: ir.Table) -> ir.Table:
    """The expression with each division `x / y`, `x // y` and `x % y` turned into NULL where y is 0.

    DuckDB answers inf, nan or NULL, depending on the types; Spark raises or answers NULL, depending on its
    mode. A source without one answered call is normal in traffic, so it has to be a value, and the same one.
    """
    return expression.op().replace(_guarded_division).to_expr()


def arrow_schema(expression: ir.Table) -> pa.Schema:
    """The Arrow schema of the expression's rows, every time as microseconds of UTC.

    Spark's instants have no zone in ibis' types and DuckDB's have; all the times that we hold are UTC.
    """
    schema = expression.schema().to_pyarrow()
    for position, field in enumerate(schema):
        if pa.types.is_timestamp(field.type):
            schema = schema.set(position, field.with_type(pa.timestamp("us", tz="UTC")))
    return schema


def _guarded_division(node: Any, changed: dict[Any, Any] | None) -> Any:
    arguments = dict(zip(node.__argnames__, node.__args__, strict=True)) if changed is None else changed
    if isinstance(node, ops.Divide | ops.Modulus):
        divisor = arguments["right"]
        if not (isinstance(divisor, ops.Literal) and divisor.value):
            return type(node)(arguments["left"], ops.NullIf(divisor, ops.Literal(0, dtype=divisor.dtype)))
    return node if changed is None else node.__recreate__(changed)
