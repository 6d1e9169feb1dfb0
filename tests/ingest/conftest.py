"""Reading a vector file the way `ringfence ingest` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ringfence.ingest.pipeline import IngestReport, ingest

VECTORS = Path(__file__).parents[1] / "vectors" / "cdr"

Ingested = Callable[..., tuple[list[dict[str, Any]], IngestReport]]


@pytest.fixture
def ingested(tmp_path: Path) -> Ingested:
    """A function: (vector's name or a path, options of ingest) -> the calls and the report."""

    def run(file: str | Path, **options: Any) -> tuple[list[dict[str, Any]], IngestReport]:
        out = tmp_path / "out"
        path = VECTORS / file if isinstance(file, str) else file
        report = ingest([path], out, region="GB", **options)
        return (pq.read_table(out / "calls").to_pylist() if report.accepted else []), report

    return run
