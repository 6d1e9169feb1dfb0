from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from litestar.testing import TestClient

from ringfence.serve.app import create_app
from ringfence.serve.downloads import PERSONAL, WHAT, _cell, csv_lines
from ringfence.store.run import SCHEMAS, Run


@pytest.fixture(scope="module")
def masked(found_run: Path) -> TestClient:
    return TestClient(create_app(found_run), base_url="http://127.0.0.1:8400")


@pytest.fixture(scope="module")
def shown(found_run: Path) -> TestClient:
    return TestClient(create_app(found_run, show_numbers=True), base_url="http://127.0.0.1:8400")


def test_every_table_is_described() -> None:
    assert set(WHAT) == set(SCHEMAS)
    assert all("called" in PERSONAL[name] for name, schema in SCHEMAS.items() if "called" in schema.names)


@pytest.mark.parametrize("table", SCHEMAS)
def test_csv_holds_every_row(shown: TestClient, found_run: Path, table: str) -> None:
    answer = shown.get(f"/downloads/csv/{table}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.csv"'
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == SCHEMAS[table].names
    assert len(rows) - 1 == pq.read_metadata(found_run / f"{table}.parquet").num_rows


def test_a_list_comes_as_it_is_shown(shown: TestClient) -> None:
    answer = shown.get(
        "/downloads/csv/flagged_calls?platform=P-7f3a&signal=many_owners&sort=-talk_seconds&sort=-talk_seconds"
    )
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows
    assert {row["platform"] for row in rows} == {"P-7f3a"}
    assert all("many_owners" in row["signals"].split() for row in rows)
    talk = [float(row["talk_seconds"]) for row in rows if row["talk_seconds"]]
    assert talk == sorted(talk, reverse=True)


@pytest.mark.parametrize("query", ["score=x", "nope=1", "sort=nope", "trunk=" + "x" * 500])
def test_rows_are_chosen_by_text_columns_alone(shown: TestClient, query: str) -> None:
    assert shown.get("/downloads/csv/flagged_calls?" + query).status_code == 400


@pytest.mark.parametrize("name", ["path", "filters", "request", "name"])
def test_no_name_of_a_filter_breaks_a_download(shown: TestClient, name: str) -> None:
    answer = shown.get(f"/downloads/csv/platforms?{name}=x")
    assert answer.status_code == 400
    assert f"cannot be cut down by “{name}”" in answer.json()["detail"]


def test_a_masked_number_cannot_be_guessed(masked: TestClient, shown: TestClient, found_run: Path) -> None:
    with Run.open(found_run) as run:
        victim, row = run.rows("victims", limit=1).rows[0], run.rows("rejected", limit=1).rows[0]
    for table, column, held in (
        ("victims", "called", victim["called"]),
        ("flagged_calls", "called", victim["called"]),
        ("victims", "reason", victim["reason"]),
        ("rejected", "raw", row["raw"]),
        ("rejected", "detail", row["detail"]),
    ):
        answers = [masked.get(f"/downloads/csv/{table}", params={column: v}) for v in (held, "absent")]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert answers[0].json() == answers[1].json()
        assert "--show-numbers" in answers[0].text
        assert len(shown.get(f"/downloads/csv/{table}", params={column: held}).text.splitlines()) > 1
    assert masked.get("/downloads/csv/rejected", params={"reason": row["reason"]}).status_code == 200


def test_rejected_rows_are_masked_however_the_number_is_written(found_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(found_run, tmp_path / "run")
    table = pq.read_table(folder / "rejected.parquet")
    raw = pa.array(["fx,07700-900-123", "fx,(07700) 900123", "fx,07700\u00a0900.123"], pa.string())
    pq.write_table(
        table.set_column(table.schema.get_field_index("raw"), table.schema.field("raw"), raw),
        folder / "rejected.parquet",
    )
    with TestClient(create_app(folder), base_url="http://127.0.0.1:8400") as client:
        for path in ("/rejected", "/downloads/csv/rejected"):
            text = client.get(path).text
            assert text.count("fx,0770•••••23") == 3, path


def test_masked_csv_hides_called_people(found_run: Path) -> None:
    with Run.open(found_run) as run:
        presented = {row["caller"] for row in run.tally(("caller",))}
        people = {row["called"] for row in run.rows("victims").rows} - presented
        for table in PERSONAL:
            text = b"".join(csv_lines(run, table, show_numbers=False)).decode()
            assert not [number for number in people if number in text], table


def test_parquet_leaves_whole_or_not_at_all(masked: TestClient, shown: TestClient, found_run: Path) -> None:
    for table in SCHEMAS:
        hidden = masked.get(f"/downloads/parquet/{table}").status_code == 404
        assert hidden == (table in PERSONAL)
        assert (
            shown.get(f"/downloads/parquet/{table}").content == (found_run / f"{table}.parquet").read_bytes()
        )
    assert masked.get("/downloads/summary.json").json()["counts"]["platforms"] == 3


@pytest.mark.parametrize(
    "path", ["/downloads/csv/nothing", "/downloads/parquet/..%2Fsummary", "/downloads/csv/%2e%2e"]
)
def test_other_files_are_not_given_out(shown: TestClient, path: str) -> None:
    assert shown.get(path).status_code == 404


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        (["=1+1", "x"], "'=1+1 x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("\n=1+1", "'\n'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("＋1;x", "'＋1;x"),
        ("－1;x", "'－1;x"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ("a; b-c", "a; b-c"),
        ("+442079460101", "+442079460101"),
        (-1.5, "-1.5"),
        (None, ""),
        ("plain", "plain"),
    ],
)
def test_a_spreadsheet_runs_nothing(value: object, written: str) -> None:
    assert _cell("trunk", value, (), None) == written


def test_every_cell_is_quoted(shown: TestClient) -> None:
    for line in shown.get("/downloads/csv/sources").text.splitlines():
        assert line.startswith('"')
        assert line.endswith('"')
        assert line.count('","') == len(SCHEMAS["sources"].names) - 1
