import json
from pathlib import Path
from typing import Any

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.hunt.suspects import _SHARED_NETWORK_NUMBERS
from ringfence.model.number import Kind
from ringfence.numbers.allocation import Allocation, allocation_table
from ringfence.numbers.normalise import normalise_rows
from ringfence.numbers.plan import FACTS, facts
from ringfence.numbers.published import read_published

TABLE = Allocation(
    allocation_table(
        [
            {"prefix": "+448998", "status": "free", "national_digits": [10]},
            {"prefix": "+448979", "status": "allocated", "operator": "Gateway Ltd", "national_digits": [10]},
            {"prefix": "+44800368", "status": "allocated", "operator": "Free Ltd", "national_digits": [9]},
            {"prefix": "+44201234", "status": "free", "national_digits": [10]},
            {"prefix": "+44201235", "status": "allocated", "operator": "London Ltd", "national_digits": [10]},
            {"prefix": "+44207946", "status": "protected", "national_digits": [10]},
            {"prefix": "+4464", "status": "free", "national_digits": [10]},
            {"prefix": "+9995", "status": "allocated", "operator": "X"},
        ]
    )
)


def look_up(number: str | None, allocation: Allocation | None = None) -> dict[str, Any]:
    row: dict[str, Any] = facts(pa.array([number], pa.string()), allocation).to_pylist()[0]
    return row


@pytest.mark.parametrize(
    ("number", "kind", "region"),
    [
        ("+441132345678", "geographic", "GB"),
        ("+442012345678", "geographic", "GB"),
        ("+443001234567", "non_geographic", "GB"),
        ("+445512345678", "non_geographic", "GB"),
        ("+445612345678", "non_geographic", "GB"),
        ("+447012345678", "personal", "GB"),
        ("+447400123456", "mobile", "GB"),
        ("+447640123456", "pager", "GB"),
        ("+447624123456", "mobile", "IM"),
        ("+441481234567", "geographic", "GG"),
        ("+441534234567", "geographic", "JE"),
        ("+448001234567", "freephone", "GB"),
        ("+448081234567", "freephone", "GB"),
        ("+448451234567", "non_geographic", "GB"),
        ("+448712345678", "non_geographic", "GB"),
        ("+449012345678", "premium", "GB"),
        ("+448001111", "freephone", "GB"),
        ("+12012345678", "geographic", "US"),
        ("+14165550123", "drama", "CA"),
        ("+80012345678", "freephone", "001"),
        ("+448979123456", "network", "GB"),
        ("+448999123456", "network", "GB"),
        ("+447700900123", "drama", "GB"),
        ("+442079460999", "drama", "GB"),
        ("+441632960000", "drama", "GB"),
        ("+442896496123", "drama", "GB"),
        ("+442920180123", "drama", "GB"),
        ("+443069990123", "drama", "GB"),
        ("+448081570123", "drama", "GB"),
        ("+449098790123", "drama", "GB"),
        ("+33199001234", "drama", "FR"),
        ("+61255501234", "drama", "AU"),
    ],
)
def test_valid_numbers(number: str, kind: str, region: str) -> None:
    assert look_up(number) == {
        "number": number,
        "kind": kind,
        "valid": True,
        "region": region,
        "operator": None,
    }


@pytest.mark.parametrize(
    "number",
    [
        "+4420794601",
        "+448979123",
        "+4489791234567",
        "+441234",
        "+446012345678",
        "+12025",
        "+447700900",
        "+99912345678",
    ],
)
def test_numbers_that_no_plan_has(number: str) -> None:
    row = look_up(number)
    assert (row["kind"], row["valid"]) == ("invalid", False)


@pytest.mark.parametrize("number", ["159", "7726", "999", "112", "101", "111", "116123", "1471"])
def test_short_codes(number: str) -> None:
    row = look_up(number)
    assert (row["kind"], row["valid"], row["region"]) == ("short", False, "GB")


