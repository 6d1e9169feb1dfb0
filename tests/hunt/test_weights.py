from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.hunt.signal import LEVEL_BOUNDS, all_detectors
from ringfence.hunt.weights import LEVELS, Model, level_of, probability, shipped_weights

MODEL = Model(bias=-5.0, weights={"one": (0.5, 1.0, 2.0, 4.0), "two": (0.0, 0.0, 1.5, 1.5)})


def test_the_shipped_file_loads_and_fits_the_levels() -> None:
    weights = shipped_weights()
    for model in (weights.unit, weights.call, weights.linked):
        assert model.bias < 0
        assert all(len(steps) == LEVELS - 1 for steps in model.weights.values())


def test_more_of_a_signal_never_speaks_for_innocence() -> None:
    weights = shipped_weights()
    for model in (weights.unit, weights.call, weights.linked):
        for name, steps in model.weights.items():
            assert list(steps) == sorted(steps), name
            assert steps[0] >= 0, name


def test_each_signal_has_a_weight_where_it_speaks() -> None:
    weights = shipped_weights()
    for detector in all_detectors():
        signal = detector.SIGNAL
        if {"declared", "reports"} & set(signal.needs):
            continue  # signals of files that a simulated network need not be given
        known = weights.call if signal.level == "call" else weights.unit
        assert signal.name in known.weights, signal.name


@pytest.mark.parametrize(
    ("strength", "level"), [(0.0, 0), (0.01, 1), (0.1, 1), (0.11, 2), (0.3, 2), (0.6, 3), (0.61, 4), (1.0, 4)]
)
def test_levels(strength: float, level: int) -> None:
    assert level_of(np.array([strength])).tolist() == [level]
    assert len(LEVEL_BOUNDS) == LEVELS


def test_a_bound_reached_by_rounding_does_not_tip_over() -> None:
    # engines may differ in the last digit of a float
    assert level_of(np.array([0.1 + 1e-12, 0.3 + 1e-12])).tolist() == [1, 2]


def test_log_odds_add_up_and_the_unknown_adds_nothing() -> None:
    table = pd.DataFrame({"one": [0.0, 0.2, 1.0], "two": [0.0, 0.5, 0.05], "three": [1.0, 1.0, 1.0]})
    assert MODEL.log_odds(table).tolist() == [-5.0, -5.0 + 1.0 + 1.5, -5.0 + 4.0]
    assert MODEL.log_odds(table[["two"]]).tolist() == [-5.0, -3.5, -5.0]


@given(st.floats(0, 1), st.floats(0, 1))
def test_log_odds_never_fall(one: float, two: float) -> None:
    low, high = sorted((one, two))
    weights = shipped_weights()
    for model in (MODEL, weights.unit, weights.call, weights.linked):
        name = next(iter(model.weights))
        first, second = model.log_odds(pd.DataFrame({name: [low, high]}))
        assert first <= second


def test_probabilities_are_bounded() -> None:
    found = probability(np.array([-1e9, -2.0, 0.0, 2.0, 1e9]))
    assert found[2] == 0.5
    assert (np.diff(found) > 0).all()
    assert 0 < found[0] < found[-1] <= 1
