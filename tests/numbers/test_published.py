from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.errors import InputError
from ringfence.numbers.published import Published, read_published

OFCOM_GEOGRAPHIC = (
    "\ufeffNMS Number Block: Number Block,Block Status,CP Name,"
    "Geographic Number Length,Allocation Date,Notes\r\n"
    "1134 95,Allocated,Example &amp; Sons Ltd,3+7,15/07/1994,\r\n"
    "1134 96 1,Quarantined,,3+7,,\r\n"
    "1632 96 0,Protected,,Mixed 4+5 & 4+6,,\r\n"
    "1632 97,Free for National Dialling Only,,4+6,,\r\n"
    "nonsense,Free,,4+6,,\r\n"
)
OFCOM_FREEPHONE = (
    "NMS Number Block: Number Block,Block Status,CP Name,Non Geo Number Length,Allocation Date\n"
    "800 036,Allocated(Closed Range),Example Ltd,9 digit numbers,\n7700 91,Free,,10 digit numbers,\n"
)
NANPA = (
    "State\tNPA-NXX\tOCN\tCompany\tRateCenter\tEffectiveDate\tUse\tAssignDate\tInitial/Growth\n"
    "DC\t202-200\t1234\tEXAMPLE TELEPHONE\tWASHINGTON\t\tAS\t\t\nDC\t202-201\t\t\t\t\tVC\t\t\n"
)
CANADA = "NPA;CO Code (NXX);Status;Exchange Area;Company\n"
CANADA += "416;200;In Service;TORONTO;Example\n416;201;Available;;\n"
PREFIXES = 'prefix,types,operator,format\n194813,geo,"",0+10\n'
PREFIXES += '79042,mobile,"Example ( TM)",0+10\n800368,free,X,0+9/10\n'


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> Published:
    file = tmp_path / "table.csv"
    file.write_bytes(text.encode(encoding))
    return read_published(file, "GB")


def brief(published: Published) -> list[tuple[str, str, str | None, list[int]]]:
    return [(r["prefix"], r["status"], r["operator"], r["national_digits"]) for r in published.rows]


def test_ofcom(tmp_path: Path) -> None:
    published = read(tmp_path, OFCOM_GEOGRAPHIC)
    assert published.format == "ofcom"
    assert brief(published) == [
        ("+44113495", "allocated", "Example & Sons Ltd", [10]),
        ("+441134961", "quarantined", None, [10]),
        ("+441632960", "protected", None, [9, 10]),
        ("+44163297", "reserved", None, [10]),
    ]
    assert [(b.line, b.reason) for b in published.bad_rows] == [(6, "bad_prefix")]
    assert brief(read(tmp_path, OFCOM_FREEPHONE)) == [
        ("+44800036", "allocated", "Example Ltd", [9]),
        ("+44770091", "free", None, [10]),
    ]


@pytest.mark.parametrize("text", [NANPA, CANADA])
def test_north_america(tmp_path: Path, text: str) -> None:
    published = read(tmp_path, text)
    assert published.format == "nanp"
    assert [(s, d) for _, s, _, d in brief(published)] == [("allocated", [10]), ("free", [10])]
    assert published.rows[0]["prefix"] in ("+1202200", "+1416200")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_prefix_lists(tmp_path: Path, encoding: str) -> None:
    published = read(tmp_path, PREFIXES, encoding)
    assert brief(published) == [
        ("+44194813", "free", None, [10]),
        ("+4479042", "allocated", "Example ( TM)", [10]),
        ("+44800368", "allocated", "X", [9, 10]),
    ]
    assert published.rows[1]["type"] == "mobile"


def test_prefixes_of_any_country(tmp_path: Path) -> None:
    text = "prefix,operator,status\n+33 6,X,allocated\n020,Y,assigned\n0044 20 79,Z,free\n+999,,free\n"
    assert brief(read(tmp_path, text)) == [
        ("+336", "allocated", "X", []),
        ("+4420", "allocated", "Y", []),
        ("+442079", "free", "Z", []),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a numbering table"),
        ("a,b\n1,2\n", "found columns a, b"),
        ("prefix,operator\n", "no number block"),
        ("PK\x03\x04", "unpack it"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_one_error(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(b"prefix,operator,status,format\n0207946,X,free,4+6\n" + data)
    assert read_published(file, "GB").rows[0]["prefix"] == "+44207946"
