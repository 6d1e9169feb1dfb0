from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.evidence import Evidence, gather
from ringfence.hunt.records import HOUR, TOKEN_BASE
from ringfence.hunt.scoring import (
    Scores,
    call_strengths,
    chain,
    company,
    find_crews,
    judge_units,
    neighbour_strengths,
    score,
    with_crews,
)
from ringfence.hunt.signal import call, office, person
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
            "owner": np.nan,
            "at_home": False,
            "home_total": 1,
            "home_top": 1,
            "switchboard": False,
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


def test_calls_away_from_home_are_judged_by_all_calls_away_from_it() -> None:
    # a firm's number: 90 calls from its home, and 10 from elsewhere of which three are suspects
    known = {"caller": 5, "home_total": 100, "home_top": 90}
    table = calls(
        *({"entry": 1, **known} for _ in range(3)),
        *({"entry": 2, "at_home": True, **known} for _ in range(2)),
    )
    found = neighbours(table, [0.9, 0.6, 0.3, 1.0, 1.0])["near:anywhere"]
    assert np.allclose(found, [0.09, 0.12, 0.15, 0.01, 0.01])


def test_a_call_beside_a_fraud_on_the_list_is_near_one() -> None:
    table = calls(
        {"entry": 1, "called": 1_000_000},
        {"entry": 1, "called": 1_015_000, "minute": 100},
        {"entry": 1, "called": 1_045_000},  # too far down
        {"entry": 2, "called": 1_000_001},  # by another way in
        {"entry": 1, "called": 1_000_002, "minute": 121},  # too late
        {"entry": 1, "called": TOKEN_BASE + 1},
        {"entry": 1, "called": TOKEN_BASE + 2},
        {"entry": 1, "called": -159},
        {"entry": 1, "called": -101},
    )
    near = neighbours(table, [0.9, 0.2, 0.8, 0.8, 0.1, *[0.9] * 4])["near:list"]
    assert near.tolist() == [0.2, 0.9, 0.0, 0.0, 0.2, *[0.0] * 4]


def test_two_calls_to_a_switchboard_have_nothing_to_do_with_each_other() -> None:
    table = calls(
        *({"called": 77, "switchboard": True} for _ in range(2)), *({"called": 78} for _ in range(2))
    )
    assert neighbours(table, [0.9] * 4)["near:person"].tolist() == [0.0, 0.0, 0.9, 0.9]


#: A number that is at home where it comes in, and in no register.
OWN = {"at_home": True, "home_total": 9, "home_top": 9}


def test_what_strangers_do_on_a_shared_unit_does_not_accuse_a_number_of_its_own() -> None:
    shared = {"shape": 4, "address": 5, "cell": 6}
    table = calls(
        *({**shared, "entry": 1} for _ in range(4)),
        {**shared, "entry": 2, **OWN},
        {**shared, "entry": 2, **OWN, "owner": 3.0},  # a protected one
        {**shared, "entry": 2, **OWN, "home_top": 2},  # as yet of no fixed abode
    )
    found = neighbours(table, [0.9] * 4 + [0.0] * 3)
    for kind in shared:
        assert np.allclose(found[f"near:{kind}"].iloc[4:], [0.0, 3.6 / 7, 3.6 / 7]), kind
    sizes = {kind: table[table[kind] >= 0].groupby(kind).size() for kind in KINDS}
    evidence = Evidence(calls=table.assign(crew=-1), on_calls={}, on_units={}, aside={})

    def judged(**log_odds: float) -> list[float]:
        tables = {kind: pd.DataFrame({"log_odds": [], "n": []}, dtype=float) for kind in (*KINDS, "crew")}
        for kind, value in log_odds.items():
            unit = table[kind].iloc[4]
            tables[kind] = pd.DataFrame({"log_odds": [value], "n": [7]}, index=[unit])
        return [float(x) for x in call_strengths(evidence, tables, sizes)["unit:best"]]

    for kind in shared:
        best = judged(**{kind: 8.0})
        assert best[4] == 0.0 and best[5] == best[6] == best[0] == 1.0, kind
    assert judged(entry=8.0)[4] == 1.0  # its own way in speaks for itself


def together(owners: list[int], entries: list[int] | int, size: int, strength: float = 1.0) -> list[float]:
    """`company` of calls in these owners' names, on entries of `size` calls in a network of a million."""
    entries = [entries] * len(owners) if isinstance(entries, int) else entries
    table = calls(*({"owner": o, "entry": e} for o, e in zip(owners, entries, strict=True)))
    evidence = Evidence(
        calls=table, on_calls={"protected_identity": np.full(len(owners), strength)}, on_units={}, aside={}
    )
    sizes = {kind: pd.Series(dtype=float) for kind in KINDS}
    sizes["entry"] = pd.Series(size, index=sorted(set(entries)))
    sizes["entry"][-1] = 1_000_000 - sizes["entry"].sum()
    return [float(x) for x in company(evidence, sizes)]


def test_many_owners_numbers_by_one_way_in_are_no_chance() -> None:
    assert min(together(list(range(10)), 1, 500)) == 1.0
    # by as many ways as there are owners
    assert together(list(range(10)), list(range(10)), 500) == [0.0] * 10
    # two are less surprising than ten, and the larger the unit the less
    small, large = together([1, 2, 3], 1, 500)[0], together([1, 2, 3], 1, 200_000)[0]
    assert 0.0 < large < small <= 1.0
    assert max(together([1, 2, 3], 1, 999_000)) < 0.1


def test_one_owner_is_no_company() -> None:
    assert together([1] * 10, 1, 500) == [0.0] * 10
    # the one who is not the ten's owner sees ten strangers, the ten see one
    found = together([1] * 10 + [2], 1, 500)
    assert found[:10] == [0.0] * 10 and found[10] == 1.0


def test_company_is_that_of_calls_that_the_register_condemns() -> None:
    assert together(list(range(10)), 1, 500, strength=0.6) == [0.0] * 10
    assert together(list(range(10)), -1, 500) == [0.0] * 10


def abroad(numbers: list[str | None], **fields: Any) -> list[dict[str, Any]]:
    """Calls from abroad over a trunk that shows national numbers: it stands out."""
    return [
        call(9 * i, number, person(i * 40_000), 60, ingress="international", **fields)
        for i, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("numbers", "judged"),
    [
        ([office(5)] * 8, False),  # somebody with a telephone
        ([office(5)] * 7 + [None], False),
        ([office(5)] * 7 + [office(6)], True),
        ([office(0)] * 8, True),  # but not a bank's
    ],
)
def test_a_unit_that_always_shows_one_number_is_not_judged(
    world: World, numbers: list[str | None], judged: bool
) -> None:
    # records of two weeks: fewer days show no habits, and a bank's number accuses less
    elsewhere = [call(14 * 1440, office(0), person(500_000), 60, trunk=trunk) for trunk in "YZ"]
    context = world(*abroad(numbers, trunk="X"), *elsewhere, register=((office(0), "Bank", "inbound_only"),))
    evidence, crews = with_crews(context, gather(context))
    entry = evidence.calls.set_index("call_id").loc[[f"0000-{i:06d}" for i in range(8)], "entry"].unique()
    assert len(entry) == 1
    tables = judge_units(context, evidence, crews)
    assert (entry[0] in tables["entry"].index) is judged


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
