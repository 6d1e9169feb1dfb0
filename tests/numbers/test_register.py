import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import InputError
from ringfence.model.register import RegisterEntry, Use
from ringfence.numbers.register import REGISTER, Register, load_register, parse_register

CSV = """number,owner,use,sector,source,valid_from,valid_until
020 7946 0123,First Bank,inbound_only,bank,do-not-originate list,2024-01-01,2024-06-30
+442079460123,First Bank,outbound,bank,owner,2024-07-01,
+44 20 7946 01*,Card Company,inbound_only,card,owner,,
02079460*,Telecoms Ltd,unallocated,telecom,regulator,,
159,Reporting line,inbound_only,other,operator,,
not a number,X,inbound_only,bank,,,
07700900001,,inbound_only,bank,,,
07700900001,X,sometimes,bank,,,
07700900001,X,inbound_only,bank,,31/12/2024,
07700900001,X,inbound_only,bank,,2024-02-01,2024-01-01
+44*,Everybody,inbound_only,bank,,,
159,Reporting line,inbound_only,other,operator,,
07700900002,"open,inbound_only,bank,,,
07700900003,Y,Inbound Only,insurers,,2024-01-01T00:00:00Z,9999-12-31
"""


@pytest.fixture
def register() -> Register:
    return parse_register(CSV, "GB")


def test_bad_rows_are_counted_with_their_lines(register: Register) -> None:
    assert len(register) == 6
    assert {b.line: b.reason for b in register.bad_rows} == {
        7: "not_a_number",
        8: "no_owner",
        9: "unknown_use",
        10: "bad_date",
        11: "ends_before_start",
        12: "prefix_too_short",
        13: "duplicate",
        14: "unclosed_quote",
    }
    assert register.rejected()["duplicate"] == 1


def test_the_most_specific_entry_in_force_decides(register: Register) -> None:
    def owner_and_use(number: str, day: str) -> tuple[str, str] | None:
        entry = register.match(number, dt.date.fromisoformat(day))
        return (entry.owner, entry.use.value) if entry else None

    assert owner_and_use("+442079460123", "2024-06-30") == ("First Bank", "inbound_only")
    assert owner_and_use("+442079460123", "2024-07-01") == ("First Bank", "outbound")
    assert owner_and_use("+442079460123", "2023-12-31") == ("Card Company", "inbound_only")
    assert owner_and_use("+442079460199", "2023-12-31") == ("Card Company", "inbound_only")
    assert owner_and_use("+442079460999", "2023-12-31") == ("Telecoms Ltd", "unallocated")
    assert owner_and_use("+442079470000", "2023-12-31") is None
    assert owner_and_use("159", "2023-12-31") == ("Reporting line", "inbound_only")


def test_a_day_is_a_utc_day(register: Register) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    moment = dt.datetime(2024, 7, 1, 1, 0, tzinfo=zone)  # still June in UTC
    entry = register.match("+442079460123", moment)
    assert entry is not None and entry.use is Use.INBOUND_ONLY


def test_several_owners_are_kept() -> None:
    entries = [RegisterEntry("+442079460001", owner, Use.INBOUND_ONLY, "bank", "") for owner in "AB"]
    register = Register(entries)
    assert {e.owner for e in register.matches("+442079460001", None)} == {"A", "B"}
    assert [(a.owner, b.owner) for a, b in register.contested()] == [("A", "B")]


def test_table_for_joins(register: Register) -> None:
    table = register.table()
    assert table.schema == REGISTER
    first, second, prefix = table.slice(0, 3).to_pylist()
    assert first["valid_from"] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert first["valid_until"] == dt.datetime(2024, 7, 1, tzinfo=dt.UTC) == second["valid_from"]
    assert (prefix["number"], prefix["prefix"], prefix["valid_from"]) == ("+4420794601", True, None)
    assert table.slice(5).to_pylist()[0]["valid_until"] is None
    assert table["number"].type == pa.string()


def test_csv_there_and_back(register: Register) -> None:
    assert parse_register(register.to_csv(), "US").entries == register.entries


@pytest.mark.parametrize(
    ("region", "prefix", "number"),
    [
        ("GB", "0800*", "+44800*"),
        ("GB", "0044800*", "+44800*"),
        ("GB", "44800*", "+44800*"),
        ("US", "202555*", "+1202555*"),
        ("US", "1 202 555*", "+1202555*"),
        ("FR", "01 99*", "+33199*"),
    ],
)
def test_prefixes_are_read_like_numbers(region: str, prefix: str, number: str) -> None:
    register = parse_register(f"number,owner,use\n{prefix},X,inbound_only\n", region)
    assert [e.number for e in register.entries] == [number]


def test_no_register(tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("")
    with pytest.raises(InputError, match="no column number, owner, use"):
        load_register(file, "GB")


@given(st.text())
def test_any_text_is_entries_and_bad_rows(text: str) -> None:
    register = parse_register("number,owner,use,valid_from,valid_until\n" + text, "GB")
    register.table()
    assert all(bad.line > 1 for bad in register.bad_rows)
