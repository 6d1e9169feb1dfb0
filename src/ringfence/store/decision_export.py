"""The decision log as call records: Parquet that `ringfence hunt` reads as it is, and how the calls ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringfence.errors import RingfenceError
from ringfence.model.decision import DECISION, Decision
from ringfence.model.record import CANONICAL
from ringfence.store.decision_log import DONE, read_segment
from ringfence.store.stream_marks import unsent

#: What a redirect server does not see, and the call record does.
OUTCOME = ("answer_time", "end_time", "status", "egress_trunk", "next_carrier")
#: A call record and a decision of one Call-ID belong together up to this far apart: clocks differ, and
#: some senders use a Call-ID again.
APART_SECONDS = 120

Hide = Callable[[pa.Table], pa.Table]


def export(folder: Path, out: Path, hide: Hide | None = None) -> tuple[list[Path], int]:
    """Each finished segment as one Parquet file of `out`, and the segment removed: the files, and how many
    lines could not be read. A segment that waits to be streamed stays. hide: puts tokens in place of numbers.

    A death in between changes nothing: a file is named after its segment, and is there whole or not at all.
    Raises RingfenceError where `out` cannot be written."""
    files, spoilt = [], 0
    try:
        out.mkdir(parents=True, exist_ok=True)
        for segment in sorted(folder.glob(f"*{DONE}")):
            if unsent(folder, segment):
                continue
            target = out / f"{segment.stem}.parquet"
            if not target.exists():
                rows, damaged = read_segment(segment)
                spoilt += damaged
                table = as_table(rows)
                if hide is not None:
                    table = hide(table).replace_schema_metadata(table.schema.metadata)
                partial = target.with_suffix(".partial")
                pq.write_table(table, partial, compression="zstd")
                partial.rename(target)
                files.append(target)
            segment.unlink()
    except OSError as error:
        raise RingfenceError(f"{out}: cannot be written ({error.strerror}); the log is as it was") from None
    return files, spoilt


def as_table(rows: Sequence[Decision]) -> pa.Table:
    """Rows of the log in the columns of `DECISION`."""
    fields = Decision.__struct_fields__
    columns = {name: [getattr(row, name) for row in rows] for name in fields}
    arrays = [
        pa.array(columns.get(field.name, [None] * len(rows)), pa.int64()).cast(field.type)
        if field.name == "start_time"
        else pa.array(columns.get(field.name, [None] * len(rows)), field.type)
        for field in DECISION
    ]
    return pa.Table.from_arrays(arrays, schema=DECISION.with_metadata(CANONICAL))


def join_outcomes(files: Sequence[Path], calls: Sequence[Path]) -> tuple[int, int]:
    """Put the answer, end and status of the call records into exported decisions, by sip_call_id: how many
    decisions found theirs, and how many there are. files: rewritten, each whole or not at all. calls:
    canonical Parquet. Of several records or decisions of one Call-ID those nearest in time belong together.
    """
    with duckdb.connect(":memory:") as engine:
        engine.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        engine.read_parquet([str(f) for f in calls], union_by_name=True).create_view("calls")
        engine.read_parquet([str(f) for f in files], union_by_name=True).create_view("decisions")
        engine.execute(f"""
            CREATE TABLE outcome AS
            WITH pairs AS (
                SELECT d.call_id AS decision, c.call_id AS record, {", ".join(f"c.{n}" for n in OUTCOME)},
                       abs(epoch(c.start_time) - epoch(d.start_time)) AS apart
                FROM decisions d JOIN calls c USING (sip_call_id)
                WHERE abs(epoch(c.start_time) - epoch(d.start_time)) <= {APART_SECONDS}
            ), nearest AS (
                SELECT * FROM pairs
                QUALIFY row_number() OVER (PARTITION BY record ORDER BY apart, decision) = 1
            )
            SELECT * EXCLUDE (record, apart) FROM nearest
            QUALIFY row_number() OVER (PARTITION BY decision ORDER BY apart, record) = 1
        """)
        for file in files:
            table = pq.read_table(file)
            found = engine.sql(
                "SELECT o.* EXCLUDE (decision) FROM read_parquet(?, file_row_number = true) d "
                "LEFT JOIN outcome o ON o.decision = d.call_id ORDER BY d.file_row_number",
                params=[str(file)],
            ).to_arrow_table()
            for name in OUTCOME:
                place = table.schema.get_field_index(name)
                kind = table.schema.field(name)
                new = found[name].cast(kind.type)
                old = table[name]
                table = table.set_column(place, kind, pc.coalesce(new, old))
            partial = file.with_suffix(".partial")
            pq.write_table(table, partial, compression="zstd")
            partial.rename(file)
        counted = engine.sql("SELECT (SELECT count(*) FROM outcome), (SELECT count(*) FROM decisions)")
        joined, all_ = counted.fetchall()[0]
    return joined, all_
