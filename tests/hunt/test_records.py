"""Records become integers: codes of numbers, numbered sources, rejects with their reasons."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.hunt.records import (
    DAY,
    SOURCE_COLUMNS,
    Records,
    code_records,
    code_to_text,
    text_to_code,
)
from ringfence.model.engine import Engine
from ringfence.model.record import CALL_RECORD, REJECTED
from ringfence.numbers.normalise import normalise, normalise_column
from ringfence.store.engines import open_engine

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
TOKENS = (f"t1:{'a' * 8}:{'b' * 26}", f"t1:{'a' * 8}:{'c' * 26}")

#: As sources write them, whatever they mean: the quick way of the engine and the slow one must agree.
WRITTEN = (
    *("+447700900123", "447700900123", "00447700900123", "07700 900123", "tel:+447700900123"),
    *(" +447700900123", "+447700900123 ", "+0447700900123", "++447700900123", "4.47700900123E11"),
    *("+1e11", "1e10", "+1e300", "1_000_000", "+1_000_000", "0x10", "+-447700900123", "+ 447700900123"),
    *("159", "0159", "99", "9", "0", "00", "0800", "08001111", "999999", "9999999", "7726", "1 59"),
    *("", " ", "anonymous", "+", "-5", "NaN", "Infinity", "+44\x007700900123", "１５９", "+４４7700900123"),
    *("+1234567", "+12345678", "+999999999999999", "+9999999999999999", "9" * 30, "+" + "4" * 400),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine("duckdb", workdir=tmp_path_factory.mktemp("records")) as opened:
        yield opened


def code(engine: Engine, rows: list[dict[str, Any]], name: str = "given") -> Records:
    """Rows of the call record, coded; call_id and start_time are filled in where a row does not name them."""
    filled = [{"call_id": f"c{i:03d}", "start_time": NOON, **row} for i, row in enumerate(rows)]
    columns = {key for row in filled for key in row}
    schema = pa.schema([f.with_nullable(True) for f in CALL_RECORD if f.name in columns])
    table = pa.Table.from_pylist(filled, schema=schema)
    table = table.append_column("source_file", pa.array(["given"] * len(table), pa.string()))
    table = table.append_column("source_row", pa.array(range(1, len(table) + 1), pa.int64()))
    return code_records(
        engine,
        engine.upload(table, name),
        lambda values: normalise_column(values, "GB"),
        lambda column: column.startswith("t1:"),
    )


def calls_of(engine: Engine, records: Records) -> list[dict[str, Any]]:
    rows = engine.collect(records.calls).to_pylist()
    return sorted(rows, key=lambda row: str(row["call_id"]))


@given(
    st.one_of(
        st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.from_regex(r"[0-9]{2,8}", fullmatch=True)
    )
)
def test_a_code_gives_its_number_back(text: str) -> None:
    code = text_to_code(text)
    assert -(2**63) <= code < 2**52
    assert code_to_text(code) == text


def test_what_has_no_number_has_no_text() -> None:
    assert code_to_text(None) is None
    assert code_to_text(2**52 + 7) == "#7"


def test_short_codes_and_numbers_never_share_a_code() -> None:
    assert text_to_code("159") != text_to_code("+159")
    assert text_to_code("0159") != text_to_code("159")


def test_the_quick_way_reads_numbers_as_the_slow_one_does(each_engine: Engine) -> None:
    records = code(each_engine, [{"called": text} for text in WRITTEN])
    found = {row["call_id"]: row["called"] for row in calls_of(each_engine, records)}
    for i, text in enumerate(WRITTEN):
        # what is written as E.164 stays as it is, even where no plan knows it: the caller may be made up
        number = text if E164.fullmatch(text) else normalise(text, "GB").number
        wanted = None if number is None else text_to_code(number)
        assert found.get(f"c{i:03d}") == wanted, repr(text)
    assert records.accepted + records.rejected.num_rows == records.read == len(WRITTEN)


def test_tokens_are_numbered_in_their_own_order(engine: Engine) -> None:
    rows = [{"caller": TOKENS[1], "called": TOKENS[0]}, {"caller": "+447700900123", "called": TOKENS[1]}]
    records = code(engine, rows)
    first, second = calls_of(engine, records)
    assert first["called"] < first["caller"] == second["called"]
    assert first["called"] >= 2**52
    assert records.tokens is not None
    texts = {row["code"]: row["raw"] for row in engine.collect(records.tokens).to_pylist()}
    assert texts == {first["called"]: TOKENS[0], first["caller"]: TOKENS[1]}


def test_what_cannot_be_used_is_rejected_with_its_reason_and_place(engine: Engine) -> None:
    good = "+447700900123"
    rows: list[dict[str, Any]] = [
        {"called": good},
        {"called": good, "call_id": None},
        {"called": good, "start_time": None},
        {"called": None},
        {"called": "nobody"},
        {"called": good, "end_time": NOON - dt.timedelta(seconds=1)},
        {"called": good, "caller": "rubbish"},
    ]
    records = code(engine, rows)
    assert records.rejected.schema == REJECTED
    assert {row["position"]: row["reason"] for row in records.rejected.to_pylist()} == {
        2: "no_call_id",
        3: "no_start_time",
        4: "no_called_number",
        5: "bad_called_number",
        6: "end_before_start",
    }
    assert (records.read, records.accepted) == (7, 2)
    # a caller that says nothing costs its number, not the call
    assert calls_of(engine, records)[-1]["caller"] is None
    assert records.notes == {"caller_unreadable": 1}


def test_talk_is_from_answer_to_end(engine: Engine) -> None:
    def at(seconds: float) -> dt.datetime:
        return NOON + dt.timedelta(seconds=seconds)

    rows = [
        {"called": "159", "answer_time": at(10), "end_time": at(70.5)},
        {"called": "159", "answer_time": None, "end_time": at(30)},
        {"called": "159", "answer_time": at(10), "end_time": None},
    ]
    found = calls_of(engine, code(engine, rows))
    assert [(row["answered"], row["talk"]) for row in found] == [(True, 60.5), (False, 0.0), (True, 0.0)]
    assert found[0]["t"] == round(NOON.timestamp() * 1e6)
    assert found[0]["t"] % DAY == DAY // 2


def test_without_answer_times_the_status_tells(engine: Engine) -> None:
    end = NOON + dt.timedelta(seconds=40)
    rows = [
        {"called": "159", "status": 200, "end_time": end},
        {"called": "159", "status": 487, "end_time": end},
        {"called": "159", "status": None, "end_time": end},
    ]
    found = calls_of(engine, code(engine, rows))
    assert [(row["answered"], row["talk"]) for row in found] == [(True, 40.0), (False, 0.0), (False, 0.0)]


def test_sources_are_numbered_by_their_texts(engine: Engine) -> None:
    rows = [
        {"called": "159", "trunk": trunk, "source_ip": ip}
        for trunk, ip in (("B", "192.0.2.1"), ("A", "192.0.2.9"), (None, "192.0.2.1"), ("B", "192.0.2.1"))
    ]
    records = code(engine, rows)
    assert (
        set(records.sources.column_names) == {"source", "trunk", "source_ip"} <= {"source", *SOURCE_COLUMNS}
    )
    assert records.sources.select(["source", "trunk", "source_ip"]).to_pylist() == [
        {"source": 0, "trunk": "", "source_ip": "192.0.2.1"},
        {"source": 1, "trunk": "A", "source_ip": "192.0.2.9"},
        {"source": 2, "trunk": "B", "source_ip": "192.0.2.1"},
    ]
    assert [row["source"] for row in calls_of(engine, records)] == [2, 1, 0, 2]


def test_a_column_without_values_is_no_field(engine: Engine) -> None:
    records = code(engine, [{"called": "159", "trunk": None, "account": "a"}])
    assert records.fields == {"call_id", "start_time", "called", "account"}
    assert records.first == records.last == round(NOON.timestamp() * 1e6)


def test_a_record_that_names_no_way_in_has_one_source(engine: Engine) -> None:
    records = code(engine, [{"called": "159"}, {"called": "999"}])
    assert {row["source"] for row in calls_of(engine, records)} == {0}
