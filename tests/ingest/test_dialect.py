from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest.dialect import (
    Dialect,
    encoding_of,
    first_by_lower,
    first_rows,
    foreign,
    header_of,
    repeats,
    sniff,
    unique_names,
)

TEXT = "a,b,c\n1,2,3\n4,5,6\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encoding_and_header(encoding: str) -> None:
    head = TEXT.encode(encoding)
    dialect = sniff(head)
    assert dialect is not None
    assert dialect.delimiter == ","
    assert header_of(head, dialect) == ["a", "b", "c"]
    assert first_rows(head, dialect, 2) == [["a", "b", "c"], ["1", "2", "3"]]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b;c\n1,5;2;3\n", ";"),
        ("a\tb\n1,2\t3,4\n", "\t"),
        ('"a,b|c"|d\n"e"|f\n', "|"),
        ("when;to\n01/02/2024 10:00;0207,946\n", ";"),
    ],
)
def test_delimiters(text: str, delimiter: str) -> None:
    dialect = sniff(text.encode())
    assert dialect is not None
    assert dialect.delimiter == delimiter


@pytest.mark.parametrize(
    "head", [b"", b"\n\n", b"\x00\x01\x02\x03" * 50, b"\xd4\xc3\xb2\xa1" * 9, b"just words\nmore\n"]
)
def test_no_table(head: bytes) -> None:
    assert sniff(head) is None


def test_tabs_without_quotes_are_unquoted() -> None:
    assert sniff(b'a\tb\n5" pipe\t2\n') == Dialect("\t", "utf-8", quoted=False)
    assert sniff(b'a\tb\n"x"\t2\n') == Dialect("\t", "utf-8", quoted=True)


def test_names_are_unique() -> None:
    assert unique_names([" a ", "a", "", "b"]) == ["a", "a_2", "column_3", "b"]


def test_of_names_that_differ_in_case_the_first_counts() -> None:
    assert first_by_lower(["Called", " called ", "x"]) == {"called": "Called", "x": "x"}


@pytest.mark.parametrize(
    ("header", "skip", "used", "caseless", "found"),
    [
        ("to,x,to", 1, ["to"], True, {"to": [1, 3]}),
        ("to,To,TO ", 1, ["to"], True, {"to": [1, 2, 3]}),
        ("to,To,TO", 1, ["to"], False, {}),  # three columns
        ("to,x,x", 1, ["to"], True, {}),  # nobody reads x
        ("to,x,to", 1, ["to_3"], True, {}),  # the other one is meant
        ("to,x,to", 1, ["to", "to_3"], True, {}),  # both are
        (",,to", 1, ["to", "column_1"], True, {}),
        ("note\nto,x,to", 2, ["to"], True, {"to": [1, 3]}),
        ("to,x,to", 0, ["to"], True, {}),  # no header
    ],
)
def test_repeated_names(
    header: str, skip: int, used: list[str], caseless: bool, found: dict[str, list[int]]
) -> None:
    names = unique_names(header.splitlines()[-1].split(","))
    assert repeats(f"{header}\n1,2,3\n".encode(), Dialect(), names, skip, used, caseless) == found


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (TEXT.encode("utf-32"), "looks like UTF-32 text; convert it with: iconv -f UTF-32 -t UTF-8"),
        (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "looks like UTF-32 text"),
        (TEXT.encode("utf-32-be"), "iconv -f UTF-32BE -t UTF-8"),
        (TEXT.encode("utf-32-le") + b"\x61\0", "iconv -f UTF-32LE -t UTF-8"),  # cut in a character
        (b"PK\x03\x04\x14\0\x06\0" * 9, "a ZIP archive or an Excel workbook; unpack it, or save"),
        (b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 250, "a tar archive; unpack it"),
        (b"SQLite format 3\0" + b"\1\0" * 50, "export the table as CSV"),
        (b"\0\1\2\3" * 50, "binary data, not text (it begins with 00 01 02 03 00 01 02 03; 50 NUL bytes in"),
    ],
)
def test_what_is_no_text_is_named(head: bytes, words: str) -> None:
    assert sniff(head) is None
    assert words in str(foreign(head))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("text", [TEXT, "PKW,Zürich\n", "ORCA\n", "x\0y,1,2,3,4,5,6,7,8,9,10,11,12,13\n"])
def test_text_is_not_foreign(text: str, encoding: str) -> None:
    assert foreign(text.encode(encoding)) is None


@given(st.binary(max_size=200))
def test_any_bytes(head: bytes) -> None:
    assert "\n" not in (foreign(head) or "")
    assert encoding_of(head) in ("utf-8", "utf-16-le", "utf-16-be")
    dialect = sniff(head)
    if dialect is not None:
        names = header_of(head, dialect)
        assert len(set(names)) == len(names)
