"""ingest(): every row ends in calls/ or in rejected.parquet, whatever comes in."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError, UsageError
from ringfence.ingest.mapping import Column, Mapping, load
from ringfence.ingest.pipeline import IngestReport, ingest

HEADER = "call_id,start_time,answer_time,end_time,caller,called,status\n"
GOOD = "a1,2024-03-01T10:00:00Z,2024-03-01T10:00:05Z,2024-03-01T10:06:00Z,020 7946 0123,07700 900123,200\n"


def run(tmp_path: Path, *contents: str | bytes, **options: object) -> IngestReport:
    files = []
    for number, content in enumerate(contents):
        file = tmp_path / f"in{number}.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        files.append(file)
    return ingest(files, tmp_path / "out", region="GB", **options)  # type: ignore[arg-type]


def calls(tmp_path: Path) -> list[dict[str, object]]:
    return pq.read_table(tmp_path / "out" / "calls").to_pylist()


def rejected(tmp_path: Path) -> list[dict[str, object]]:
    return pq.read_table(tmp_path / "out" / "rejected.parquet").to_pylist()


def test_own_columns_are_normalised_and_typed(tmp_path: Path) -> None:
    report = run(tmp_path, HEADER + GOOD)
    (call,) = calls(tmp_path)
    assert (call["caller"], call["called"], call["status"]) == ("+442079460123", "+447700900123", 200)
    assert call["start_time"] == dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC)
    assert (report.read, report.accepted, report.rejected) == (1, 1, {})
    assert report.first_start == report.last_start == call["start_time"]


def test_columns_in_another_order_and_extra_ones(tmp_path: Path) -> None:
    run(tmp_path, "Called,nonsense,START_TIME\n159,x,1709287200\n")
    (call,) = calls(tmp_path)
    assert call["called"] == "159"
    assert call["start_time"] == dt.datetime(2024, 3, 1, 10, tzinfo=dt.UTC)
    assert call["call_id"] == "in0.csv:2"


def test_parquet_of_others_is_read(tmp_path: Path) -> None:
    file = tmp_path / "theirs.parquet"
    start = pa.array([dt.datetime(2024, 3, 1, 10)], pa.timestamp("ns"))
    pq.write_table(pa.table({"called": [447700900123.0], "start_time": start, "caller": [None]}), file)
    report = ingest([file], tmp_path / "out", region="GB", timezone="Asia/Tokyo")
    (call,) = calls(tmp_path)
    assert call["called"] == "+447700900123"
    assert call["start_time"] == dt.datetime(2024, 3, 1, 1, tzinfo=dt.UTC)
    assert report.files[0].format == "parquet"


def test_rubbish_caller_is_noted_rubbish_called_is_rejected(tmp_path: Path) -> None:
    report = run(
        tmp_path,
        "start_time,caller,called\n"
        "2024-03-01T10:00:00Z,%%%,07700900123\n"
        "2024-03-01T10:00:00Z,anonymous,07700900123\n"
        "2024-03-01T10:00:00Z,02079460123,%%%\n"
        "2024-03-01T10:00:00Z,02079460123,\n",
    )
    assert [c["caller"] for c in calls(tmp_path)] == [None, None]
    assert report.notes == {"caller_unreadable": 1}
    assert report.rejected == {"bad_called_number": 1, "no_called_number": 1}
    first = rejected(tmp_path)[0]
    assert (first["position"], first["raw"]) == (4, "2024-03-01T10:00:00Z,02079460123,%%%")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,yesterday,,,,07700900123,", "bad_start_time"),
        ("x,,,,,07700900123,", "no_start_time"),
        ("x,2024-03-01T10:00:00Z,,2024-03-01T09:00:00Z,,07700900123,", "end_before_start"),
        ("x,2024-03-01T10:00:00Z,2024-03-01T09:00:00Z,,,07700900123,", "answer_before_start"),
        (
            "x,2024-03-01T10:00:00Z,2024-03-01T10:09:00Z,2024-03-01T10:08:00Z,,07700900123,",
            "end_before_answer",
        ),
        ("x,1970-01-02T10:00:00Z,,,,07700900123,", "absurd_time"),
        ("x,2024-03-01T10:00:00Z,,2025-03-01T10:00:00Z,,07700900123,", "absurd_duration"),
        ("x,2024-03-01T10:00:00Z,,", "ragged_row"),
        ("x,2024-03-01T10:00:00Z,,,,0770\x000900123,", "nul_byte"),
        ('"x,2024-03-01T10:00:00Z,,,,07700900123,', "open_quote"),
        ("x,2024-03-01T10:00:00Z,,,," + "7" * 1_100_000 + ",", "line_too_long"),
        ("x,2024-03-01T10:00:00Z,,,," + "7" * 1_000_000 + ",", "bad_called_number"),
        ("x,2024-03-01T10:00:00Z,,,,4.477E+11,", "bad_called_number"),
    ],
)
def test_one_bad_row_costs_that_row(tmp_path: Path, row: str, reason: str) -> None:
    report = run(tmp_path, HEADER + GOOD + row + "\n" + GOOD.replace("a1", "a2") + GOOD.replace("a1", "a3"))
    assert report.rejected == {reason: 1}
    assert [c["call_id"] for c in calls(tmp_path)] == ["a1", "a2", "a3"]
    (bad,) = rejected(tmp_path)
    assert (bad["position"], bad["reason"], bad["raw"]) == (3, reason, row[:1000])


def test_numbers_as_floats(tmp_path: Path) -> None:
    run(tmp_path, "start_time,called\n2024-03-01T10:00:00Z,4.47700900123E11\n")
    assert calls(tmp_path)[0]["called"] == "+447700900123"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "start_time,called,trunk\n2024-03-01T10:00:00Z,07700900123,Zürich\n"
    report = run(tmp_path, text.encode(encoding))
    assert calls(tmp_path)[0]["trunk"] == "Zürich"
    assert report.notes == ({"not_utf8": 1} if encoding == "latin-1" else {})


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_delimiters_and_line_ends(tmp_path: Path, newline: str, delimiter: str) -> None:
    rows = [["start_time", "called", "trunk"], ["2024-03-01T10:00:00Z", "07700900123", '"a b"']]
    run(tmp_path, newline.join(delimiter.join(row) for row in rows))
    assert calls(tmp_path)[0]["trunk"] == "a b"


def test_times_without_zone_are_utc_and_noted_unless_a_zone_is_given(tmp_path: Path) -> None:
    text = "start_time,called\n2024-07-01 10:00:00,07700900123\n"
    assert run(tmp_path, text).notes == {"time_without_zone": 1}
    assert calls(tmp_path)[0]["start_time"] == dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)
    assert run(tmp_path, text, timezone="Europe/London").notes == {}
    assert calls(tmp_path)[0]["start_time"] == dt.datetime(2024, 7, 1, 9, tzinfo=dt.UTC)


def test_rounded_times_are_put_in_order(tmp_path: Path) -> None:
    report = run(
        tmp_path,
        "start_time,answer_time,called\n2024-03-01T10:00:00.900Z,2024-03-01T10:00:00Z,07700900123\n",
    )
    (call,) = calls(tmp_path)
    assert call["answer_time"] == call["start_time"]
    assert report.notes == {"times_rounded": 1}


def test_good_files_are_used_beside_bad_ones(tmp_path: Path) -> None:
    report = run(tmp_path, HEADER + GOOD, b"", b"\x00\x01\x02\xff" * 100, b"PAR1 cut short")
    assert report.accepted == 1
    assert [bool(f.error) for f in report.files] == [False, True, True, True]
    assert (report.read, report.unreadable, report.rejected) == (1, 3, {})  # files are no rows
    assert all("\n" not in (f.error or "") for f in report.files)
    assert len(rejected(tmp_path)) == 3


def test_nothing_readable_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in0\.csv: empty"):
        run(tmp_path, b"")
    with pytest.raises(InputError, match="no such file"):
        ingest([tmp_path / "absent"], tmp_path / "out", region="GB")
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="holds no files"):
        ingest([tmp_path / "void"], tmp_path / "out", region="GB")


def test_a_directory_of_partitions_and_compressed_files(tmp_path: Path) -> None:
    for day in ("day=1", "day=2"):
        folder = tmp_path / "in" / day
        folder.mkdir(parents=True)
        (folder / "x.csv.gz").write_bytes(gzip.compress(b"start_time,called\n1709287200,159\n"))
    (tmp_path / "in" / "_SUCCESS").touch()
    ingest([tmp_path / "in"], tmp_path / "out", region="GB")
    assert {c["call_id"] for c in calls(tmp_path)} == {"day=1/x.csv.gz:2", "day=2/x.csv.gz:2"}


def test_a_cut_gzip_gives_its_good_rows(tmp_path: Path) -> None:
    packed = gzip.compress(
        (HEADER + "".join(GOOD.replace("a1", f"b{i * 7919}") for i in range(5000))).encode()
    )
    report = run(tmp_path, packed[: len(packed) // 2])
    assert report.accepted > 100
    assert (report.read, report.damaged) == (report.accepted + sum(report.rejected.values()), 1)
    assert "file_truncated" not in report.rejected
    assert rejected(tmp_path)[-1]["reason"] == "file_truncated"
    assert "copy the file again" in str(report.files[0].damage)


def broken_parquet(folder: Path, group_size: int, group: int) -> Path:
    """1,000 good rows in groups of `group_size`, one of which is damaged."""
    run(folder, HEADER + "".join(GOOD.replace("a1", f"b{i}") for i in range(1000)))
    file = folder / "broken.parquet"
    pq.write_table(pq.read_table(folder / "out" / "calls"), file, row_group_size=group_size)
    data = bytearray(file.read_bytes())
    at = pq.read_metadata(file).row_group(group).column(0).data_page_offset
    data[at : at + 200] = b"\xff" * 200
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(("group_size", "group"), [(500, 1), (500, 0), (100, 4), (1000, 0)])
def test_parquet_with_a_broken_page_gives_its_good_row_groups(
    tmp_path: Path, group_size: int, group: int
) -> None:
    file = broken_parquet(tmp_path, group_size, group)
    report = ingest([file], tmp_path / "out2", region="GB")
    assert (report.rejected, report.damaged) == ({}, 1)
    assert report.accepted == report.read == 1000 - group_size
    (lost,) = pq.read_table(tmp_path / "out2" / "rejected.parquet").to_pylist()
    assert lost["position"] == group * group_size + 1
    assert f" {group_size:,} rows from here on are lost" in lost["detail"]


def test_a_cut_parquet_cannot_be_read_and_says_so(tmp_path: Path) -> None:
    run(tmp_path, HEADER + GOOD)
    (part,) = (tmp_path / "out" / "calls").iterdir()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"cut short, which leaves nothing to read .* copy it again"):
        ingest([cut], tmp_path / "out2", region="GB")


def test_an_earlier_result_is_replaced_and_the_input_never(tmp_path: Path) -> None:
    run(tmp_path, HEADER + GOOD)
    run(tmp_path, HEADER + GOOD)
    assert len(calls(tmp_path)) == 1
    with pytest.raises(UsageError, match="overwrite"):
        ingest([tmp_path / "out" / "calls"], tmp_path / "out", region="GB")


def test_call_ids_are_unique_over_all_inputs(tmp_path: Path) -> None:
    leg, other = GOOD.replace("200", "486"), GOOD.replace("200", "487")
    report = run(tmp_path, HEADER + GOOD + leg, HEADER + GOOD.replace("a1", "b1"), HEADER + other)
    assert sorted(str(c["call_id"]) for c in calls(tmp_path)) == ["a1~0.1", "a1~0.2", "a1~0.4", "b1"]
    assert report.notes == {"call_id_repeated": 3}


def test_equal_records_count_once(tmp_path: Path) -> None:
    rows = [GOOD.replace("a1", f"a{n}") for n in range(40)]
    report = run(tmp_path, HEADER + "".join(rows + rows[:5]), HEADER + "bad\n" + "".join(rows[20:]))
    assert (report.read, report.accepted, report.rejected) == (66, 40, {"duplicate_row": 25, "ragged_row": 1})
    assert [(f.accepted, f.rejected) for f in report.files] == [
        (40, {"duplicate_row": 5}),
        (0, {"ragged_row": 1, "duplicate_row": 20}),
    ]
    assert report.notes == {}  # no id had to be changed
    assert sorted(str(c["call_id"]) for c in calls(tmp_path)) == sorted(f"a{n}" for n in range(40))
    dropped = [(str(row["file"])[-7:], row["position"]) for row in rejected(tmp_path)]
    twins = [("in0.csv", n) for n in range(42, 47)] + [("in1.csv", n) for n in range(3, 23)]
    assert sorted(dropped) == sorted([*twins, ("in1.csv", 2)])
    assert '"call_id":"a0"' in str([row["raw"] for row in rejected(tmp_path)])
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_equal_rows_without_ids_are_calls_each(tmp_path: Path) -> None:
    assert run(tmp_path, "start_time,called\n" + "1709287200,159\n" * 3).accepted == 3


def test_unreadable_files_and_pipes_are_one_line(tmp_path: Path) -> None:
    for path, words in (("/proc/self/mem", "cannot be read"), ("/dev/zero", "read twice")):
        with pytest.raises(InputError, match=words):
            ingest([Path(path)], tmp_path / "out", region="GB")


def test_what_is_misspelt_is_told_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "here.csv").write_text(HEADER + GOOD)
    (tmp_path / "void").mkdir()
    inputs = [tmp_path / name for name in ("a.csv", "here.csv", "b.csv", "void")]
    with pytest.raises(InputError) as caught:
        ingest(inputs, tmp_path / "out", region="GB")
    assert str(caught.value) == (
        f"{inputs[0]}, {inputs[2]}: no such file; check the names;"
        f" {inputs[3]}: the directory holds no files; name files or another directory"
    )
    assert not (tmp_path / "out").exists()


def test_a_link_to_nowhere_is_a_bad_file_among_good_ones(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + GOOD)
    (folder / "b.csv").symlink_to(tmp_path / "gone.csv")
    report = ingest([folder], tmp_path / "out", region="GB")
    assert (report.accepted, report.unreadable) == (1, 1)
    assert "No such file" in str(report.files[1].error)


def test_a_link_to_itself_is_a_bad_file_among_good_ones(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + GOOD)
    (folder / "b.csv").symlink_to(folder / "c.csv")
    (folder / "c.csv").symlink_to(folder / "b.csv")
    report = ingest([folder], tmp_path / "out", region="GB")
    assert (report.accepted, report.unreadable) == (1, 2)
    assert "b.csv: cannot be read (Too many levels of symbolic links)" in str(report.files[1].error)


@pytest.mark.parametrize("zone", ["", 'timezone = "UTC"\n'])
def test_the_zone_of_a_mapping_holds_and_a_conflict_is_told(tmp_path: Path, zone: str) -> None:
    (tmp_path / "m.toml").write_text(f'[file]\n{zone}[columns]\nstart_time = "when"\ncalled = "to"\n')
    text = "when,to\n2024-07-01 10:00:00,159\n"
    report = run(tmp_path, text, mapping=load(tmp_path / "m.toml"), timezone="Europe/London")
    assert calls(tmp_path)[0]["start_time"] == dt.datetime(2024, 7, 1, 10 if zone else 9, tzinfo=dt.UTC)
    told = [line for line in report.warnings if "timezone" in line]
    assert bool(told) == bool(zone)
    assert all("m.toml says timezone = UTC: that holds" in line for line in told)


def test_callers_that_are_no_numbers_are_told(tmp_path: Path) -> None:
    rows = [f"2024-03-01T10:00:{n:02}Z,agent{n},07700900123\n" for n in range(20)]
    report = run(tmp_path, "start_time,caller,called\n" + "".join(rows))
    (line,) = report.warnings
    assert line.startswith("in0.csv: 20 of 20 callers could not be read as numbers (for example 'age•••');")
    assert "--region" in line


def test_called_numbers_that_are_none_are_told(tmp_path: Path) -> None:
    rows = [f"2024-03-01T10:00:{n:02}Z,agent{n}\n" for n in range(20)]
    report = run(tmp_path, "start_time,called\n" + "".join(rows))
    (line,) = report.warnings
    assert line.startswith("in0.csv: 20 of 20 rows rejected: bad_called_number, first at 2: ")
    assert "'age•••'" in line and "--region" in line


def test_a_mapping_leaves_files_of_known_formats_alone(tmp_path: Path) -> None:
    mapping = Mapping({"start_time": Column("when"), "called": Column("to")})
    report = run(
        tmp_path, "when,to\n2024-03-01T10:00:00Z,159\n", HEADER + GOOD, "a,b\n1,2\n", mapping=mapping
    )
    assert [f.format for f in report.files] == ["mapped", "csv", "mapped"]
    assert "no column 'when' (columns.start_time), 'to' (columns.called)" in str(report.files[2].error)
    (line,) = report.warnings
    assert line.startswith("in1.csv: read as csv, and not through the mapping; if it was meant for that")


def test_a_mapping_that_parquet_does_not_fit_is_told(tmp_path: Path) -> None:
    run(tmp_path, HEADER + GOOD)
    mapping = Mapping({"start_time": Column("when"), "called": Column("to")}, origin="m.toml")
    report = ingest([tmp_path / "out" / "calls"], tmp_path / "out2", region="GB", mapping=mapping)
    assert (report.accepted, report.files[0].format) == (1, "parquet")
    assert [line.partition(";")[0] for line in report.warnings] == [
        "part-00000.parquet: read as parquet, and not through m.toml"
    ]


def test_numbers_do_not_reach_warnings(tmp_path: Path) -> None:
    swapped = Mapping({"start_time": Column("to"), "called": Column("when")})
    report = run(tmp_path, "when,to\n2024-03-01T10:00:00Z,+447700900100\n", mapping=swapped)
    assert "'+44•••••••••' is not a time" in report.warnings[0]
    (row,) = rejected(tmp_path)
    assert (row["detail"], row["raw"]) == (
        "'+44•••••••••' is not a time",
        "2024-03-01T10:00:00Z,+447700900100",
    )
    with pytest.raises(InputError, match=r"no column 'to'.*it has 202•••••••••, 077••••••••;"):  # no header
        run(tmp_path, "2024-03-01T10:00:00Z,07700900123\n", mapping=swapped)


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format 'nonesuch'; known are"):
        run(tmp_path, HEADER, format_name="nonesuch")
    for name in ("cucm", "acc", "asterisk", "freeswitch-csv"):  # whatever the file is, never a traceback
        try:
            assert run(tmp_path, HEADER + GOOD, format_name=name).accepted == 0
        except InputError as error:
            assert "leave --format out" in str(error)
    assert run(tmp_path, HEADER + GOOD, format_name="csv").files[0].format == "csv"


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    run(tmp_path, HEADER + GOOD, HEADER + GOOD, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
