from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import InputError
from ringfence.hunt.inputs import (
    country_code,
    load_context,
    load_numbers,
    load_told,
    split_inputs,
    with_hidden,
)
from ringfence.hunt.records import TOKEN_BASE, text_to_code
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD
from ringfence.numbers.tokens import KEY_BYTES, TokenKey

NUMBER, PERSON = "+442079460159", "+447700900001"


def micros(*when: int) -> int:
    return round(dt.datetime(*when, tzinfo=dt.UTC).timestamp() * 1e6)  # type: ignore[misc]


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def parquet(path: Path, **changed: pa.DataType) -> Path:
    types = {f.name: changed.get(f.name, f.type) for f in CALL_RECORD}
    pq.write_table(pa.schema(list(types.items())).empty_table(), path)
    return path


def test_country_codes() -> None:
    assert (country_code("GB"), country_code("US"), country_code("001")) == ("44", "1", "0")


def test_parquet_in_our_columns_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    one, two = parquet(tmp_path / "calls" / "1.parquet"), parquet(tmp_path / "calls" / "2.parquet")
    written(tmp_path / "calls" / "_SUCCESS", "")
    assert split_inputs([tmp_path / "calls"]) == ([one, two], [])
    lesser = tmp_path / "lesser.parquet"
    pq.write_table(pq.read_table(one).select(["called", "call_id", "start_time"]), lesser)
    kinds = {
        "trunk": pa.dictionary(pa.int32(), pa.string()),
        "caller": pa.large_string(),
        "start_time": pa.timestamp("ns"),
    }
    other = parquet(tmp_path / "kinds.parquet", **kinds)
    assert split_inputs([lesser, other]) == ([lesser, other], [])
    # a time without zone is UTC to an engine, and what another zone says to ingest
    assert split_inputs([lesser, other], "Europe/London") == ([lesser], [other])


@pytest.mark.parametrize(
    "changed",
    [
        {"caller": pa.float64()},
        {"start_time": pa.string()},
        {"status": pa.string()},
        {"roaming": pa.string()},
    ],
)
def test_other_types_go_through_ingest(tmp_path: Path, changed: dict[str, pa.DataType]) -> None:
    good = parquet(tmp_path / "good.parquet")
    other = parquet(tmp_path / "other.parquet", **changed)
    assert split_inputs([good, other]) == ([good], [other])


def test_other_files_go_through_ingest(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "whole.parquet").read_bytes()
    for name, content in (("a.csv", b"call_id\n"), ("cut.parquet", whole[:-9]), ("empty.parquet", b"")):
        other = written(tmp_path / name, content)
        assert split_inputs([other]) == ([], [other])
    without = tmp_path / "without.parquet"
    pq.write_table(pa.table({"call_id": ["a"], "caller": ["b"]}), without)
    assert split_inputs([without]) == ([], [without])


