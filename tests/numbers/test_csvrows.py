from pathlib import Path

import pytest

from ringfence.errors import InputError
from ringfence.numbers.csvrows import BadRow, Row, header_of, read_rows, read_text

TEXT = "Number;Owner Name\n+1;Café\n\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(TEXT.encode(encoding))
    assert list(read_rows(read_text(file))) == [Row(2, {"number": "+1", "owner name": "Café"})]


def test_header_names_and_separator() -> None:
    assert header_of("\n Number ,OWNER  Name\n") == (["number", "owner name"], ",")
    assert header_of("") == ([], ",")


def test_one_bad_line_costs_one_line() -> None:
    rows = list(read_rows('a,b\n1,"open\n2,x\n' + "3," + "y" * 200_000 + "\n4,\x00z\n"))
    assert [r.line for r in rows] == [2, 3, 4, 5]
    assert [r.reason for r in rows if isinstance(r, BadRow)] == ["unclosed_quote", "line_too_long"]
    assert rows[3] == Row(5, {"a": "4", "b": "z"})


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.numbers.csvrows.MAX_BYTES", 8)
    (tmp_path / "a.csv").write_text("123456789")
    with pytest.raises(InputError, match="larger than"):
        read_text(tmp_path / "a.csv")


def test_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(InputError, match="cannot read"):
            read_text(path)