def test_short_codes_are_a_regions_own() -> None:
    kinds = [facts(pa.array(["911"]), None, region)["kind"][0].as_py() for region in ("US", "GB")]
    assert kinds[0] == "short"
    assert look_up("2001")["kind"] == "unknown"  # somebody's extension
    assert facts(pa.array(["159"]), None, "001")["kind"].to_pylist() == ["unknown"]


def test_tokens_and_nulls_have_no_facts() -> None:
    for value in ("t1:aaaaaaaa:mfrggzdfmztwq2lkonswg4tfoq", None):
        assert set(look_up(value).values()) == {value, None}


@pytest.mark.parametrize(
    ("number", "kind", "valid", "operator"),
    [
        ("+448979123456", "network", True, "Gateway Ltd"),
        ("+448998123456", "network", True, None),  # free in the table, and yet no caller's
        ("+44800368571", "freephone", True, "Free Ltd"),
        ("+448003685712", "freephone", True, "Free Ltd"),  # ten digits are the plan's
        ("+442012341234", "unallocated", True, None),
        ("+442012351234", "geographic", True, "London Ltd"),
        ("+442079460123", "drama", True, None),
        ("+442079461123", "unallocated", True, None),
        ("+441132345678", "geographic", True, None),  # a block that is not listed: nothing is known
        ("+446412345678", "unallocated", False, None),  # free, and in no plan either
        ("+44641234567", "invalid", False, None),  # nor as long as its block says
        ("+44897912345", "invalid", False, "Gateway Ltd"),  # too short for its block
        ("+9995123456", "invalid", False, "X"),  # no such country
    ],
)
def test_the_table_wins(number: str, kind: str, valid: bool, operator: str | None) -> None:
    row = look_up(number, TABLE)
    assert (row["kind"], row["valid"], row["operator"]) == (kind, valid, operator)


@given(st.lists(st.from_regex(r"\+?[1-9][0-9]{1,14}", fullmatch=True) | st.text(max_size=8)))
def test_every_text_has_its_row(texts: list[str]) -> None:
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    table = facts(pa.array(texts, pa.string()), TABLE)
    assert table.schema == FACTS and table["number"].to_pylist() == texts
    assert set(table["kind"].to_pylist()) <= {None, *(k.value for k in Kind)}


def test_what_the_hunt_takes_for_shared_is_a_network_number() -> None:
    assert look_up(f"{_SHARED_NETWORK_NUMBERS}123456"[:13])["kind"] == "network"


@pytest.mark.corpus
def test_agreement_with_the_corpus(corpus: Path) -> None:
    """Figures of docs/explanation/numbers.md, which explains each disagreement: the same with and without a
    table."""
    rows = json.loads((corpus / "numbers" / "uk-validity.json").read_text())
    published = read_published(corpus / "numbers" / "uk-prefix-operator.csv", "GB")
    numbers = normalise_rows(pa.array([row["number"] for row in rows]), "GB")["number"].combine_chunks()
    expected = {row["number"]: row["expectedClass"] == "NUMBER_VALID" for row in rows}
    unlisted = {text for text in expected if text.startswith("0191948")}
    assert len(unlisted) == 5
    for table in (None, Allocation(allocation_table(published.rows))):
        valid = facts(numbers, table)["valid"].to_pylist()
        differ = [
            row["number"] for row, v in zip(rows, valid, strict=True) if bool(v) != expected[row["number"]]
        ]
        assert set(differ) == {"00441234567890", "0800368571", *unlisted}
        assert (len(rows), len(differ), differ.count("00441234567890")) == (4900, 21, 15)
        assert 1 - len(set(differ)) / len(expected) >= 0.998

    def alone(text: str) -> bool:
        try:
            return phonenumbers.is_valid_number(phonenumbers.parse(text, "GB"))
        except phonenumbers.NumberParseException:
            return False

    # phonenumbers alone also misses the network numbers
    wrong = {text for text, valid in expected.items() if alone(text) != valid}
    assert {
        text.removeprefix("+44").removeprefix("0044").lstrip("0")[:2] for text in wrong - set(differ)
    } == {"89"}
    assert (len(wrong), wrong > set(differ)) == (11, True)
