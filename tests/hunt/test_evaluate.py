from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.hunt.evaluate import calibration, compare_clusters, evaluate
from ringfence.store.truth import Findings, Truth

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)

#: call_id, platform, customer, hours after START, talk, called, trunk, account
TRUE = [
    ("f1", "handset", "1", 0.0, None, "+447700900001", "t1", "a1"),
    ("f2", "handset", "1", 1.0, 400.0, "+447700900001", "t1", "a1"),
    ("f3", "handset", "2", 30.0, 70.0, "+447700900002", "t1", "a2"),
    ("f4", "handset", "2", 31.0, 10.0, "+447700900003", "t1", "a2"),
    ("g1", "web", "1", 0.0, 350.0, "+447700900004", "t2", None),
    ("g2", "web", "1", 2.0, None, "+447700900005", "t2", None),
]
#: call_id, score, platform, campaign, trunk, account
FLAGGED = [
    ("f2", 0.9, "P1", "C1", "t1", "a1"),
    ("f3", 0.9, "P1", "C2", "t1", "a2"),
    ("f4", 0.9, "P1", "C2", "t1", "a2"),
    ("x1", 0.9, "P1", "C2", "t1", "a2"),  # innocent, over a trunk that carries the service
    ("x2", 0.6, "P2", "C3", "t9", None),  # innocent, and so is its source
    ("x3", 0.6, "P2", "C3", "t9", None),
]
#: called, tier
VICTIMS = [
    ("+447700900001", "likely"),
    ("+447700900002", "possible"),
    ("+447700900003", "contacted"),
    ("+447700900009", "likely"),
]


def _table(rows: list[tuple[object, ...]], *names: str) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def _truth(rows: list[tuple[object, ...]] = TRUE) -> Truth:
    calls = _table(
        rows, "call_id", "platform", "customer", "hours", "talk_seconds", "called", "trunk", "account"
    )
    times = [START + dt.timedelta(hours=float(h)) for h in calls["hours"].to_pylist()]
    return Truth(
        calls=calls.drop_columns("hours").append_column("start_time", pa.array(times)),
        absent=2,
        losses=pa.table(
            {"called": ["+447700900001", "+447700900004", "+447700900777"], "loss": [9000.0, 1.0, 5.0]}
        ),
        kinds=pa.table(
            {"call_id": ["x1", "x2", "x3", "f2"], "kind": ["pbx", "bank_team", "bank_team", "fraud"]}
        ),
        calls_by_kind={"pbx": 900, "bank_team": 50, "fraud": 6},
        network_calls=100_000,
        first_start=START,
        last_start=START + dt.timedelta(days=14),
    )


FINDINGS = Findings(
    flagged=_table(FLAGGED, "call_id", "score", "platform", "campaign", "trunk", "account"),
    victims=_table(VICTIMS, "called", "tier"),
)


def test_calls_and_platforms() -> None:
    score = evaluate(FINDINGS, _truth())
    assert (score.precision, score.recall) == (3 / 6, 3 / 6)
    assert (score.flagged_calls, score.true_calls, score.true_calls_absent) == (6, 6, 2)
    assert score.base_rate == 6 / 100_000
    assert (score.platforms["present"], score.platforms["found"]) == (2, 1)
    assert score.platforms["invented"] == ["P2"]
    handset, web = score.platforms["by_platform"]
    assert (handset.found_as, handset.precision, handset.recall) == (["P1"], 3 / 4, 3 / 4)
    assert (handset.calls_to_detection, handset.first_day) == (2, 1)
    assert (web.found, web.recall, web.calls_to_detection, web.precision) == (False, 0.0, None, None)
    assert score.calls_to_detection == 2


def test_a_source_with_one_fraudulent_call_is_not_innocent() -> None:
    found = evaluate(FINDINGS, _truth()).false_sources
    assert (found["count"], found["per_week"]) == (1, 0.5)
    assert found["sources"] == [{"trunk": "t9", "account": None, "flagged": 2, "kind": "bank_team"}]


