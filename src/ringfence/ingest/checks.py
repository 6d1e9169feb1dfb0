"""What is wrong with a row: times that cannot be, numbers that are missing."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.ingest.convert import TIME
from ringfence.model.record import TIME_COLUMNS

#: Times outside are a switch without a clock, not calls.
EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
LONGEST = 31 * 86_400 * 1_000_000
#: Sources that round to seconds may put an answer this much before its start.
ROUNDING = 1_000_000


class Checked(msgspec.Struct, frozen=True):
    """reasons: per row, None for a good row. rounded: rows whose times were put back in order."""

    rows: pa.Table
    reasons: npt.NDArray[np.object_]
    rounded: int


def check(rows: pa.Table) -> Checked:
    """Judge each row's times. Times less than a second out of order are set equal: that is rounding."""
    reasons = np.full(len(rows), None, dtype=object)
    micros = {
        name: rows.column(name).combine_chunks().cast(pa.int64())
        for name in TIME_COLUMNS
        if name in rows.column_names
    }
    rounded = np.zeros(len(rows), dtype=bool)
    earliest, latest = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))

    def mark(mask: pa.Array, reason: str) -> None:
        bad = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
        reasons[bad & (reasons == None)] = reason  # noqa: E711  elementwise

    start = micros["start_time"]
    mark(pc.is_null(start), "no_start_time")
    for column in micros.values():
        mark(pc.or_(pc.less(column, earliest), pc.greater_equal(column, latest)), "absurd_time")
    for before, after, reason in (
        ("start_time", "end_time", "end_before_start"),
        ("start_time", "answer_time", "answer_before_start"),
        ("answer_time", "end_time", "end_before_answer"),
    ):
        if before in micros and after in micros:
            late, early = micros[after], micros[before]
            gap = pc.subtract(early, late)
            mark(pc.greater(gap, ROUNDING), reason)
            slight = pc.fill_null(pc.and_(pc.greater(gap, 0), pc.less_equal(gap, ROUNDING)), False)
            if pc.any(slight, min_count=0).as_py():
                micros[after] = pc.if_else(slight, early, late)
                rounded |= slight.to_numpy(zero_copy_only=False)
    if "end_time" in micros:
        mark(pc.greater(pc.subtract(micros["end_time"], start), LONGEST), "absurd_duration")
    if rounded.any():
        for name, column in micros.items():
            rows = rows.set_column(rows.column_names.index(name), name, column.cast(TIME))
    return Checked(rows, reasons, int((rounded & (reasons == None)).sum()))  # noqa: E711
