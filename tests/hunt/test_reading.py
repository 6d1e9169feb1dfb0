"""From files to coded records: in whatever zone and columns they were written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import ConfigError, InputError, UsageError
from ringfence.hunt.reading import Loaded, Reading, load, words_of_unreadable, words_of_zone
from ringfence.ingest.mapping import load as load_mapping
from ringfence.model.engine import Engine

NOON = dt.datetime(2026, 7, 1, 12)


def naive(path: Path) -> Path:
    """Two calls whose times name no zone; one was answered."""
    when = pa.timestamp("us")
    table = pa.table(
        {
            "call_id": ["a", "b"],
            "start_time": pa.array([NOON, NOON], when),
            "answer_time": pa.array([NOON, None], when),
            "called": ["+447700900001", "159"],
        }
    )
    pq.write_table(table, path)
    return path


def read(engine: Engine, file: Path, reading: Reading | None = None) -> Loaded:
    return load(engine, [file], file.parent / "work", "GB", reading or Reading())


def first(loaded: Loaded) -> dt.datetime:
    return dt.datetime.fromtimestamp(loaded.records.first / 1e6, dt.UTC)


def test_times_without_zone_in_parquet_are_utc_and_counted(engine: Engine, tmp_path: Path) -> None:
    loaded = read(engine, naive(tmp_path / "a.parquet"))
    assert first(loaded) == NOON.replace(tzinfo=dt.UTC)
    assert loaded.notes == {"time_without_zone": 3}
    assert loaded.files == [tmp_path / "a.parquet"]  # as it is: no second copy
    assert words_of_zone(loaded.notes, None)[0].startswith("3 times in the call records name no zone")


def test_a_zone_that_is_given_holds_for_parquet_too(engine: Engine, tmp_path: Path) -> None:
    loaded = read(engine, naive(tmp_path / "a.parquet"), Reading(timezone="Europe/London"))
    assert first(loaded) == dt.datetime(2026, 7, 1, 11, tzinfo=dt.UTC)
    assert loaded.notes == {}
    assert words_of_zone(loaded.notes, "Europe/London") == [
        "Times in the call records that name no zone were read as Europe/London."
    ]


def test_text_in_local_time(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("call_id,start_time,called\na,2026-07-01 12:00:00,+447700900001\n")
    assert first(read(engine, file)) == NOON.replace(tzinfo=dt.UTC)
    local = read(engine, file, Reading(timezone="+02:00"))
    assert first(local) == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)


def test_a_zone_that_does_not_exist(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Europe/Londinium"):
        read(engine, naive(tmp_path / "a.parquet"), Reading(timezone="Europe/Londinium"))


def test_a_region_that_does_not_exist(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown region 'XX'"):
        load(engine, [naive(tmp_path / "a.parquet")], tmp_path / "work", "XX", Reading())


def test_columns_of_their_own_through_a_mapping(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        '[columns]\nstart_time = "when"\ncalled = "b"\ncaller = "a"\n[file]\ntimezone = "Europe/London"\n'
    )
    file = tmp_path / "a.csv"
    file.write_text("when,a,b\n2026-07-01 12:00:00,020 7946 0159,07700 900001\n")
    loaded = read(engine, file, Reading(mapping=load_mapping(tmp_path / "m.toml")))
    assert (first(loaded).hour, loaded.rows["accepted"]) == (11, 1)
    assert {"caller", "called"} <= loaded.records.fields


def test_what_was_rejected_anywhere_is_counted(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("start_time,called\n2026-07-01T12:00:00Z,159\nyesterday,159\n2026-07-01T12:00:00Z,\n")
    loaded = read(engine, file)
    assert loaded.rows == {
        "read": 3,
        "accepted": 1,
        "rejected": 2,
        "by_reason": {"bad_start_time": 1, "no_called_number": 1},
    }
    assert loaded.rejected["reason"].to_pylist() == ["bad_start_time", "no_called_number"]


def test_no_record_at_all(engine: Engine, tmp_path: Path) -> None:
    empty = tmp_path / "empty.parquet"
    pq.write_table(pq.read_schema(naive(tmp_path / "a.parquet")).empty_table(), empty)
    with pytest.raises(InputError, match=r"no usable call record in .*: it is empty"):
        read(engine, empty)


def test_good_files_are_used_beside_others_that_cannot_be_read(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    plain = naive(folder / "a.parquet")
    (folder / "b.csv").write_text("start_time,called\n2026-07-01T12:00:00Z,159\nyesterday,159\n")
    (folder / "c.parquet").write_bytes(plain.read_bytes()[:-9])
    (folder / "d.txt").write_text("not a record\n")
    (folder / "e.csv").write_text("")
    loaded = load(engine, [folder], tmp_path / "work", "GB", Reading())
    assert loaded.files[0] == plain  # as it is, not once more through ingest
    assert (loaded.rows["read"], loaded.rows["accepted"], loaded.rows["rejected"]) == (4, 3, 1)
    assert loaded.rows["by_reason"] == {"bad_start_time": 1}  # files are no rows
    assert sorted(loaded.rejected["reason"].to_pylist()) == ["bad_start_time", *["file_unreadable"] * 3]
    assert [Path(file).name for file in loaded.unreadable] == ["c.parquet", "d.txt", "e.csv"]
    for file, error in loaded.unreadable.items():
        assert error.startswith(f"{file}: ") and "\n" not in error
    (said,) = words_of_unreadable(loaded.unreadable, most=2)
    assert said.endswith("3 input files (c.parquet, d.txt and 1 more).")


def test_parquet_alone_is_used_where_nothing_else_can_be_read(engine: Engine, tmp_path: Path) -> None:
    plain = naive(tmp_path / "a.parquet")
    (tmp_path / "b.txt").write_text("not a record\n")
    loaded = load(engine, [plain, tmp_path / "b.txt"], tmp_path / "work", "GB", Reading())
    assert (loaded.rows["accepted"], len(loaded.unreadable)) == (2, 1)
    with pytest.raises(InputError, match=r"b\.txt: not a format"):
        load(engine, [tmp_path / "b.txt"], tmp_path / "more", "GB", Reading())


def test_no_usable_record_says_what_is_wrong_and_what_to_do(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("start_time,called\n" + "soon,159\n" * 3)
    with pytest.raises(InputError) as caught:
        read(engine, file)
    assert str(caught.value) == (
        f"no usable call record in {file}: 3 bad_start_time; first bad_start_time: {file} at 2:"
        " 'soo•' is not a time; say its format in a mapping"
    )


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("end_time,status", "talk is counted from the start of a call, ringing included"),
        ("end_time,trunk", "which were answered is not known"),
        ("status,trunk", "how long people talked is not known"),
    ],
)
def test_records_without_answer_times_are_told(
    engine: Engine, tmp_path: Path, columns: str, words: str
) -> None:
    values = {"end_time": "2026-07-01T12:01:00Z", "status": "200", "trunk": "a"}
    row = ",".join(values[name] for name in columns.split(","))
    (tmp_path / "a.csv").write_text(f"start_time,called,{columns}\n2026-07-01T12:00:00Z,159,{row}\n")
    (line,) = read(engine, tmp_path / "a.csv").notices
    assert line.startswith("No call has an answer time") and words in line


def test_a_source_without_answer_times_beside_others_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("start_time,called,end_time\n2026-07-01T12:00:00Z,159,1782907400\n")
    (tmp_path / "b.csv").write_text("start_time,called,answer_time\n2026-07-01T12:00:00Z,159,1782907300\n")
    loaded = load(engine, [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "work", "GB", Reading())
    assert loaded.notices == [
        "No call of a.csv has an answer time, as others have: these calls count as not answered."
    ]


def test_callers_that_are_no_numbers_are_told_also_of_parquet(engine: Engine, tmp_path: Path) -> None:
    calls = pq.read_table(naive(tmp_path / "a.parquet")).append_column("caller", [["Jo", "Doe"]])
    pq.write_table(calls, tmp_path / "a.parquet")
    assert any(
        "2 of 2 callers could not be read" in line for line in read(engine, tmp_path / "a.parquet").notices
    )


def test_equal_records_count_once(engine: Engine, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):  # the same records in two files, and one of them differs
        naive(tmp_path / name)
    table = pq.read_table(tmp_path / "b.parquet")
    pq.write_table(table.set_column(3, "called", [["+447700900001", "999"]]), tmp_path / "b.parquet")
    loaded = load(
        engine,
        [tmp_path / "a.parquet", tmp_path / "b.parquet"],
        tmp_path / "w",
        "GB",
        Reading(unique_ids=True),
    )
    assert loaded.rows == {"read": 4, "accepted": 3, "rejected": 1, "by_reason": {"duplicate_row": 1}}
    (twin,) = loaded.rejected.to_pylist()
    assert (twin["file"], twin["position"]) == (str(tmp_path / "b.parquet"), 1)
    assert loaded.notes["call_id_repeated"] == 2
