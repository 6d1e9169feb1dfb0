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
