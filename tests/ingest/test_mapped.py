from __future__ import annotations

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


def test_compressed_parquet_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet.gz"
    file.write_bytes(gzip.compress(b"PAR1" + b"x" * 100))
    with pytest.raises(InputError, match="decompress it first"):
        list(MappedTable(Mapping(COLUMNS)).read(file))
