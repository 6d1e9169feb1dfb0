import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.cli.main import main

REGISTER = "number,owner,use,sector,source,valid_from,valid_until\n"
REGISTER += "02079460123,First Bank,inbound_only,bank,list,,2024-06-30\nx,,,,,,\n"
TABLE = "prefix,types,operator,format\n2079460,geo,London Ltd,2+8\n77009,mobile,,0+10\nbad,,,\n"


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["ringfence", "numbers", *arguments])
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as caught:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        return int(caught.value.code or 0), out, err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_check_prints_one_object_a_number(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(REGISTER)
    arguments = ("check", "020 7946 0123", "159", "nobody", "--json", "--register", str(tmp_path / "r.csv"))
    status, out, err = run(*arguments, "--at", "2024-06-30")
    first, short, unread = objects(out)
    assert status == 0
    assert list(first)[:7] == ["number", "e164", "valid", "kind", "region", "operator", "protected"]
    assert (first["number"], first["e164"], first["valid"]) == ("020 7946 0123", "+442079460123", True)
    assert first["protected"]["owner"] == "First Bank" and first["protected"]["use"] == "inbound_only"
    assert (short["e164"], short["kind"], short["protected"]) == (None, "short", None)
    assert (unread["e164"], unread["valid"], unread["kind"], unread["reason"]) == (
        None,
        False,
        "invalid",
        "not_a_number",
    )
    assert "not_a_number (first on line 3)" in err
    _, out, _ = run(*arguments, "--at", "2024-07-01")
    assert objects(out)[0]["protected"] is None


def test_check_reads_a_pipe_line_by_line(run: Run) -> None:
    status, out, _ = run("check", "-", "--json", stdin=b"07700900123\r\n\n   \n\xff\nanonymous\n")
    assert status == 0
    assert [(row["number"], row["reason"]) for row in objects(out)] == [
        ("07700900123", None),
        ("", "empty"),
        ("   ", "empty"),
        ("\ufffd", "not_a_number"),
        ("anonymous", "withheld"),
    ]


@pytest.mark.parametrize(
    ("number", "e164", "short_code", "extension"),
    [
        ("020 7946 0123", "+442079460123", None, None),
        ("1-5-9", None, "159", None),
        ("2001", None, None, "2001"),
        ("nobody", None, None, None),
        ("t1:" + "a" * 8 + ":" + "a" * 26, None, None, None),
    ],
)
def test_only_e164_is_called_so(
    run: Run, number: str, e164: str | None, short_code: str | None, extension: str | None
) -> None:
    (found,) = objects(run("check", number, "--json")[1])
    assert (found["e164"], found["short_code"], found["extension"]) == (e164, short_code, extension)


def test_a_byte_order_mark_belongs_to_no_number(run: Run) -> None:
    stdin = "\ufeff07700900123\n07700900124\n".encode()
    first, second = objects(run("check", "-", "--json", stdin=stdin)[1])
    assert (first["number"], first["e164"]) == ("07700900123", "+447700900123")
    assert second["number"] == "07700900124"


def test_check_for_people(run: Run) -> None:
    status, out, _ = run("check", "07700900123", "[red]", "159")
    assert status == 0 and "+447700900123" in out and "[red]" in out and "drama" in out


@pytest.mark.parametrize(
    ("number", "valid", "kind", "reason"),
    [
        ("07700 900123", "yes", "drama", None),
        ("159", "no", "short", "short_code"),  # can be called, and is no caller's number
        ("2001", "no", "unknown", "extension"),
        ("nobody", "no", "invalid", "not_a_number"),
    ],
)
def test_the_table_and_the_objects_say_the_same(
    run: Run, number: str, valid: str, kind: str, reason: str | None
) -> None:
    (found,) = objects(run("check", number, "--json")[1])
    assert (found["valid"], found["kind"], found["reason"]) == (valid == "yes", kind, reason)
    row = run("check", number)[1].splitlines()[1]
    assert valid in row.split()
    assert (reason or kind).replace("_", " ") in row


def test_import_and_check_against_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    table = str(tmp_path / "t.parquet")
    status, out, err = run("import", str(tmp_path / "t.csv"), "--out", table, "--json")
    assert status == 0 and "line 4: bad_prefix" in err
    assert objects(out)[0]["rejected"] == {"bad_prefix": 1}
    assert objects(out)[1]["statuses"] == {"allocated": 1, "free": 1}
    _, out, _ = run("check", "02079460123", "07700912345", "--json", "--allocation", table)
    assert [(row["operator"], row["kind"]) for row in objects(out)] == [
        ("London Ltd", "drama"),
        (None, "unallocated"),
    ]
    status, out, _ = run("import", str(tmp_path / "t.csv"), "--out", table)
    assert status == 0 and "2 blocks: 1 allocated, 1 free" in out


def test_hide_records_and_lists(run: Run, tmp_path: Path) -> None:
    key, calls, out = (str(tmp_path / name) for name in ("key", "calls", "hidden"))
    assert run("key", key)[0] == 0
    status, text, _ = run("key", key, "--rotate", "--json")
    assert status == 0 and objects(text)[0]["keys"] == 2
    (tmp_path / "calls" / "day=1").mkdir(parents=True)
    pq.write_table(pa.table({"called": ["+447700900123"]}), tmp_path / "calls" / "day=1" / "a.parquet")
    status, text, _ = run("tokenise", calls, "--key", key, "--out", out, "--json")
    report = objects(text)[0]
    assert status == 0 and report["rows"] == 1
    hidden = pq.ParquetFile(report["out"]).read()
    assert "day" not in hidden.column_names
    status, text, err = run("token", "07700 900123", "nobody", "--key", key)
    assert status == 0 and text.splitlines() == [hidden["called"][0].as_py(), ""] and "1 numbers" in err
    assert objects(run("token", "-", "--key", key, "--json", stdin=b"x\n")[1])[0]["reason"] == "not_a_number"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "give at least one number"),
        (["check", "1", "--region", "XX"], "unknown region"),
        (["check", "1", "--at", "June"], "is no date"),
        (["check", "1", "--register", "absent.csv"], "cannot read absent.csv"),
        (["check", "1", "--allocation", "absent"], "cannot read absent"),
        (["import", "absent.csv", "--out", "t"], "cannot read absent.csv"),
        (["token", "1", "--key", "absent"], "cannot read the key file absent"),
    ],
)
def test_mistakes_are_one_line_and_status_2(run: Run, arguments: list[str], message: str) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_records_that_are_none(run: Run, tmp_path: Path) -> None:
    key = str(tmp_path / "key")
    run("key", key)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    for name, message in (("bad.parquet", "cannot hide the numbers of"), (".", "no Parquet file in")):
        folder = tmp_path / name if name != "." else tmp_path / "empty"
        folder.mkdir() if name == "." else None
        status, _, err = run("tokenise", str(folder), "--key", key, "--out", str(tmp_path / "out"))
        assert status == 2 and message in err and err.count("\n") == 1
