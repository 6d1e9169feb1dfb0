"""Registers and hidden numbers: what can match what."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.config import HuntSettings
from ringfence.hunt.inputs import code_raw
from ringfence.hunt.protected import Protected, protected_of
from ringfence.hunt.run import Files, Where, hunt
from ringfence.model.engine import Engine
from ringfence.numbers.allocation import Allocation, allocation_table, write_allocation
from ringfence.numbers.hiding import tokenise_records
from ringfence.numbers.register import Register, load_register, parse_register
from ringfence.numbers.tokens import KEY_BYTES, TokenKey

HERE = Where("duckdb")
KEY = TokenKey(bytes(range(KEY_BYTES)))
BANK, SHOP, PERSON = "+442079460159", "+442079460160", "+447700900001"
START = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


def states(summary: dict[str, Any]) -> dict[str, str]:
    return {signal["name"]: signal["status"] for signal in summary["signals"]}


def protected(engine: Engine, file: Path, register: str = "") -> Protected:
    known = parse_register("number,owner,use\n" + register, "GB") if register else Register(())
    raw = engine.read_records([file])
    return protected_of(engine, raw, code_raw(engine, raw, "GB"), known)


def written(path: Path, calls: list[tuple[str, str]], **beside: list[str | None]) -> Path:
    """Calls of a caller to a called number, a minute apart."""
    times = [START + dt.timedelta(minutes=i) for i in range(len(calls))]
    table = pa.table(
        {
            "call_id": [str(i) for i in range(len(calls))],
            "start_time": pa.array(times, pa.timestamp("us", "UTC")),
            "caller": [caller for caller, _called in calls],
            "called": [called for _caller, called in calls],
            **{name: pa.array(values, pa.string()) for name, values in beside.items()},
        }
    )
    pq.write_table(table, path)
    return path


def test_entries_beside_tokens_count_from_their_first_call_to_their_last(
    each_engine: Engine, tmp_path: Path
) -> None:
    bank, shop, person = KEY.tokens([BANK, SHOP, PERSON])
    file = written(
        tmp_path / "a.parquet",
        [(bank, person), (bank, person), (person, shop), (shop, person), (person, "159")],
        caller_use=["inbound_only", "inbound_only", None, "rubbish", None],
        caller_owner=["A Bank", "A Bank", None, None, None],
        caller_sector=["bank", "bank", None, None, None],
        called_use=[None, None, "outbound", None, None],
        caller_kind=["geographic", "geographic", "mobile", "geographic", "unallocated"],
    )
    found = protected(each_engine, file)
    assert found.notices == []
    micro = dt.timedelta(microseconds=1)
    minutes = [START + dt.timedelta(minutes=i) for i in range(5)]
    assert {
        (row["number"], row["owner"], row["use"], row["sector"], row["valid_from"], row["valid_until"])
        for row in found.table.to_pylist()
    } == {
        (bank, "A Bank", "inbound_only", "bank", minutes[0], minutes[1] + micro),
        (shop, "", "outbound", "other", minutes[2], minutes[2] + micro),
        (person, "", "unallocated", "other", minutes[4], minutes[4] + micro),
    }


def test_the_register_speaks_before_what_stands_beside_a_token(engine: Engine, tmp_path: Path) -> None:
    bank, person = KEY.tokens([BANK, PERSON])
    calls = [(bank, person)]
    file = written(tmp_path / "a.parquet", calls, caller_use=["inbound_only"], caller_owner=["Beside"])
    (row,) = protected(engine, file, f"{bank},A Bank,outbound\n").table.to_pylist()
    assert (row["owner"], row["use"]) == ("A Bank", "outbound")


def test_entries_that_no_number_can_match_are_left_out_and_told(engine: Engine, tmp_path: Path) -> None:
    other = TokenKey(bytes(KEY_BYTES)).token(BANK)
    register = f"{BANK},A Bank,inbound_only\n{other},B Bank,inbound_only\n{KEY.token(SHOP)},Shop,outbound\n"
    hidden = written(tmp_path / "hidden.parquet", [(KEY.token(BANK), "159")])
    found = protected(engine, hidden, register)
    assert found.table["owner"].to_pylist() == ["Shop"]
    assert found.notices[0].startswith("2 of 3 entries of the register cannot be found")
    mixed = written(tmp_path / "mixed.parquet", [(KEY.token(BANK), "159"), (SHOP, "159")])
    assert protected(engine, mixed, register).table["owner"].to_pylist() == ["A Bank", "Shop"]
    plain = written(tmp_path / "plain.parquet", [(BANK, "159")])
    found = protected(engine, plain, register)
    assert (found.table.num_rows, found.notices) == (3, [])


def test_presented_numbers_that_nobody_holds(engine: Engine, tmp_path: Path) -> None:
    table = Allocation(
        allocation_table(
            [
                {"prefix": "+44207946", "status": "free", "national_digits": [10]},
                {"prefix": "+441632", "status": "free", "national_digits": [10]},
                {"prefix": "+44203", "status": "allocated", "operator": "London Ltd"},
            ]
        )
    )
    free, mine, drama, held, unlisted = (
        *("+442079461001", "+442079462001", "+442079460159"),
        *("+442031234567", "+441134960001"),
    )
    shown = (free, mine, drama, held, unlisted, free, KEY.token(free), "not a number")
    file = written(tmp_path / "a.parquet", [(number, "+442079463001") for number in shown])
    known = parse_register("number,owner,use\n+4420794620*,A Bank,outbound\n", "GB")
    raw = engine.read_records([file])
    found = protected_of(engine, raw, code_raw(engine, raw, "GB"), known, table)
    (row,) = [row for row in found.table.to_pylist() if row["use"] == "unallocated"]
    assert (row["number"], row["valid_from"], row["valid_until"]) == (free, None, None)
    assert found.unallocated == 1


def test_a_hunt_with_an_allocation_table_alone(small_net: Path, tmp_path: Path) -> None:
    """Where the table says that nobody holds the banks' numbers, showing them counts without a register."""
    known = load_register(small_net / "numbers.csv", "GB")
    blocks = sorted(
        {entry.number.removesuffix("*") for entry in known.entries if entry.number.startswith("+44")}
    )
    rows = [{"prefix": block, "status": "free"} for block in blocks]
    write_allocation(allocation_table(rows), tmp_path / "uk.parquet")
    files = Files(allocation=tmp_path / "uk.parquet")
    summary = hunt([small_net / "calls"], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    assert summary["files"]["allocation"]["read"] == len(blocks)
    assert summary["files"]["allocation"]["unallocated"] > 0
    assert states(summary)["protected_identity"] == "spoke"


def _hidden(net: Path, key: TokenKey, out: Path, register: Path | None) -> Path:
    """The calls with their numbers hidden, and with what the register says of each beside it."""
    known = load_register(register, "GB") if register else None
    pq.write_table(tokenise_records(pq.read_table(net / "calls"), key, known), out)
    return out


def _hide_column(file: Path, key: TokenKey, out: Path, columns: tuple[str, ...]) -> Path:
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        row |= {name: key.token(row[name]) for name in columns if row[name].startswith("+")}
    with out.open("w", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return out


def test_hidden_records_bring_their_register(small_net: Path, small_hunt: Path, tmp_path: Path) -> None:
    key = TokenKey(bytes(range(KEY_BYTES)))
    calls = _hidden(small_net, key, tmp_path / "hidden.parquet", small_net / "numbers.csv")
    summary = hunt([calls], tmp_path / "run", settings=HuntSettings(), where=HERE)
    assert states(summary)["protected_identity"] == "spoke"
    assert summary["notices"] == []
    found = pq.read_table(tmp_path / "run" / "flagged_calls.parquet").to_pylist()
    plain = pq.read_table(small_hunt / "flagged_calls.parquet")["call_id"].to_pylist()
    assert {f["call_id"] for f in found} & set(plain)
    assert any(f["owner"] for f in found)


def test_a_register_and_reports_hidden_with_the_same_key(small_net: Path, tmp_path: Path) -> None:
    key = TokenKey(bytes(range(KEY_BYTES)))
    calls = _hidden(small_net, key, tmp_path / "hidden.parquet", None)
    given = {
        name: _hide_column(small_net / f"{name}.csv", key, tmp_path / f"{name}.csv", columns)
        for name, columns in (
            ("numbers", ("number",)),
            ("reports", ("number", "called")),
            ("declared", ("number", "called")),
        )
    }
    summary = hunt([calls], tmp_path / "run", settings=HuntSettings(), where=HERE, files=Files(**given))
    for name in ("reports", "declared"):
        assert summary["files"][name]["used"] == summary["files"][name]["read"] > 0
    status = states(summary)
    assert status["protected_identity"] == status["near_report"] == "spoke"
    assert status["undeclared"] != "stood_aside"


def test_a_plain_register_beside_hidden_records_is_said_to_match_nothing(
    quiet_net: Path, tmp_path: Path
) -> None:
    calls = _hidden(quiet_net, TokenKey(bytes(KEY_BYTES)), tmp_path / "hidden.parquet", None)
    files = Files(numbers=quiet_net / "numbers.csv")
    summary = hunt([calls], tmp_path / "run", settings=HuntSettings(), where=HERE, files=files)
    (said,) = summary["notices"]
    assert "entries of the register cannot be found among the hidden numbers" in said
    assert said in summary["limits"]
    aside = {s["name"]: s["why"] for s in summary["signals"] if s["status"] == "stood_aside"}
    assert "register" in aside["protected_identity"]
