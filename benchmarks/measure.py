"""Runs a command as a process of its own and says what it cost."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

RINGFENCE = str(Path(sys.executable).with_name("ringfence"))


class Cost(msgspec.Struct, frozen=True):
    """seconds: by the wall clock. peak: bytes of resident memory. out: what it wrote to standard output.

    processor: seconds of all cores, which do not grow with what else the machine does.
    """

    seconds: float
    peak: int
    out: str
    processor: float = 0.0


def run(command: Sequence[str]) -> Cost:
    """Run to the end. Raises SystemExit with the last lines of its errors where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        out, err = _drain(process)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({process.returncode}):\n{err[-2000:]}")
    return Cost(time.perf_counter() - began, used.ru_maxrss * 1024, out, used.ru_utime + used.ru_stime)


def _drain(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Both streams to their ends, without reaping the process: wait4 alone tells its peak."""
    import threading

    assert process.stdout is not None and process.stderr is not None
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
    reader.start()
    out = process.stdout.read()
    reader.join()
    return out, errors[0]


def growth(rows: Sequence[int], seconds: Sequence[float]) -> float | None:
    """The exponent b of seconds = a * rows^b that fits best; 1 is linear."""
    if len(rows) < 2:
        return None
    x, y = [math.log(n) for n in rows], [math.log(s) for s in seconds]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def machine() -> str:
    """Cores, memory and versions, for the head of a table."""
    import platform

    import duckdb

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (
        f"{len(os.sched_getaffinity(0))} cores, {memory} GiB, {platform.machine()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
