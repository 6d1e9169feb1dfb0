from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from ringfence.cli.main import build_app
from ringfence.errors import InputError
from ringfence.model.findings import FLAGGED_CALLS, VICTIMS


@pytest.fixture
def run(tmp_path: Path) -> Path:
    flagged = [
        {"call_id": "a", "score": 0.9, "platform": "P1", "campaign": "C1", "trunk": "t1"},
        {"call_id": "x", "score": 0.8, "platform": "P1", "campaign": "C1", "trunk": "t2"},
    ]
    victims = [{"called": "+447700900001", "tier": "likely", "platform": "P1"}]
    (tmp_path / "run").mkdir()
    pq.write_table(pa.Table.from_pylist(flagged, FLAGGED_CALLS), tmp_path / "run" / "flagged_calls.parquet")
    pq.write_table(pa.Table.from_pylist(victims, VICTIMS), tmp_path / "run" / "victims.parquet")
    truth = {"call_id": ["a", "b"], "platform": ["handset-1"] * 2, "customer": [1, 1]}
    pq.write_table(pa.table(truth), tmp_path / "truth.parquet")
    labels = {"call_id": ["a", "b", "x"], "kind": ["fraud", "fraud", "call_centre"]}
    pq.write_table(pa.table(labels), tmp_path / "labels.parquet")
    return tmp_path / "run"


def _score(run: Path, *more: str) -> str:
    result = CliRunner().invoke(
        build_app(), ["score", str(run), "--truth", str(run.parent / "truth.parquet"), *more]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_is_one_object_with_the_contracts_fields(run: Path) -> None:
    out = _score(run, "--json")
    assert out.count("\n") == 1
    score = json.loads(out)
    promised = (
        "precision recall platforms false_sources calls_to_detection campaign_ari calibration_error victims"
    )
    assert set(promised.split()) <= set(score)
    assert (score["precision"], score["recall"]) == (0.5, 0.5)
    assert score["platforms"]["found"] == 0
    assert score["look_alikes"]["call_centre"]["flagged"] == 1


def test_people_get_tables(run: Path) -> None:
    out = _score(run)
    for words in ("platforms found of those present", "By platform", "Victims by tier", "call_centre"):
        assert words in out


def test_found_and_missed_are_told_in_words(run: Path) -> None:
    out = _score(run, "--brief")
    assert "Of the 1 spoofing service in these records the hunt found none and missed 1." in out
    assert "missed  handset-1  1 of its 2 calls, among those of another" in out
    assert "1 innocent call flagged by mistake. 1 innocent source accused." in out
    assert "By platform" not in out
    assert _score(run).startswith(out)


def test_a_service_that_was_found_is_named_as_the_hunt_names_it(run: Path) -> None:
    truth = {
        "call_id": ["a", "x", "b"],
        "platform": ["handset-1", "handset-1", "sim_farm-2"],
        "customer": [1] * 3,
    }
    pq.write_table(pa.table(truth), run.parent / "truth.parquet")
    out = _score(run, "--brief")
    assert "the hunt found 1 and missed 1." in out
    assert "found   handset-1   2 of its 2 calls as P1" in out
    assert "missed  sim_farm-2  0 of its 1 call" in out
    assert "No innocent source was accused." in out


def test_a_file_that_was_named_must_be_there(run: Path) -> None:
    with pytest.raises(InputError, match=r"none\.parquet: no such file"):
        CliRunner().invoke(
            build_app(),
            ["score", str(run), "--truth", str(run.parent / "none.parquet")],
            catch_exceptions=False,
        )
