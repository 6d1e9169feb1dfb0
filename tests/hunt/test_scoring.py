from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ringfence.hunt.context import Context
from ringfence.hunt.evidence import Evidence
from ringfence.hunt.records import HOUR
from ringfence.hunt.scoring import Scores, chain, find_crews, neighbour_strengths, score
from ringfence.hunt.units import KINDS
from ringfence.hunt.weights import shipped_weights

MINUTE = HOUR // 60


def calls(*rows: dict[str, Any]) -> pd.DataFrame:
    """Suspect calls: what a row leaves out is a way in, a person and a number of its own, at minute 0."""
    table = pd.DataFrame(
        {
            "call_id": f"c{i}",
            "caller": 9000.0 + i,
            "called": 5000 + i,
            **dict.fromkeys(KINDS, -1),
            "entry": 700 + i,
            "minute": 0,
            **row,
        }
        for i, row in enumerate(rows)
    )
    return table.assign(t=table["minute"] * MINUTE)


def crews(table: pd.DataFrame, *seeds: int) -> list[int]:
    strength = np.zeros(len(table))
    strength[list(seeds)] = 0.8
    found = find_crews(Evidence(calls=table, on_calls={"owner_switch": strength}, on_units={}, aside={}))
    return [int(c) for c in found]


def test_a_chain_links_what_follows_in_time_under_equal_keys() -> None:
    table = calls(
        {"caller": 1, "minute": 50},
        {"caller": 1, "minute": 0},
        {"caller": 2, "minute": 10},
        {"caller": 1, "minute": 200},
    )
    one, two = chain(table, ["caller"], 60 * MINUTE)
    assert list(zip(one, two, strict=True)) == [(1, 0)]
    one, two = chain(table, ["caller"], None)
    assert list(zip(one, two, strict=True)) == [(1, 0), (0, 3)]
    assert [len(part) for part in chain(table.iloc[:0], ["caller"], None)] == [0, 0]


def test_without_seeds_there_is_no_crew() -> None:
    assert crews(calls({"entry": 1, "caller": 1}, {"entry": 1, "caller": 1})) == [-1, -1]


def test_a_crew_is_what_shows_the_same_number_on_the_same_entry() -> None:
    table = calls(
        {"entry": 1, "caller": 5, "minute": 0},
        {"entry": 1, "caller": 5, "minute": 30},
        {"entry": 1, "caller": 5, "minute": 60},  # weak alone
        {"entry": 1, "caller": 6, "minute": 60},  # another number
        {"entry": 2, "caller": 5, "minute": 60},  # another entry
        {"entry": 1, "caller": 5, "minute": 60 + 3 * 24 * 60},  # days later
    )
    found = crews(table, 0, 1)
    assert found[0] == found[1] == found[2] >= 0
    assert found[3:] == [-1, -1, -1]


def test_one_seed_alone_is_no_crew() -> None:
    table = calls({"entry": 1, "caller": 5}, {"entry": 1, "caller": 5, "minute": 3})
    assert crews(table, 0) == [-1, -1]


def test_a_crew_reaches_one_person_under_two_numbers() -> None:
    table = calls(
        {"entry": 1, "caller": 5, "called": 77},
        {"entry": 1, "caller": 6, "called": 77, "minute": 300},
        {"entry": 2, "caller": 6, "called": 77, "minute": 300},
    )
    found = crews(table, 0, 1)
    assert found[0] == found[1] >= 0
    assert found[2] == -1


def test_crews_of_different_entries_stay_apart() -> None:
    table = calls(
        *({"entry": 1, "caller": 5, "minute": m} for m in (0, 10)),
        *({"entry": 2, "caller": 6, "minute": m} for m in (0, 10)),
    )
    found = crews(table, 0, 1, 2, 3)
    assert found[0] == found[1] != found[2] == found[3]


def neighbours(table: pd.DataFrame, scores: list[float]) -> pd.DataFrame:
    sizes = {kind: table[table[kind] >= 0].groupby(kind).size() for kind in KINDS}
    return neighbour_strengths(table, np.array(scores), sizes)


def test_a_person_called_by_a_fraud_is_near_one() -> None:
    table = calls(
        {"called": 77, "minute": 0},
        {"called": 77, "minute": 60},
        {"called": 77, "minute": 60 + 49 * 60},
        {"called": 78, "minute": 0},
    )
    assert neighbours(table, [0.9, 0.1, 0.2, 0.5])["near:person"].tolist() == [0.1, 0.9, 0.0, 0.0]


def test_a_number_is_judged_by_its_other_calls_as_if_one_more_were_clean() -> None:
    table = calls(
        *({"caller": 5, "entry": 1, "minute": m} for m in (0, 1, 2)),
        {"caller": 5, "entry": 2},
        {"caller": np.nan, "entry": 2},
    )
    found = neighbours(table, [0.9, 0.6, 0.3, 1.0, 1.0])
    assert np.allclose(found["near:identity"], [0.3, 0.4, 0.5, 0.0, 0.0])
    assert np.allclose(found["near:anywhere"], [1.9 / 4, 2.2 / 4, 2.5 / 4, 1.8 / 4, 0.0])


@pytest.fixture(scope="module")
def scores(small_context: Context) -> Scores:
    return score(small_context, shipped_weights())


def test_scores_of_a_network(scores: Scores, small_net: Path) -> None:
    found = scores
    frame = found.evidence.calls
    assert len(found.score) == len(found.log_odds) == len(frame)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert {*KINDS, "crew"} == set(found.unit_tables)
    for kind, table in found.unit_tables.items():
        assert {"n", "log_odds"} <= set(table.columns), kind
        assert not table["n"].isna().any(), kind
    truth = pq.read_table(small_net / "truth.parquet", columns=["call_id"])["call_id"].to_pylist()
    fraud = frame["call_id"].isin(truth).to_numpy()
    assert found.score[fraud].mean() > 0.4
    assert found.score[~fraud].mean() < 0.05


def test_scoring_twice_gives_the_same(scores: Scores, small_context: Context) -> None:
    again = score(small_context, shipped_weights())
    assert np.array_equal(scores.log_odds, again.log_odds)
