"""DuckDB in the process: the default engine.

Tables are kept in memory and spill to the working folder once the limit is reached: measured on 3 M records,
keeping a table this way takes a fifth of the time that a database on disk needs, and with the limit at
300 MB both stayed below 400 MB.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from ringfence.errors import RingfenceError, UsageError
from ringfence.store.parquet import READ, record_files
from ringfence.store.portable import arrow_schema, portable

_DEFAULT_LIMIT = 4 << 30


class DuckDBEngine:
    """`ringfence.model.engine.Engine` on DuckDB, through ibis.

    workdir: folder for spilled data; a folder of its own inside is made and removed again.
    memory: such as "6GB"; the default is half of the machine's memory and at most 4 GiB.
    threads: the default is every core.
    """

    name = "duckdb"

    def __init__(self, workdir: Path, *, memory: str | None = None, threads: int | None = None) -> None:
        workdir.mkdir(parents=True, exist_ok=True)
        self._spill = Path(tempfile.mkdtemp(prefix="duckdb-", dir=workdir))
        settings: dict[str, object] = {
            "memory_limit": memory or f"{min(_DEFAULT_LIMIT, _physical_memory() // 2) >> 20}MiB",
            "temp_directory": str(self._spill),
            # row order costs memory in every pipeline, and nothing here relies on it
            "preserve_insertion_order": False,
        }
        if threads is not None:
            settings["threads"] = threads
        try:
            self._con = ibis.duckdb.connect(":memory:", **settings)
        except duckdb.Error as error:
            self._spill.rmdir()
            raise UsageError(
                f"DuckDB refuses its settings (memory {memory}, threads {threads}): "
                f"{_first_line(error)}; write memory as 6GB and threads as a positive number"
            ) from error
        self._con.con.execute("SET enable_progress_bar = false")

    def read_records(self, files: Sequence[Path]) -> ir.Table:
        """The files' call-record columns in their own types, with `source_file` and `source_row`."""
        found = record_files(files)
        raw = self._con.read_parquet(
            [str(file.resolve()) for file in found.files],
            union_by_name=True,
            filename=True,
            file_row_number=True,
        )
        given = {str(file.resolve()): str(file) for file in found.files if file.resolve() != file}
        types = ibis.Schema.from_pyarrow(READ)
        return raw.select(
            # foreign writers differ in width and zone; a cast to the type a column has is free
            *(raw[name].cast(types[name](nullable=True)).name(name) for name in found.columns),
            source_file=raw.filename.substitute(given) if given else raw.filename,
            source_row=raw.file_row_number + 1,
        )

    def upload(self, table: pa.Table, name: str) -> ir.Table:
        return self._con.create_table(name, table, overwrite=True)

    def keep(self, expression: ir.Table, name: str) -> ir.Table:
        with _plain_errors():
            return self._con.create_table(name, portable(expression), overwrite=True)

    def collect(self, expression: ir.Table) -> pa.Table:
        with _plain_errors():
            return self._con.to_pyarrow(portable(expression)).cast(arrow_schema(expression))

    def close(self) -> None:
        self._con.disconnect()
        shutil.rmtree(self._spill, ignore_errors=True)


def _physical_memory() -> int:
    """Bytes of memory in this machine, or what its control group allows."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return memory
    return min(memory, int(limit)) if limit.isdigit() else memory


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turns an error of DuckDB's into one line."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise RingfenceError(
            f"DuckDB needs more memory than it may use: {_first_line(error)}; raise memory in [hunt]"
        ) from error
    except duckdb.Error as error:
        raise RingfenceError(f"DuckDB failed: {_first_line(error)}; --debug shows the whole of it") from error


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
