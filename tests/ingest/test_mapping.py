from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.errors import ConfigError
from ringfence.ingest.mapping import Column, Mapping, apply, identity, load

GOOD = """
[file]
timezone = "Europe/London"
region = "GB"
[columns]
called = "dst"
caller = { column = ["src", "clid"], region = "US" }
start_time = { column = "when", format = "%d/%m/%Y %H:%M:%S" }
end_time = { column = "seconds", after = "start_time", unit = "s" }
status = { column = "result", values = { OK = 200 } }
trunk = { column = "channel", pattern = "^SIP/([^-]+)" }
carrier = { constant = "us" }
"""


def mapping(tmp_path: Path, text: str) -> Mapping:
    file = tmp_path / "mapping.toml"
    file.write_text(text)
    return load(file)


def table(**columns: list[object]) -> pa.Table:
    size = len(next(iter(columns.values())))
    return pa.table({**columns, "source_row": pa.array(range(1, size + 1), pa.int64())})


def test_a_mapping_file_does_what_it_says(tmp_path: Path) -> None:
    made = mapping(tmp_path, GOOD)
    assert (made.region_of("caller", "FR"), made.region_of("called", "FR")) == ("US", "GB")
    rows = apply(
        made,
        table(
            dst=["159", "999"],
            src=["", "x"],
            clid=["anonymous", "y"],
            when=["01/07/2024 13:00:00", "02/07/2024 13:00:00"],
            seconds=["60", ""],
            result=["ok", "404"],
            channel=["SIP/carrier-0001", "odd"],
        ),
    ).rows
    first, second = rows.to_pylist()
    assert first["start_time"] == dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
    assert first["end_time"] == dt.datetime(2024, 7, 1, 12, 1, tzinfo=dt.UTC)
    assert (first["caller"], first["status"], first["trunk"], first["carrier"]) == (
        "anonymous",
        200,
        "carrier",
        "us",
    )
    assert (second["caller"], second["status"], second["trunk"], second["end_time"]) == ("x", 404, None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[columns", "not a TOML file"),
        ("[columns]\ncalled = 'a'", "start_time must be mapped"),
        ("[columns]\ncalled='a'\nstart_time='b'\ncallled='c'", "columns.callled: the call record has no"),
        ("[columns]\nstart_time='b'\ncalled={colum='a'}", "colum"),
        ("[columns]\nstart_time='b'\ncalled={}", "give either column or constant"),
        ("[columns]\ncalled='b'\nstart_time=3", "columns.start_time: 3 is no column name; write"),
        ("[columns]\ncalled='b'\nstart_time={column='a',format=3}", "columns.start_time: Expected `str"),
        ("[columns]\ncalled='b'\nstart_time={date='a'}", "columns.start_time: date and time belong together"),
        ("[columns]\ncalled='b'\nstart_time={column='c',date='a',time='b'}", "give either column"),
        ("[columns]\nstart_time='b'\ncalled={date='a',time='b'}", "only times have date and time"),
        ("[columns]\ncalled='b'\nstart_time={column='a',unit='h'}", "unit: 'h' is not known"),
        ("[columns]\ncalled='b'\nstart_time={column='a',timezone='Mars'}", "'Mars' is not known"),
        ("[columns]\nstart_time='b'\ncalled={column='a',pattern='('}", "columns.called.pattern"),
        ("[columns]\nstart_time='b'\ncalled={column='a',pattern='a'}", "put one group"),
        ("[columns]\ncalled='b'\nstart_time={column='a',after='start_time'}", "not another mapped time"),
        ("[columns]\nstart_time='b'\ncalled={column='a',after='start_time'}", "only times"),
        ("[columns]\ncalled='b'\nstart_time={column='a',after='end_time'}\nend_time={column='c',after='start_time'}",
         "not another mapped time"),
        ("[file]\ndelimiter='x'\n[columns]\ncalled='b'\nstart_time='a'", "file.delimiter"),
        ("[file]\nencoding='ebcdic'\n[columns]\ncalled='b'\nstart_time='a'", "file.encoding"),
        ("[file]\nheader=false\n[columns]\ncalled='b'\nstart_time='a'", "file.columns"),
        ("[file]\nzone='x'\n[columns]\ncalled='b'\nstart_time='a'", "zone"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_one_line_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mapping(tmp_path, text)
    message = str(caught.value)
    assert words in message
    assert message.startswith(str(tmp_path / "mapping.toml"))
    assert "\n" not in message


def test_a_list_is_short_for_columns_in_order(tmp_path: Path) -> None:
    made = mapping(tmp_path, "[columns]\nstart_time = 'when'\ncalled = ['dst', 'to']\n")
    assert made.columns["called"].sources == ["dst", "to"]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.toml")


def test_rubbish_in_optional_columns_is_noted_and_in_start_time_refused() -> None:
    applied = apply(
        identity(["start_time", "called", "status", "end_time", "attestation", "ingress"]),
        table(
            start_time=["2024-07-01T12:00:00Z", "soon", "", "0"],
            called=["159"] * 4,
            status=["busy", "", "", ""],
            end_time=["later", "", "", ""],
            attestation=["a", "D", "", ""],
            ingress=["National", "left", "", ""],
        ),
    )
    assert applied.notes == {
        "status_unreadable": 1,
        "end_time_unreadable": 1,
        "attestation_unreadable": 1,
        "ingress_unreadable": 1,
    }
    assert applied.unreadable == [(2, "bad_start_time", "'soo•' is not a time")]
    assert applied.rows["source_row"].to_pylist() == [1, 3, 4]
    assert applied.rows["attestation"].to_pylist()[0] == "A"
    assert applied.rows["ingress"].to_pylist()[0] == "national"


def test_the_level_in_verstat_becomes_attestation() -> None:
    rows = apply(
        identity(["start_time", "called", "verstat", "attestation"]),
        table(
            start_time=["1719835200"] * 3,
            called=["159"] * 3,
            verstat=["TN-Validation-Passed-B", "TN-Validation-Passed", "No-TN-Validation"],
            attestation=["", "A", ""],
        ),
    ).rows
    assert rows["verstat"].to_pylist() == ["TN-Validation-Passed", "TN-Validation-Passed", "No-TN-Validation"]
    assert rows["attestation"].to_pylist() == ["B", "A", None]


def test_a_whole_imei_is_cut_to_its_type() -> None:
    mapped = Mapping({"start_time": Column("t"), "called": Column("c"), "imei_tac": Column("i")})
    rows = apply(mapped, table(t=["1719835200"], c=["159"], i=["355555001234567"])).rows
    assert rows["imei_tac"].to_pylist() == ["35555500"]


def test_a_date_and_a_time_of_day_in_two_columns() -> None:
    parts = Mapping(
        {
            "start_time": Column(date="day", time="at"),
            "answer_time": Column(date="day", time="up"),
            "end_time": Column(date="day", time="down"),
            "called": Column("to"),
        }
    )
    applied = apply(
        parts,
        table(
            day=["2024-07-01", "2024-07-01 00:00:00", "", "soon"],
            at=["23:59:50", "10:00", "10:00", "10:00"],
            up=["23:59:59", "", "", ""],
            down=["00:01:00", "10:00:30", "", ""],
            to=["159"] * 4,
        ),
    )
    assert applied.unreadable == [(4, "bad_start_time", "'soo•••••••' is not a time")]
    first, second, third = applied.rows.to_pylist()
    assert first["answer_time"] - first["start_time"] == dt.timedelta(seconds=9)
    assert first["end_time"] == dt.datetime(2024, 7, 2, 0, 1, tzinfo=dt.UTC)  # midnight lay between
    assert (second["start_time"].hour, second["answer_time"]) == (10, None)
    assert third["start_time"] is None  # of a date and a time one is missing


def test_only_half_a_day_before_the_start_means_the_next_day() -> None:
    parts = Mapping(
        {
            "start_time": Column(date="day", time="at"),
            "end_time": Column(date="day", time="down"),
            "called": Column("to"),
        }
    )
    at, down = ["10:00:01", "10:00:00", "23:59:50"], ["10:00:00", "09:00:00", "00:00:05"]
    rows = apply(parts, table(day=["2024-07-01"] * 3, at=at, down=down, to=["159"] * 3)).rows.to_pylist()
    # rounded and wrong ones are left to the checks
    assert [(row["end_time"] - row["start_time"]).total_seconds() for row in rows] == [-1, -3600, 15]


def test_an_end_is_counted_from_the_answer_of_the_next_day() -> None:
    parts = Mapping(
        {
            "end_time": Column("seconds", after="answer_time"),
            "answer_time": Column(date="day", time="up"),
            "start_time": Column(date="day", time="at"),
            "called": Column("to"),
        }
    )
    rows = table(day=["2024-07-01"], at=["23:59:50"], up=["00:00:05"], seconds=["60"], to=["159"])
    (row,) = apply(parts, rows).rows.to_pylist()
    assert row["answer_time"] == dt.datetime(2024, 7, 2, 0, 0, 5, tzinfo=dt.UTC)
    assert row["end_time"] == dt.datetime(2024, 7, 2, 0, 1, 5, tzinfo=dt.UTC)


def test_an_empty_table() -> None:
    applied = apply(
        identity(["start_time", "called", "verstat"]), table(start_time=[], called=[], verstat=[])
    )
    assert len(applied.rows) == 0


def test_times_that_a_zone_never_had_are_noted() -> None:
    columns = {"start_time": Column("when"), "end_time": Column("till"), "called": Column("to")}
    rows = table(
        when=["2024-03-31 01:10:00", "2024-03-31 02:10:00"],
        till=["2024-03-31 01:20:00", "2024-03-31 02:20:00"],
        to=["159", "159"],
    )
    assert apply(Mapping(columns), rows, "Europe/London").notes == {"time_in_skipped_hour": 2}
    assert apply(Mapping(columns), rows, "Europe/Madrid").notes == {"time_in_skipped_hour": 2}
    assert apply(Mapping(columns), rows, "+01:00").notes == {}
