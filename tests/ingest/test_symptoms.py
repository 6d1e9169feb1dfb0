"""What most rows of a file have in common is told once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ringfence.ingest.format import Reject
from ringfence.ingest.symptoms import Symptoms, masked, misreadings, silences

TIME = pa.timestamp("us", tz="UTC")


def seen(name: str, notes: dict[str, int] | None = None, **columns: pa.Array) -> Symptoms:
    """A file of two accepted calls with these columns."""
    made = Symptoms(name)
    made.see_calls(pa.table({"called": ["159", "159"], **columns}), notes or {})
    return made


def times(*values: int | None) -> pa.Array:
    return pa.array(values, TIME)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"end_time": times(1, 2), "status": [200, 486]}, "ringing included"),
        ({"end_time": times(1, 2), "answer_time": times(None, None)}, "none counts as talk"),
        ({"status": [200, 486]}, "how long people talked is not known"),
        ({}, "how long people talked is not known"),
    ],
)
def test_a_source_that_does_not_say_when_calls_were_answered(
    columns: dict[str, pa.Array], words: str
) -> None:
    file = seen("in/a.csv", **columns)
    assert file.without_answers
    (line,) = silences([file, seen("in/b.csv", **columns)])
    assert line.startswith("a.csv, b.csv: no call has an answer time")
    assert words in line


@pytest.mark.parametrize(
    "columns",
    [
        {"end_time": times(1, 2), "answer_time": times(1, None)},
        {"end_time": times(1, 2), "status": [486, 404]},  # nobody answered
    ],
)
def test_a_source_that_does(columns: dict[str, pa.Array]) -> None:
    assert silences([seen("a.csv", **columns)]) == []


def test_callers_of_several_files_are_one_line() -> None:
    files = []
    for name in ("a", "b", "c", "d", "good"):
        file = seen(f"in/{name}.csv")
        unread = pa.array([name != "good", False])
        numbers = pa.array([None if name != "good" else "+442079460101", None], pa.string())
        file.see_callers(pa.chunked_array([["Jo Doe", None]]), unread, numbers)
        files.append(file)
    assert misreadings(files) == [
        "a.csv, b.csv, c.csv and 1 more files: 4 of 4 callers could not be read as numbers (for example"
        " 'Jo •••'); check which column is the caller, and --region"
    ]


def test_half_of_the_rows_is_not_most() -> None:
    file = seen("a.csv")
    file.see_rejects([Reject("a.csv", 7, "bad_start_time", "'x' is not a time")] * 2)
    assert misreadings([file]) == []
    file.see_rejects([Reject("a.csv", 8, "bad_start_time", "'y' is not a time")])
    assert misreadings([file]) == [
        "a.csv: 3 of 5 rows rejected: bad_start_time, first at 7: 'x' is not a time;"
        " say its format in a mapping"
    ]


def test_a_column_that_cannot_be_read() -> None:
    files = [seen("a.csv", {"end_time_unreadable": 2, "status_unreadable": 1, "not_utf8": 2})]
    assert misreadings(files) == [
        "a.csv: end_time could not be read in 2 of 2 rows;"
        " check which column it is, and its format or values in the mapping"
    ]


def test_a_remark_on_several_files_is_one_line() -> None:
    files = [seen("a.csv"), seen("b.csv"), seen("c.csv")]
    for file in files[:2]:
        file.remarks.append("odd")
    assert misreadings(files) == ["a.csv, b.csv: odd"]


def test_masked() -> None:
    assert masked("02079460101") == "020•••••••••"[:11]
    assert masked("a\nb") == "a b"
