"""Call records in whatever format, as the canonical files that the commands behind them read."""

from __future__ import annotations

import sys
from pathlib import Path


def canonical_files(
    inputs: list[Path],
    work: Path,
    region: str,
    mapping: Path | None = None,
    timezone: str | None = None,
) -> list[Path]:
    """Canonical Parquet files of all the inputs; what is none goes through ingest first, into `work`. Raises
    InputError."""
    from ringfence.ingest.mapping import load
    from ringfence.ingest.pipeline import ingest
    from ringfence.ingest.source import find
    from ringfence.store.ordered_records import is_canonical

    files = [source.path for source in find(inputs)]
    ready = [file for file in files if is_canonical(file)]
    others = [file for file in files if file not in set(ready)]
    if others:
        report = ingest(
            others, work, region=region, mapping=load(mapping) if mapping else None, timezone=timezone,
            least=0 if ready else 1,
        )  # fmt: skip
        for warning in (*report.warnings, *report.limits):
            print(f"ringfence: {warning}", file=sys.stderr)
        if report.rejected:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(report.rejected.items()))
            print(f"ringfence: rows left out: {reasons}", file=sys.stderr)
        ready += sorted((work / "calls").glob("part-*.parquet"))
    return ready
