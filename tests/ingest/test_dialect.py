from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest.dialect import Dialect, encoding_of, first_rows, header_of, sniff, unique_names

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


@given(st.binary(max_size=200))
def test_any_bytes(head: bytes) -> None:
    assert encoding_of(head) in ("utf-8", "utf-16-le", "utf-16-be")
    dialect = sniff(head)
    if dialect is not None:
        names = header_of(head, dialect)
        assert len(set(names)) == len(names)
