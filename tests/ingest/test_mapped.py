from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.errors import InputError
from ringfence.ingest.mapped import MappedTable
from ringfence.ingest.mapping import Column, FileOptions, Mapping

COLUMNS = {"start_time": Column("when"), "called": Column("to")}


def test_parquet_through_a_mapping(ingested: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"when": [1719835200, None], "to": ["159", "159"]}), tmp_path / "x.parquet")
    calls, report = ingested(tmp_path / "x.parquet", mapping=Mapping(COLUMNS))
    assert len(calls) == 1
    assert report.rejected == {"no_start_time": 1}


def test_a_file_without_header_and_with_lines_to_skip(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("made by a switch\n1719835200;159\n1719835200;999\n")
    options = FileOptions(header=False, columns=["when", "to"], skip_lines=1, delimiter=";")
    calls, _ = ingested(file, mapping=Mapping(COLUMNS, options))
    assert [c["called"] for c in calls] == ["159", "999"]


def test_recognises_what_has_its_columns(tmp_path: Path) -> None:
    table = MappedTable(Mapping(COLUMNS))
    assert table.recognises(b"to,when\n1,2\n", tmp_path)
    assert not table.recognises(b"to,then\n1,2\n", tmp_path)
    assert not table.recognises(b"\0\1\2", tmp_path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_mapped_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"x.{kind}"
    if kind == "csv":
        file.write_text("when,to,talk_sec,Trunk In\n1719835200,159,60,a\n")
    else:
        pq.write_table(pa.table({"when": [1], "to": ["159"], "talk_sec": [60], "Trunk In": ["a"]}), file)
    columns = COLUMNS | {"end_time": Column("talk_secs", after="start_time"), "trunk": Column("trunk_in")}
    with pytest.raises(InputError) as caught:
        list(MappedTable(Mapping(columns, origin="m.toml")).read(file))
    assert str(caught.value) == (
        f"{file}: no column 'talk_secs' (columns.end_time), 'trunk_in' (columns.trunk), which m.toml names;"
        " the nearest that it has: 'talk_sec' or 'Trunk In';"
        " correct the mapping, or add optional = true where only some files have it"
    )


def test_what_a_row_needs_is_never_optional(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("when,dest\n1719835200,159\n")
    with pytest.raises(InputError, match=r"no column 'to' \(columns.called\)"):
        list(MappedTable(Mapping(COLUMNS | {"called": Column("to", optional=True)})).read(tmp_path / "x.csv"))


def test_columns_that_only_some_files_have(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("when,to,src\n1719835200,159,02079460101\n")
    columns = COLUMNS | {"caller": Column(["presentation", "src"]), "trunk": Column("route", optional=True)}
    (call,), _ = ingested(file, mapping=Mapping(columns))
    assert (call["caller"], call["trunk"]) == ("+442079460101", None)


def test_compressed_parquet_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet.gz"
    file.write_bytes(gzip.compress(b"PAR1" + b"x" * 100))
    with pytest.raises(InputError, match="decompress it first"):
        list(MappedTable(Mapping(COLUMNS)).read(file))


def test_a_mapping_with_regions_and_durations(ingested: Any, tmp_path: Path) -> None:
    mapping = Mapping(
        {
            "start_time": Column("when", format="%d/%m/%Y %H:%M"),
            "end_time": Column("secs", after="start_time"),
            "answer_time": Column("talk", before="end_time"),
            "called": Column("to"),
            "caller": Column("from", region="US"),
            "status": Column("result", values={"ok": 200}),
            "trunk": Column(constant="t1"),
        },
        FileOptions(timezone="Europe/Paris"),
    )
    file = tmp_path / "x.csv"
    file.write_text(
        "when;secs;talk;to;from;result\n"
        "01/07/2024 12:00;70;60;020 7946 0123;555-555-0123;OK\n"
        "01/07/2024 12:00;9;0;159;;busy\n"
    )
    (first, second), report = ingested(file, mapping=mapping)
    assert first["answer_time"] == dt.datetime(2024, 7, 1, 10, 0, 10, tzinfo=dt.UTC)
    assert first["end_time"] == dt.datetime(2024, 7, 1, 10, 1, 10, tzinfo=dt.UTC)
    assert (first["called"], first["caller"], first["status"]) == ("+442079460123", "+15555550123", 200)
    assert (second["answer_time"], second["status"], second["trunk"]) == (None, None, "t1")
    assert report.notes == {"status_unreadable": 1}


WARNING = (
    "x.csv: the header names {} more than once: the first of them is read; if another is meant, rename the"
    " first, or say in a mapping which, as in {}"
)


def test_a_column_that_the_header_names_twice_is_told(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("start_time,called,note,Called,note\n1719835200,159,a,999,b\n")
    (call,), report = ingested(file)
    assert call["called"] == "159"
    assert report.warnings == [WARNING.format("'called' (columns 2, 4)", "'Called'")]
    file.write_text("when,to,x,to\n1719835200,159,a,999\n")
    (call,), report = ingested(file, mapping=Mapping(COLUMNS))
    assert call["called"] == "159"
    assert report.warnings == [WARNING.format("'to' (columns 2, 4)", "'to_4'")]
    (call,), report = ingested(file, mapping=Mapping(COLUMNS | {"called": Column("to_4")}))
    assert (call["called"], report.warnings) == ("999", [])


def test_in_the_tables_of_switches_too(ingested: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    for text, name in (
        ("method,callid,sip_code,time,dst_user,Time\nINVITE,a,200,2024-07-01 10:00:00,159,\n", "time"),
        ("src,dst,disposition,start,end,SRC\n1,159,BUSY,2024-07-01 10:00:00,2024-07-01 10:00:00,2\n", "src"),
    ):
        file.write_text(text)
        (call,), report = ingested(file)
        assert call["called"] == "159"
        assert [f"names '{name}' (columns " in line for line in report.warnings][:1] == [True]


@pytest.mark.parametrize("options", [{}, {"mapping": Mapping(COLUMNS)}, {"format_name": "csv"}])
def test_what_is_no_text_is_told_with_what_to_do(
    ingested: Any, tmp_path: Path, options: dict[str, Any]
) -> None:
    file = tmp_path / "x.csv"
    for content, words in (
        ("when,to\n1719835200,159\n".encode("utf-32"), "looks like UTF-32 text; convert it with: iconv"),
        (b"\1\0\2\3" * 40, "looks like binary data, not text"),
    ):
        file.write_bytes(content)
        with pytest.raises(InputError, match=words):
            ingested(file, **options)


def test_parquet_in_other_columns_is_not_foreign(ingested: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="write a mapping with"):
        ingested(tmp_path / "x.parquet")
