"""How fast each format is read, and that memory does not grow with the input.

    python -m benchmarks.ingest [--formats csv parquet …] [--rows 300000 1000000 3000000]

Writes made-up call records in each format at each size, ingests them with the command in a process of its
own, and prints a line each: rows per second of processor time and of the clock
(the start of Python included) and peak memory.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.measure import RINGFENCE, Cost, machine, run

START = 1_719_828_000
COLUMNS = "call_id,start_time,answer_time,end_time,caller,called,trunk,account,status,ingress,source_ip"


def table(first: int, rows: int) -> pa.Table:
    """Call records in our columns: numbers of the drama ranges, a tenth of the calls unanswered."""
    rng = np.random.default_rng(first)
    start = START + np.sort(rng.integers(0, 7 * 86_400, rows))
    talk = rng.integers(1, 600, rows)
    unanswered = rng.random(rows) < 0.1
    numbers = np.arange(first, first + rows)
    stamp = pa.timestamp("s", "UTC")

    def text(prefix: str, values: np.ndarray, width: int = 0) -> pa.Array:
        return pa.array([f"{prefix}{value:0{width}d}" for value in values.tolist()])

    return pa.table(
        {
            "call_id": text("c", numbers),
            "start_time": pa.array(start, stamp),
            "answer_time": pa.array(start + 5, stamp, mask=unanswered),
            "end_time": pa.array(start + 5 + talk, stamp),
            # 8 million subscribers, so that distinct numbers grow with the rows as they do in life
            "caller": text("+44207", rng.integers(0, 8_000_000, rows), 7),
            "called": text("+44770", rng.integers(0, 8_000_000, rows), 7),
            "trunk": text("t", rng.integers(0, 60, rows)),
            "account": text("a", rng.integers(0, 3_000, rows)),
            "status": pa.array(np.where(unanswered, 486, 200), pa.int16()),
            "ingress": pa.array(np.where(unanswered, "national", "customer")),
            "source_ip": text("192.0.2.", rng.integers(1, 250, rows)),
        }
    )


def tables(rows: int) -> Iterator[pa.Table]:
    for first in range(0, rows, 250_000):
        yield table(first, min(250_000, rows - first))


def write_csv(path: Path, rows: int) -> None:
    with path.open("wb") as file:
        file.write(COLUMNS.encode() + b"\n")
        options = pyarrow.csv.WriteOptions(include_header=False)
        for part in tables(rows):
            pyarrow.csv.write_csv(part, file, options)


def write_parquet(path: Path, rows: int) -> None:
    writer = None
    for part in tables(rows):
        writer = writer or pq.ParquetWriter(path, part.schema)
        writer.write_table(part)
    if writer:
        writer.close()


def _lines(line: Callable[[int, random.Random], str]) -> Callable[[Path, int], None]:
    def write(path: Path, rows: int) -> None:
        rng = random.Random(rows)
        with path.open("w") as file:
            for number in range(rows):
                file.write(line(number, rng))

    return write


def _clock(number: int, later: int = 0) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(START + number // 20 + later))


def asterisk_line(number: int, rng: random.Random) -> str:
    caller, called = f"0207{rng.randrange(10**7):07d}", f"0770{rng.randrange(10**7):07d}"
    return (
        f'"","{caller}","{called}","from-trunk","""Caller"" <{caller}>","PJSIP/c{number % 40}-{number:08x}",'
        f'"PJSIP/out-{number:08x}","Dial","PJSIP/out,30","{_clock(number)}","{_clock(number, 5)}",'
        f'"{_clock(number, 65)}",65,60,"ANSWERED","DOCUMENTATION","{START}.{number}",""\n'
    )


def acc_line(number: int, rng: random.Random) -> str:
    caller, called = f"0207{rng.randrange(10**7):07d}", f"0770{rng.randrange(10**7):07d}"
    call, later = number // 2, number % 2
    method = ("INVITE", "BYE")[later]
    if number == 0:
        header = "id,method,from_tag,to_tag,callid,sip_code,sip_reason,time,src_user,dst_user,src_ip\n"
    else:
        header = ""
    moment = _clock(number, 60 * later)
    ids = f"{number},{method},a{call},b{call},c{call}@192.0.2.1"
    return f"{header}{ids},200,OK,{moment},{caller},{called},192.0.2.1\n"


def json_line(number: int, rng: random.Random) -> str:
    caller, called = f"%2B44207{rng.randrange(10**7):07d}", f"0770{rng.randrange(10**7):07d}"
    start = (START + number // 20) * 1_000_000
    variables = {
        "uuid": f"u{number}", "sip_call_id": f"u{number}@192.0.2.1", "start_uepoch": str(start),
        "answer_uepoch": str(start + 5_000_000), "end_uepoch": str(start + 65_000_000),
        "hangup_cause": "NORMAL_CLEARING", "sip_network_ip": "192.0.2.1",
    }  # fmt: skip
    profile = {"caller_id_number": caller, "destination_number": called}
    return (
        json.dumps({"core-uuid": "x", "variables": variables, "callflow": [{"caller_profile": profile}]})
        + "\n"
    )


def write_3gpp(path: Path, rows: int) -> None:
    """Gateway records, octet by octet: callingNumber, calledNumber and the rest of the mandatory fields."""
    rng = random.Random(rows)
    with path.open("wb") as file:
        for number in range(rows):
            stamp = time.strftime("%y%m%d%H%M%S", time.gmtime(START + number // 20))
            tail = "2b0000"
            fields = (
                "800103"
                f"81079144027{rng.randrange(10**7):07d}"
                f"82079144770{rng.randrange(10**7):07d}"
                "83049144770f"
                "a4058103543141"
                f"8609{stamp}{tail}8709{stamp}{tail}8809{stamp}{tail}"
                f"89013c8b01008d04{number:08x}"
            )
            body = bytes.fromhex(fields)
            file.write(b"\xa3" + bytes([len(body)]) + body)


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "asterisk": _lines(asterisk_line),
    "acc": _lines(acc_line),
    "freeswitch-json": _lines(json_line),
    "3gpp": write_3gpp,
}


def measure(name: str, rows: int, folder: Path) -> tuple[int, Cost, int]:
    """Write, ingest in a process of its own, remove the file: megabytes in, cost, calls out."""
    source, out = folder / f"{name}.data", folder / "out"
    WRITERS[name](source, rows)
    size = source.stat().st_size >> 20
    cost = run([RINGFENCE, "ingest", str(source), "--out", str(out), "--json"])
    source.unlink()
    return size, cost, json.loads(cost.out)["accepted"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Cost of ingest by format and size.")
    parser.add_argument("--formats", nargs="+", choices=WRITERS, default=list(WRITERS))
    parser.add_argument("--rows", nargs="+", type=int, default=[300_000, 1_000_000, 3_000_000])
    arguments = parser.parse_args()
    print(machine())
    print(f"{'format':16}{'rows':>12}{'calls':>12}{'MB':>7}{'rows/cpu s':>12}{'rows/s':>10}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.formats:
            for rows in arguments.rows:
                size, cost, calls = measure(name, rows, Path(folder))
                print(
                    f"{name:16}{rows:12,}{calls:12,}{size:7,}{rows / cost.processor:12,.0f}"
                    f"{rows / cost.seconds:10,.0f}{cost.peak >> 20:9,}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
