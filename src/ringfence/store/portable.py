"""Makes one expression mean the same on every engine where SQL leaves it to each."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa


def portable(expression: ir.Table) -> ir.Table:
    """The expression with each division `x / y`, `x // y` and `x % y` turned into NULL where y is 0, and with
    each fraction such as 0.3 a double.

    Division by zero: DuckDB answers inf, nan or NULL, depending on the types; Spark raises or answers NULL,
    depending on its mode. A source without one answered call is normal in traffic, so it has to be a value,
    and the same one. Fractions: SQL reads 0.3 as a decimal, whose products and quotients each engine cuts in
    a way of its own, Spark after as few as six digits.
    """
    return expression.op().replace(_same_meaning).to_expr()


def arrow_schema(expression: ir.Table) -> pa.Schema:
    """The Arrow schema of the expression's rows, every time as microseconds of UTC.

    Spark's instants have no zone in ibis' types and DuckDB's have; all the times that we hold are UTC.
    """
    schema = expression.schema().to_pyarrow()
    for position, field in enumerate(schema):
        if pa.types.is_timestamp(field.type):
            schema = schema.set(position, field.with_type(pa.timestamp("us", tz="UTC")))
    return schema


def _same_meaning(node: Any, changed: dict[Any, Any] | None) -> Any:
    arguments = dict(zip(node.__argnames__, node.__args__, strict=True)) if changed is None else changed
    if isinstance(node, ops.Divide | ops.Modulus) and not (
        isinstance(node.right, ops.Literal) and node.right.value
    ):
        divisor = arguments["right"]
        return type(node)(arguments["left"], ops.NullIf(divisor, ops.Literal(0, dtype=divisor.dtype)))
    if isinstance(node, ops.Literal) and node.dtype.is_floating() and node.value is not None:
        return ops.Cast(node, dt.float64)
    return node if changed is None else node.__recreate__(changed)
