"""What the hunt asks of an engine. Adapters are in `ringfence.store`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa


class Engine(Protocol):
    """An analytical engine that runs ibis expressions: DuckDB in the process, Spark on a cluster.

    The same expression gives the same rows on each, in any order unless it is ordered.
    """

    name: str

    def read_records(self, files: Sequence[Path]) -> ir.Table:
        """Canonical Parquet files as one lazy table, with every column of the call record and of
        `ringfence.model.record.BESIDE` that any file has, plus `source_file` (string, as given) and
        `source_row` (int64, from 1)."""
        ...

    def upload(self, table: pa.Table, name: str) -> ir.Table:
        """A small local table, made visible to the engine under `name` (replaces an older one)."""
        ...

    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        """Compute `expression` once and keep its rows under `name` until the engine is closed."""
        ...

    def collect(self, expression: ir.Table) -> pa.Table:
        """Compute `expression` and bring its rows here. Only for what is small: suspects, not traffic."""
        ...

    def close(self) -> None:
        """Drop whatever was kept and free the engine."""
        ...
