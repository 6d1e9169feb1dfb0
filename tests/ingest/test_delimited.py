from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.ingest import delimited
from ringfence.ingest.dialect import Dialect


def read(
    tmp_path: Path, data: bytes, dialect: Dialect | None = None
) -> tuple[list[dict[str, object]], list[tuple[int, str]]]:
    file = tmp_path / "file.csv"
    file.write_bytes(data)
    rows: list[dict[str, object]] = []
    rejects: list[tuple[int, str]] = []
    for batch in delimited.read(file, dialect or Dialect(), ["a", "b"], skip=1):
        rows += batch.table.to_pylist()
        rejects += [(reject.position, reject.reason) for reject in batch.rejects]
        for row in batch.table.to_pylist():
            assert str(row["a"])[:1] in batch.raw(row["source_row"]) or not row["a"]
    return rows, rejects


def test_a_clean_file(tmp_path: Path) -> None:
    rows, rejects = read(tmp_path, b'a,b\n1,"x, ""y"""\n\n2,z')
    assert rows == [{"a": "1", "b": 'x, "y"', "source_row": 2}, {"a": "2", "b": "z", "source_row": 4}]
    assert rejects == []


@pytest.mark.parametrize("careful", [b"", b"9,\x00\n"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_lines_of_blanks_are_skipped(tmp_path: Path, delimiter: str, careful: bytes) -> None:
    data = b"a,b\n1,x\n  \n\t\n \t\r\n\n\r\n\v \f\n ,y\n2,z\n".replace(b",", delimiter.encode())
    rows, rejects = read(tmp_path, data + careful, Dialect(delimiter))
    assert [(row["a"], row["source_row"]) for row in rows] == [("1", 2), (" ", 9), ("2", 10)]
    assert rejects == [(11, "nul_byte")] * bool(careful)


@pytest.mark.parametrize("block", [16, 64, 1 << 20])
def test_bad_lines_cost_only_themselves(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    monkeypatch.setattr(delimited, "LONGEST_LINE", 100)
    data = b'a,b\n1,ok\n2\n3,"open\n4,ok\n5,"closed"\n6,x,y\n7,\x00\n8,' + b"z" * 200 + b"\n9,ok\n"
    rows, rejects = read(tmp_path, data)
    assert [row["a"] for row in rows] == ["1", "4", "5", "9"]
    assert rejects == [
        (3, "ragged_row"),
        (4, "open_quote"),
        (7, "ragged_row"),
        (8, "nul_byte"),
        (9, "line_too_long"),
    ]


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_a_quoted_field_may_span_lines(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    rows, rejects = read(tmp_path, b'a,b\n1,"two\nlines"\n2,x\n')
    assert [(row["a"], row["b"], row["source_row"]) for row in rows] == [
        ("1", "two\nlines", 2),
        ("2", "x", 4),
    ]
    assert rejects == []


def three(folder: Path, rows: str) -> tuple[list[tuple[object, ...]], list[tuple[int, str]]]:
    """Rows of three columns, and the rejects."""
    file = folder / "file.csv"
    file.write_text("a,b,c\n" + rows)
    got: list[tuple[object, ...]] = []
    rejects: list[tuple[int, str]] = []
    for batch in delimited.read(file, Dialect(), ["a", "b", "c"], skip=1):
        got += [tuple(row.values())[:3] for row in batch.table.to_pylist()]
        rejects += [(reject.position, reject.reason) for reject in batch.rejects]
        assert all("\n" not in batch.raw(row) for row in batch.table["source_row"].to_pylist())
    return got, rejects


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ('{},"abc"def,x', "abcdef"),
        ('{},"5" pipe",x', '5 pipe"'),  # three quotes, none of them open
        ('{},5" pipe,x', '5" pipe'),
        ('{},Jo "the Man" Doe,x', 'Jo "the Man" Doe'),
        ('{},"abc""def",x', 'abc"def'),
        ('{}," ",x', " "),
    ],
)
def test_a_quote_too_many_costs_no_row(tmp_path: Path, row: str, value: str) -> None:
    rows, rejects = three(tmp_path, "".join(row.format(n) + "\n" for n in range(400)))
    assert rows == [(str(n), value, "x") for n in range(400)]
    assert rejects == []


@pytest.mark.parametrize("row", ['{},x,"', '{},",x', '{},"open,x', '"{},x,y', '{},x,"open'])
def test_rows_that_each_leave_a_quote_open_are_each_rejected(tmp_path: Path, row: str) -> None:
    rows, rejects = three(tmp_path, "".join(row.format(n) + "\n" for n in range(400)))
    assert rows == []
    assert rejects == [(n + 2, "open_quote") for n in range(400)]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('"two, or\nthree",b,c\n', ("two, or\nthree", "b", "c")),
        ('a,"two\n\nthree, four",c\n', ("a", "two\n\nthree, four", "c")),
        ('a,b,"two ""x""\nthree"\n', ("a", "b", 'two "x"\nthree')),
    ],
)
def test_a_value_on_several_lines_among_open_quotes(tmp_path: Path, text: str, row: tuple[str, ...]) -> None:
    rows, rejects = three(tmp_path, f'0,1,"2\n{text}3,4,5\n')
    assert rows == [row, ("3", "4", "5")]
    assert rejects == [(2, "open_quote")]


def test_windows_1252_rows_are_noted(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes("a,b\nZürich,€\nplain,x\n".encode("cp1252"))
    (batch,) = delimited.read(file, Dialect(), ["a", "b"], skip=1)
    assert batch.table["a"].to_pylist() == ["Zürich", "plain"]
    assert batch.table["b"].to_pylist()[0] == "€"
    assert batch.notes == {"not_utf8": 1}


def test_only_the_wanted_columns(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b"a,b,c\n1,2,3\n")
    (batch,) = delimited.read(file, Dialect(), ["a", "b", "c"], skip=1, wanted=["c"])
    assert batch.table.to_pylist() == [{"c": "3", "source_row": 2}]


def test_names_given_and_lines_skipped(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(b"# made by x\na,b\n1,2\n")
    (batch,) = delimited.read(file, Dialect(), ["x", "y"], skip=2)
    assert batch.table.to_pylist() == [{"x": "1", "y": "2", "source_row": 3}]


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=8), block=st.integers(4, 64))
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], block: int
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b"), *rows])
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    file.write_bytes(text.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK", block)
        got = [
            (row["a"], row["b"])
            for batch in delimited.read(file, Dialect(), ["a", "b"], skip=1)
            for row in batch.table.to_pylist()
        ]
    assert got == rows


@given(data=st.binary(max_size=300), block=st.integers(1, 64))
def test_any_bytes_and_no_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block: int
) -> None:
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    file.write_bytes(b"a,b\n" + data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK", block)
        for batch in delimited.read(file, Dialect(), ["a", "b"], skip=1):
            assert batch.table.column_names == ["a", "b", "source_row"]


@settings(max_examples=200)
@given(st.lists(st.text('",ab \r', max_size=8), min_size=1, max_size=12), st.integers(8, 80))
def test_every_line_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block: int
) -> None:
    file = tmp_path_factory.mktemp("csv") / "file.csv"
    file.write_bytes("".join(f"<{n}>,{line}\n" for n, line in enumerate(lines)).encode())
    found = ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK", block)
        for batch in delimited.read(file, Dialect(), ["a", "b", "c"]):
            found += "".join(str(row) for row in batch.table.to_pylist())
            found += "".join(reject.raw for reject in batch.rejects)
    assert all(found.count(f"<{n}>") == 1 for n in range(len(lines)))
