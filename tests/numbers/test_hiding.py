import datetime as dt
import json

import pyarrow as pa

from ringfence.numbers.allocation import Allocation, allocation_table
from ringfence.numbers.hiding import beside_columns, called_adjacency, tokenise_records
from ringfence.numbers.register import parse_register
from ringfence.numbers.tokens import TokenKey, is_token

KEY = TokenKey(bytes(range(32)))
BANK, VICTIM = "+442079460123", "+447700900123"
REGISTER = parse_register(
    "number,owner,use,sector,source,valid_from,valid_until\n"
    f"{BANK},First Bank,inbound_only,bank,,2024-01-02,\n159,Reporting,inbound_only,other,,,\n",
    "GB",
)
ALLOCATION = Allocation(
    allocation_table([{"prefix": "+4420794", "status": "allocated", "operator": "London Ltd"}])
)


def records(rows: list[dict[str, object]]) -> pa.Table:
    start = dt.datetime(2024, 1, 1, 23, 59, tzinfo=dt.UTC)
    filled = [{"start_time": start + dt.timedelta(minutes=i), **row} for i, row in enumerate(rows)]
    table = pa.Table.from_pylist(filled)
    return table.set_column(0, "start_time", table["start_time"].cast(pa.timestamp("us", tz="UTC")))


def test_what_is_known_is_set_beside_before_the_number_goes() -> None:
    table = records(
        [
            {"caller": BANK, "called": VICTIM, "trunk": "T1"},
            {"caller": BANK, "called": VICTIM, "trunk": "T1"},  # a minute later, a day later: now protected
            {"caller": VICTIM, "called": "159", "trunk": "T2"},
            {"caller": None, "called": "rubbish 07700900999", "trunk": "T2"},
        ]
    )
    hidden = tokenise_records(table, KEY, REGISTER, ALLOCATION)
    first, second, report, odd = hidden.to_pylist()
    assert first["caller"] == second["caller"] == KEY.token(BANK)
    assert first["called"] == report["caller"] == KEY.token(VICTIM)
    assert (first["caller_kind"], first["caller_region"], first["caller_operator"]) == (
        "drama",
        "GB",
        "London Ltd",
    )
    assert (first["caller_owner"], second["caller_owner"]) == (None, "First Bank")
    assert (second["caller_use"], second["caller_sector"]) == ("inbound_only", "bank")
    assert (report["called"], report["called_kind"], report["called_owner"]) == ("159", "short", "Reporting")
    assert odd["caller"] is None and odd["caller_kind"] is None
    assert is_token(odd["called"])  # what cannot be read is hidden as well
    assert hidden["trunk"].to_pylist() == ["T1", "T1", "T2", "T2"]
    assert set(hidden.column_names) - set(table.column_names) == set(beside_columns(["caller", "called"]))
    assert "7700900" not in json.dumps([str(row) for row in hidden.to_pylist()])


def test_numbers_are_normalised_before_they_are_hidden() -> None:
    hidden = tokenise_records(records([{"called": "07700 900123"}, {"called": VICTIM}]), KEY)
    assert hidden["called"].to_pylist() == [KEY.token(VICTIM)] * 2


def test_hiding_again_changes_nothing() -> None:
    table = records([{"caller": BANK, "called": VICTIM}, {"caller": BANK, "called": "+447700900124"}])
    once = tokenise_records(table, KEY, REGISTER, ALLOCATION)
    assert tokenise_records(once, KEY, REGISTER, ALLOCATION).equals(once)


def test_adjacency_survives() -> None:
    called = [f"+4477009001{n:02d}" for n in (1, 2, 12, 30, 29, 10, 10)] + ["159", "+12025550123"]
    table = records([{"called": c, "trunk": "T", "caller": BANK} for c in called])
    words = tokenise_records(table, KEY)["called_adjacency"].to_pylist()
    assert words == [None, "next", "next", "above", "previous", "below", "same", None, None]


def test_adjacency_is_of_one_source_in_order_of_time() -> None:
    table = records(
        [
            {"called": "+447700900101", "trunk": "T", "caller": BANK},
            {"called": "+447700900105", "trunk": "T", "caller": None},
            {"called": "+447700900102", "trunk": "T", "caller": BANK},
        ]
    )
    assert called_adjacency(table, table["called"].combine_chunks()).to_pylist() == [None, None, "next"]
    backwards = table.take(pa.array([2, 1, 0]))
    assert called_adjacency(backwards, backwards["called"].combine_chunks()).to_pylist() == [
        "next",
        None,
        None,
    ]


def test_few_columns_and_no_rows() -> None:
    assert tokenise_records(pa.table({"trunk": ["T"]}), KEY).column_names == ["trunk"]
    plain = tokenise_records(pa.table({"called": [VICTIM]}), KEY, REGISTER)
    assert plain["called_adjacency"].to_pylist() == [None]
    empty = tokenise_records(records([{"caller": BANK, "called": VICTIM}]).slice(0, 0), KEY, REGISTER)
    assert empty.num_rows == 0 and "called_owner" in empty.column_names