def test_wrong_calls_beside_right_ones_make_no_innocent_source() -> None:
    beside = [row for row in FLAGGED if row[4] != "t9"]
    flagged = _table(beside, "call_id", "score", "platform", "campaign", "trunk", "account")
    found = evaluate(Findings(flagged=flagged, victims=FINDINGS.victims), _truth())
    assert (found.false_sources["count"], found.false_sources["sources"]) == (0, [])
    assert found.look_alikes["pbx"].false_sources == 0


def test_look_alikes_say_which_innocents_were_flagged() -> None:
    kinds = evaluate(FINDINGS, _truth()).look_alikes
    assert {k: (v.flagged, v.calls, v.false_sources) for k, v in kinds.items()} == {
        "bank_team": (2, 50, 1),
        "pbx": (1, 900, 0),
    }


def test_victims_by_rule_and_by_loss() -> None:
    tiers = evaluate(FINDINGS, _truth()).victims
    likely = tiers["likely"]
    assert (likely.found, likely.true, likely.precision, likely.recall) == (2, 2, 0.5, 0.5)
    # the third loss came over a trunk that the records do not hold
    assert (likely.loss_precision, likely.loss_recall) == (0.5, 0.5)
    assert (tiers["possible"].precision, tiers["possible"].recall) == (1.0, 1.0)
    assert (tiers["contacted"].precision, tiers["contacted"].recall) == (1.0, 0.5)


def test_campaigns_are_compared_over_rightly_flagged_calls() -> None:
    score = evaluate(FINDINGS, _truth())
    assert (score.campaign_ari, score.homogeneity, score.completeness) == (1.0, 1.0, 1.0)


def test_calibration() -> None:
    score = evaluate(FINDINGS, _truth())
    # 0.9 says nine in ten and three in four are; 0.6 says six in ten and none is
    assert score.calibration_error == pytest.approx((4 * 0.15 + 2 * 0.6) / 6)
    assert score.calibration_error_all_calls == pytest.approx((4 * 0.15 + 2 * 0.6 + 3) / 100_000)


def test_a_hunt_that_found_nothing_has_no_precision() -> None:
    nothing = Findings(flagged=FINDINGS.flagged.slice(0, 0), victims=FINDINGS.victims.slice(0, 0))
    score = evaluate(nothing, _truth())
    assert (score.precision, score.recall, score.campaign_ari, score.calibration_error) == (
        None,
        0.0,
        None,
        None,
    )
    assert score.platforms["found"] == 0
    assert score.false_sources["count"] == 0


def test_without_fraud_every_flag_is_wrong() -> None:
    none = _truth()
    none = Truth(none.calls.slice(0, 0), 0, None, None, {}, None, None, None)
    score = evaluate(FINDINGS, none)
    assert (score.precision, score.recall, score.false_sources["per_week"]) == (0.0, None, None)
    assert score.look_alikes["unknown"].flagged == 6


def test_the_rand_index_of_published_examples() -> None:
    # scikit-learn's documentation of adjusted_rand_score and v_measure_score
    assert compare_clusters([0, 0, 1, 2], [0, 0, 1, 1]).ari == pytest.approx(0.5714285714)
    assert compare_clusters([0, 0, 1, 1], [0, 0, 1, 2]).homogeneity == pytest.approx(1.0)
    assert compare_clusters([0, 0, 1, 1], [0, 0, 1, 2]).completeness == pytest.approx(2 / 3)
    assert compare_clusters([0, 0, 0, 0], [0, 1, 2, 3]).ari == 0.0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_agreement_is_bounded_and_does_not_depend_on_names(items: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in items], [y for _, y in items]
    score = compare_clusters(a, b)
    renamed = compare_clusters([f"n{9 - x}" for x in a], [f"m{7 * y}" for y in b])
    assert score.ari is not None and score.ari <= 1 + 1e-9
    assert score.homogeneity is not None and -1e-9 <= score.homogeneity <= 1 + 1e-9
    assert renamed.ari == pytest.approx(score.ari)
    assert renamed.completeness == pytest.approx(score.completeness)
    assert compare_clusters(a, a).ari == 1.0


def test_calibration_of_a_calibrated_score_is_small() -> None:
    generator = np.random.default_rng(7)
    scores = generator.random(50_000)
    error, bins = calibration(scores, generator.random(50_000) < scores)
    assert error is not None and error < 0.02
    assert len(bins) == 10