def test_what_is_not_there_is_the_operators_fault(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(InputError, match="no such file"):
        split_inputs([tmp_path / "absent"])
    with pytest.raises(InputError, match="ringfence ingest"):
        load_context(engine, [written(tmp_path / "a.csv", "x\n")], region="GB")


def test_no_register_protects_nothing(tmp_path: Path) -> None:
    assert load_numbers(None, "GB").table().num_rows == 0
    file = written(
        tmp_path / "r.csv", f"number,owner,use\n{NUMBER},A Bank,inbound_only\nrubbish,B,outbound\n"
    )
    numbers = load_numbers(file, "GB")
    assert (len(numbers), len(numbers.bad_rows)) == (1, 1)


def test_declared_calls_and_reports(tmp_path: Path) -> None:
    text = (
        "owner,number,called,time\n"
        f"A Bank,{NUMBER},{PERSON},2026-01-05T09:00:00Z\n"
        "A Bank,020 7946 0159,,2026-01-05T10:00:00+01:00\n"
        f"A Bank,{NUMBER},nobody,2026-01-05 09:00\n"
    )
    told = load_told(written(tmp_path / "declared.csv", text), "GB")
    assert told.table.to_pylist() == [
        {"number": text_to_code(NUMBER), "called": text_to_code(PERSON), "t": micros(2026, 1, 5, 9)},
        {"number": text_to_code(NUMBER), "called": None, "t": micros(2026, 1, 5, 9)},
        {"number": text_to_code(NUMBER), "called": None, "t": micros(2026, 1, 5, 9)},
    ]
    assert (told.read, told.rejected, told.zoneless) == (3, {}, 1)


def test_bad_rows_are_counted_by_reason(tmp_path: Path, engine: Engine) -> None:
    token = f"t1:{'a' * 8}:{'b' * 26}"
    rows = [
        f"{NUMBER},,2026-01-05T09:00:00Z",
        f"{NUMBER},,last Tuesday",
        f"{NUMBER},,",
        f"{NUMBER}",
        "rubbish,,2026-01-05T09:00:00Z",
        ",,2026-01-05T09:00:00Z",
        f"{token},,2026-01-05T09:00:00Z",
        f'"{NUMBER},,2026-01-05T09:00:00Z',
    ]
    told = load_told(written(tmp_path / "r.csv", "\n".join(["number,called,time", *rows])), "GB")
    assert told.table.num_rows == 1
    counted = {"bad_time": 3, "number_not_a_number": 1, "number_empty": 1, "unclosed_quote": 1}
    assert told.rejected == counted
    assert told.read == len(rows)
    # in records that hide nothing a token is nobody's number
    open_ = with_hidden(engine, told, None)
    assert open_.rejected == counted | {"number_token": 1}
    assert (open_.table, open_.read) == (told.table, told.read)


def test_tokens_of_declared_calls_and_reports_are_those_of_the_records(
    tmp_path: Path, engine: Engine
) -> None:
    key, other = (TokenKey(bytes([n]) * KEY_BYTES) for n in (1, 2))
    shown, person, absent = key.tokens([NUMBER, PERSON, "+442079460160"])
    tokens = engine.upload(pa.table({"raw": [shown, person], "code": [TOKEN_BASE, TOKEN_BASE + 1]}), "tokens")
    rows = [
        f"{shown},{person},2026-01-05T09:00:00",
        f"{shown},{absent},2026-01-05T09:00:00Z",
        f"{absent},,2026-01-05T09:00:00Z",
        f"{NUMBER},{person},2026-01-05T09:00:00Z",
        f"{other.token(NUMBER)},,2026-01-05T09:00:00Z",
    ]
    told = load_told(written(tmp_path / "r.csv", "\n".join(["number,called,time", *rows])), "GB")
    known = with_hidden(engine, told, tokens)
    found = [(row["number"], row["called"]) for row in known.table.to_pylist()]
    assert found[0] == (TOKEN_BASE, TOKEN_BASE + 1)
    assert found[3] == (text_to_code(NUMBER), TOKEN_BASE + 1)
    # what the records do not hold has a code of its own, which no call has
    assert found[1][1] == found[2][0] > TOKEN_BASE + 1
    assert (known.read, known.rejected, known.zoneless) == (5, {"number_of_another_key": 1}, 1)


def test_complaints_as_the_ftc_publishes_them(tmp_path: Path) -> None:
    text = (
        "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,"
        "Subject,Recorded_Message_Or_Robocall\n"
        "2025550123,2021-07-07 00:01:15,2021-07-06 11:48:00,,California,510,No Subject Provided,\n"
        '2025550123,2021-07-07 00:01:15,,Clinton,Illinois,217,"Warranties, protection plans",Y\n'
        ",2021-07-07 00:01:15,2021-07-06 11:48:00,,Ohio,216,Other,N\n"
    )
    # the numbers are American whatever the hunt's region, and the times local without saying where
    told = load_told(written(tmp_path / "ftc.csv", text), "GB")
    assert told.table["number"].to_pylist() == [12025550123, 12025550123]
    assert told.table["called"].null_count == 2
    assert told.table["t"].to_pylist() == [micros(2021, 7, 6, 11, 48), micros(2021, 7, 7, 0, 1, 15)]
    assert (told.read, told.rejected, told.zoneless) == (3, {"number_empty": 1}, 2)


@pytest.mark.corpus
def test_a_day_of_real_complaints(corpus: Path) -> None:
    told = load_told(corpus / "complaints" / "ftc-dnc-2021-07-07.csv", "GB")
    assert told.read == 14_034
    assert told.table.num_rows + sum(told.rejected.values()) == told.read
    assert told.table.num_rows >= 13_000
    assert told.rejected["number_empty"] >= 669
    assert told.zoneless == told.table.num_rows


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"number,called\n1,2\n", b"\x00\xff" * 50])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"told\.csv: neither columns number and time nor"):
        load_told(written(tmp_path / "told.csv", content), "GB")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        load_told(tmp_path / "absent.csv", "GB")


@given(st.lists(st.lists(st.text(max_size=30), max_size=5), max_size=8), st.binary(max_size=60))
def test_rubbish_is_counted_and_never_raises(rows: list[list[str]], tail: bytes) -> None:
    text = "number,called,time\n" + "\n".join(",".join(row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        told = load_told(written(Path(folder) / "x.csv", text.encode("utf-8", "replace") + tail), "GB")
    assert told.table.num_rows + sum(told.rejected.values()) + len(told.hidden) == told.read


def test_the_small_network_is_loaded(small_context: Any, small_net: Path) -> None:
    files = sorted((small_net / "calls").glob("*.parquet"))
    assert small_context.records.read == sum(pq.read_metadata(f).num_rows for f in files)
    assert small_context.records.accepted == small_context.records.read


def test_a_named_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert split_inputs([tmp_path / "pipe"]) == ([], [tmp_path / "pipe"])
