from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.conftest import VECTORS

from ringfence.errors import ConfigError, InputError
from ringfence.ingest.guess import guess
from ringfence.ingest.mapping import Mapping, load


def mapping_of(file: Path) -> tuple[str, Mapping]:
    text = guess(file)
    out = file.with_name("guessed.toml")
    out.write_text(text, "utf-8")
    return text, load(out)


def test_by_names(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "their.csv"
    file.write_text(
        "CDR ID;Setup Time;Calling Number;Called Number;Call Duration;Billsec;SIP Code;Trunk Group;Peer IP\n"
        "77;31/12/2024 23:00:00;020 7946 0101;07700 900123;360;355;200;carrier-a;192.0.2.7:5060\n"
        "78;30/12/2024 22:00:00;020 7946 0102;07700 900124;9;0;486;carrier-b;192.0.2.8:5060\n"
    )
    text, mapping = mapping_of(file)
    assert {name: column.sources for name, column in mapping.columns.items()} == {
        "call_id": ["CDR ID"],
        "start_time": ["Setup Time"],
        "answer_time": ["Billsec"],
        "end_time": ["Call Duration"],
        "caller": ["Calling Number"],
        "called": ["Called Number"],
        "trunk": ["Trunk Group"],
        "status": ["SIP Code"],
        "source_ip": ["Peer IP"],
    }
    assert mapping.columns["start_time"].format == "%d/%m/%Y %H:%M:%S"
    assert "# sure: " in text
    assert "# likely: " in text
    calls, report = ingested(file, mapping=mapping)
    assert len(calls) == 2
    assert (report.rejected, report.notes) == ({}, {"time_without_zone": 2})


def test_by_values_where_the_names_say_nothing(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,b,c,d\n" + "02079460101,07700900123,2024-07-01T10:00:00Z,192.0.2.1\n" * 3)
    text, mapping = mapping_of(file)
    columns = {name: column.sources for name, column in mapping.columns.items()}
    assert columns == {"start_time": ["c"], "caller": ["a"], "called": ["b"], "source_ip": ["d"]}
    assert "a guess: by its values alone" in text


def test_talk_alone_gives_answer_and_end(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("Begin,To,Talk\n2024-07-01T10:00:00Z,159,60\n2024-07-01T10:00:00Z,159,0\n")
    calls, report = ingested(file, mapping=mapping_of(file)[1])
    assert [(call["answer_time"], call["end_time"]) for call in calls] == [
        (calls[0]["start_time"], calls[0]["start_time"] + dt.timedelta(seconds=60)),
        (None, calls[1]["start_time"]),
    ]
    assert report.limits == []


def test_a_zone_is_left_to_the_operator(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("Begin,End,To\n2024-07-01 10:00:00,2024-07-01 10:01:00,159\n")
    text, mapping = mapping_of(file)
    assert mapping.zones == []
    assert "# timezone = " in text
    (call,), report = ingested(file, mapping=mapping, timezone="Europe/London")
    assert call["start_time"].hour == 9
    assert report.warnings == []


@pytest.mark.parametrize("first", [1, 7_000_123])
@pytest.mark.parametrize("names", ["Id,When,A,B", "Row,When,A,B", "x,When,A,B", "Caller Ref,When,A,B"])
def test_what_only_counts_up_is_no_caller(tmp_path: Path, first: int, names: str) -> None:
    file = tmp_path / "x.csv"
    rows = [
        f"{first + n},2024-07-01T10:00:{n:02}Z,0207946{n * 377 % 1000:04},07700900{n * 77 % 1000:03}"
        for n in range(40)
    ]
    file.write_text("\n".join([names, *rows]) + "\n")
    columns = mapping_of(file)[1].columns
    assert (columns["caller"].sources, columns["called"].sources) == (["A"], ["B"])


def test_longer_counters_are_passed_over_and_a_list_dialled_in_order_is_not(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    rows = [
        f"{20_260_701_000_000 + n},1719835{n:03},44207946{n * 37 % 1000:04},44770090{n * 77 % 1000:04}"
        for n in range(40)
    ]
    file.write_text("\n".join(["x,When,A,B", *rows]) + "\n")
    columns = mapping_of(file)[1].columns
    assert (columns["caller"].sources, columns["called"].sources) == (["A"], ["B"])
    file.write_text("\n".join(f"1719835{n:03},442079460101,{447700900000 + n}" for n in range(40)) + "\n")
    columns = mapping_of(file)[1].columns
    assert (columns["caller"].sources, columns["called"].sources) == (["c2"], ["c3"])


@pytest.mark.parametrize(
    ("header", "row", "start", "end"),
    [
        ("Date,Time,To", "2024-07-01,10:00:05,159", "10:00:05", None),
        ("Call Date,Start,End,To", "01/07/2024,23:59:50,00:00:10,159", "23:59:50", "00:00:10"),
        ("Start Date,Start Time,End Date,End Time,To", "20240701,100005,20240702,110005,159",
         "10:00:05", "11:00:05"),
        ("Day,At,Talk Time,To", "31.07.2024,9:05,0:20,159", "09:05:00", None),
        ("Date,Time,To", "07/13/2024,01:02:03 PM,159", "13:02:03", None),
        ("Date,Time,To", "2024-07-01 00:00:00,10:00,159", "10:00:00", None),
        ("Date,Time,To", "2024-07-01,01:02:03 PM,159", "13:02:03", None),
        ("Datum,Zeit,To", "23.03.26,10:00:05,159", "10:00:05", None),
    ],
)  # fmt: skip
def test_dates_and_times_of_day_in_two_columns(
    ingested: Any, tmp_path: Path, header: str, row: str, start: str, end: str | None
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(f"{header}\n{row}\n")
    calls, report = ingested(file, mapping=mapping_of(file)[1])
    assert report.rejected == {}
    (call,) = calls
    assert f"{call['start_time']:%H:%M:%S}" == start
    if end is not None:
        assert f"{call['end_time']:%H:%M:%S}" == end
        assert (call["end_time"] - call["start_time"]).days in (0, 1)


def test_a_date_alone_is_a_weak_guess(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("Date,To\n2024-07-01,159\n")
    text, mapping = mapping_of(file)
    assert mapping.columns["start_time"].sources == ["Date"]
    assert "it has no time of day" in text


def test_without_header(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("02079460101,07700900123,1719835200\n" * 3)
    _, mapping = mapping_of(file)
    assert mapping.file.header is False
    assert mapping.columns["called"].sources == ["c2"]
    assert mapping.columns["start_time"].sources == ["c3"]


def test_causes_in_words_become_a_value_map() -> None:
    assert '"BUSY" = 486' in guess(VECTORS / "asterisk_mysql.csv")
    assert "recognised as asterisk" in guess(VECTORS / "asterisk_mysql.csv")


def test_parquet(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    pq.write_table(
        pa.table({"Started": pa.array([1719835200], pa.timestamp("s")), "dest": ["07700900123"]}), file
    )
    _, mapping = mapping_of(file)
    assert mapping.columns["start_time"].sources == ["Started"]
    assert mapping.columns["called"].sources == ["dest"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("colour,dest\nred,07700900123\n")
    text = guess(file)
    assert text.count("MISSING") == 1
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(ConfigError, match="must be mapped"):
        load(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("late", "form"), [("13/01/2024", "%d/%m/%Y"), ("01/13/2024", "%m/%d/%Y"), ("05/06/2024", None)]
)
@pytest.mark.parametrize("split", [False, True])
def test_day_and_month_are_looked_for_in_late_rows_too(
    tmp_path: Path, late: str, form: str | None, split: bool
) -> None:
    file = tmp_path / "x.csv"
    gap = "," if split else " "
    rows = [f"05/06/2024{gap}{n // 60 % 24:02}:{n % 60:02},159\n" for n in range(5_000)]
    file.write_text(f"Date{',Time' if split else ''},To\n" + "".join(rows) + f"{late}{gap}10:00,159\n")
    text, mapping = mapping_of(file)
    assert mapping.columns["start_time"].format == f"{form or '%d/%m/%Y'} %H:%M"
    assert ("is the day: no value in the sample tells" in text) == (form is None)


def test_both_orders_in_one_column_are_told(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("When,To\n13/01/2024 10:00,159\n01/13/2024 10:00,159\n")
    assert "some have the day first and some the month" in guess(file)


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("Call Id", "{}", "sip_call_id"),
        ("Call Id", "x", None),
        ("Record Id", "r{}", "call_id"),
        ("Record Id", "1", None),
        ("Customer Id", "x", "account"),
    ],
)
def test_an_id_is_distinct(tmp_path: Path, name: str, value: str, target: str | None) -> None:
    file = tmp_path / "x.csv"
    rows = [f"2024-07-01T10:00:{n:02}Z,159,{value.format(n * 7 % 40)}\n" for n in range(40)]
    file.write_text(f"When,To,{name}\n" + "".join(rows))
    columns = mapping_of(file)[1].columns
    assert [key for key, column in columns.items() if column.sources == [name]] == [target] * bool(target)


@pytest.mark.parametrize("text", ["colour,taste\nred,sweet\n", "Licence\n\nDo, as\nyou like\n"])
def test_no_call_record_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=r"no call records: no column looks like .* by hand") as caught:
        guess(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "empty"), ("start_time,called\n", "no rows to guess from"), ("\n\n", "blanks")],
)
def test_nothing_to_guess_from_is_one_line(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(InputError, match=words):
        guess(tmp_path / "x.csv")
    with pytest.raises(InputError, match="a directory; name a file in it"):
        guess(tmp_path)


def test_no_table_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(b"\0\1\2" * 99)
    with pytest.raises(InputError, match="no table in it: it looks like binary data"):
        guess(file)
    file.write_text("a,b\n1,2\n", "utf-32")
    with pytest.raises(InputError, match="no table in it: it looks like UTF-32 text; convert it with"):
        guess(file)


@given(st.text(max_size=120))
def test_any_text_makes_toml_or_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    import tomllib

    file = tmp_path_factory.mktemp("guess") / "x.csv"
    file.write_bytes(text.encode("utf-8", "replace"))
    try:
        tomllib.loads(guess(file))
    except InputError as error:
        assert "\n" not in str(error)
