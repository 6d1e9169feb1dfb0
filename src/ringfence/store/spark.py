"""Spark, on a cluster or on this machine's cores.

No Python runs on the executors: expressions become Spark SQL, tables travel as Arrow and Parquet. Two
settings make it agree with DuckDB: the session's time zone is UTC, and ANSI mode is on, so that an overflow
or a bad cast fails on both engines rather than giving other rows on one. (Division by zero is NULL on both,
see `ringfence.store.portable`.)
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.errors import RingfenceError, UsageError
from ringfence.store.parquet import READ, record_files
from ringfence.store.portable import arrow_schema, portable

_START_SETTINGS = {
    "spark.app.name": "ringfence",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

_SESSION_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}

_IN_THIS_PROCESS = re.compile(r"local(\[.+\])?")
_MASTER = re.compile(r"local(\[.+\])?|local-cluster\[\d+,\d+,\d+\]|(spark|k8s)://.+|yarn")


class SparkEngine:
    """`ringfence.model.engine.Engine` on Spark, through ibis.

    workdir: a folder that the driver and every executor see under the same path; a folder of its own is made
    inside and removed again. memory: of each executor (of the process, when local), such as "6GB".
    master: Spark's URL, by default this machine's cores (`local[threads]`).

    A Spark application that already runs in this process is shared, in a session of its own, and left
    running.
    """

    name = "spark"

    def __init__(
        self,
        workdir: Path,
        *,
        memory: str | None = None,
        threads: int | None = None,
        master: str | None = None,
    ) -> None:
        workdir.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="spark-", dir=workdir)).resolve()
        self._written = 0
        try:
            self._session, self._started = _session(
                master or f"local[{threads or '*'}]", memory, self._folder / "spark.log"
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        for key, value in _SESSION_SETTINGS.items():
            self._session.conf.set(key, value)
        # 200, Spark's own, is for a cluster of fifty cores; on two, most of a hunt went into empty partitions
        cores = self._session.sparkContext.defaultParallelism
        self._session.conf.set("spark.sql.shuffle.partitions", str(max(8, 4 * cores)))
        self._con = ibis.pyspark.connect(self._session)
        if not _IN_THIS_PROCESS.fullmatch(self._session.sparkContext.master):
            try:
                check_shared(self._session, self._folder)
            except BaseException:
                self.close()
                raise

    def read_records(self, files: Sequence[Path]) -> ir.Table:
        """The files' call-record columns in their own types, with `source_file` and `source_row`."""
        from ibis.backends.pyspark.datatypes import PySparkType
        from pyspark.sql import functions as fn

        found = record_files(files)
        types = {
            name: PySparkType.from_ibis(dtype)
            for name, dtype in ibis.Schema.from_pyarrow(READ).items()
            if name in found.columns
        }
        with _plain_errors():
            parts = []
            # files of one layout are read together: Spark does not merge layouts that differ in a type
            for layout, group in found.layouts():
                raw = self._session.read.parquet(
                    *(_GLOB.sub(r"\\\1", f"file://{f.resolve()}") for f in group)
                )
                columns = [
                    (fn.col(name) if name in layout.names else fn.lit(None)).cast(type_).alias(name)
                    for name, type_ in types.items()
                ]
                position = (fn.col("_metadata.row_index") + 1).alias("source_row")
                parts.append(raw.select(*columns, _source_file(group), position))
            records = parts[0]
            for part in parts[1:]:
                records = records.unionByName(part)
            name = f"records_{self._next()}"
            records.createOrReplaceTempView(name)
            return self._con.table(name)

    def upload(self, table: pa.Table, name: str) -> ir.Table:
        file = self._folder / f"{name}-{self._next()}.parquet"
        pq.write_table(table, file)
        return self._view(file, name)

    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        folder = self._folder / f"{name}-{self._next()}"
        with _plain_errors():
            rows = _widened(self._session.sql(self._con.compile(portable(expression))), expression)
            rows.write.parquet(f"file://{folder}")
        # Spark would start a job to find the schema out again
        return self._view(folder, name, rows.schema)

    def collect(self, expression: ir.Table) -> pa.Table:
        with _plain_errors():
            rows = self._session.sql(self._con.compile(portable(expression))).toArrow()
        return rows.cast(arrow_schema(expression))

    def close(self) -> None:
        if self._started:
            context = self._session.sparkContext
            application = context.applicationId
            self._session.stop()
            if context.master.startswith("local-cluster"):
                # its workers leave their logs under Spark's own home
                from pyspark.find_spark_home import _find_spark_home

                shutil.rmtree(Path(_find_spark_home(), "work", application), ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _next(self) -> int:
        self._written += 1
        return self._written

    def _view(self, path: Path, name: str, schema: Any = None) -> ir.Table:
        with _plain_errors():
            reader = self._session.read if schema is None else self._session.read.schema(schema)
            reader.parquet(f"file://{path}").createOrReplaceTempView(name)
            return self._con.table(name)


def _widened(rows: Any, expression: ir.Table) -> Any:
    """The Spark rows with the numbers in the types of the expression: Spark ranks in 32 bits, ibis in 64."""
    from ibis.backends.pyspark.datatypes import PySparkType

    numbers = {name: dtype for name, dtype in expression.schema().items() if dtype.is_numeric()}
    types = {name: PySparkType.from_ibis(dtype) for name, dtype in numbers.items()}
    other = [name for name in types if rows.schema[name].dataType != types[name]]
    return rows.withColumns({name: rows[name].cast(types[name]) for name in other}) if other else rows


_GLOB = re.compile(r"([\\*?\[\]{}])")


def _source_file(files: Sequence[Path]) -> Any:
    """The Spark column that names each row's file as it was given, which may be relative."""
    from pyspark.sql import functions as fn

    # Spark tells a URI, in which + stands for itself
    path = fn.url_decode(fn.replace(fn.col("_metadata.file_path"), fn.lit("+"), fn.lit("%2B")))
    path = fn.regexp_replace(path, "^file:/+", "/")
    given = [(str(f.resolve()), str(f)) for f in files if f.resolve() != f]
    if given:
        names = fn.create_map(*(fn.lit(text) for pair in given for text in pair))
        path = fn.coalesce(fn.try_element_at(names, path), path)
    return path.alias("source_file")


def check_shared(session: Any, folder: Path) -> None:
    """Raises UsageError unless executors write into the same `folder` that the driver reads.

    On nodes with disks of their own Spark reports no error: each node writes to its own, and a kept table
    comes back empty, as if there was nothing to find.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    probe = f"file://{folder}/probe"
    rows = 4 * session.sparkContext.defaultParallelism
    try:
        session.range(0, rows, 1, rows).write.parquet(probe)
        seen = session.read.schema("id bigint").parquet(probe).count()
    except (PySparkException, Py4JError):
        seen = 0
    if seen != rows:
        raise UsageError(
            f"{folder.parent}: not every Spark executor can write there under that name; give --workdir a "
            "folder that all nodes share"
        )


def _session(master: str, memory: str | None, log: Path) -> tuple[Any, bool]:
    """A session of the Spark application in this process, and whether it had to be started."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise RingfenceError("Spark is not installed; run: pip install 'ringfence[spark]'") from error
    if not _MASTER.fullmatch(master):
        raise UsageError(
            f"--master {master}: not a Spark master; write local[4], spark://HOST:7077, yarn or k8s://…"
        )
    if running := SparkSession.getActiveSession():
        return running.newSession(), False
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise RingfenceError(
            "Spark needs Java 17 or newer and there is none; install openjdk-17-jre-headless"
        )
    builder = SparkSession.builder.master(master)
    for key, value in _START_SETTINGS.items():
        builder = builder.config(key, value)
    if master.startswith("local"):
        # otherwise Spark listens on the host's outside address
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if memory:
        # Spark writes 6g where people write 6GB
        amount = memory.strip().lower().removesuffix("b").removesuffix("i")
        of = "driver" if _IN_THIS_PROCESS.fullmatch(master) else "executor"
        builder = builder.config(f"spark.{of}.memory", amount)
    try:
        with _stderr_to(log):
            return builder.getOrCreate(), True
    except Exception as error:
        said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        reason = next((line for line in said if "Exception" in line or "Error" in line), str(error))
        raise RingfenceError(
            f"Spark does not start on {master}: {reason.splitlines()[0]}; check --master and memory"
        ) from error


@contextmanager
def _stderr_to(log: Path) -> Iterator[None]:
    """Whatever processes started meanwhile print goes to `log`: Spark's JVM greets and warns at length."""
    kept = os.dup(2)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turns an error of Spark's into one line."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise RingfenceError(f"Spark failed: {first.strip()}; --debug shows the whole of it") from error
