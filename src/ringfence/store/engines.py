"""Opens the engine an operator names: DuckDB in the process, or Spark on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.model.engine import Engine

#: The words of `--engine`.
ENGINES = ("duckdb", "spark")


@contextmanager
def open_engine(
    name: str,
    *,
    workdir: Path,
    memory: str | None = None,
    threads: int | None = None,
    master: str | None = None,
) -> Iterator[Engine]:
    """An engine for the time of one `with` block; what it kept is gone afterwards.

    name: a word of ENGINES. workdir: where it may spill; for a cluster, a folder that every node sees.
    memory: most memory to use, such as "6GB" (DuckDB: of the process's tables; Spark: of each executor).
    threads: cores to use (DuckDB, and Spark where `master` does not say). master: Spark's URL.

    Raises UsageError for an unknown name, a `master` that DuckDB has no use for, a bad amount of memory, and
    RingfenceError when Spark or Java is missing or does not start.
    """
    engine: Engine
    if name == "duckdb":
        from ringfence.store.duckdb import DuckDBEngine

        if master is not None:
            raise UsageError("--master is for Spark; add --engine spark or leave it out")
        engine = DuckDBEngine(workdir, memory=memory, threads=threads)
    elif name == "spark":
        from ringfence.store.spark import SparkEngine

        engine = SparkEngine(workdir, memory=memory, threads=threads, master=master)
    else:
        raise UsageError(f"no engine {name!r}; choose one of {', '.join(ENGINES)}")
    try:
        yield engine
    finally:
        engine.close()
