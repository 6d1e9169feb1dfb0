"""The weights of the evidence, and the additive model that they belong to.

A unit's score is the sum, over signals, of the weight of the level its strength reaches: an adjusted
log-likelihood ratio, as in record linkage (Fellegi and Sunter 1969), fitted together so that signals that
say the same thing are not counted twice. Weights grow with the level: more of a signal never speaks for
innocence. `weights.toml` beside this module holds them; docs/explanation/hunt.md says how they were set, and
`python -m benchmarks.weights` sets them again.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ringfence.hunt.signal import LEVEL_BOUNDS

Floats = NDArray[np.float64]
LEVELS = len(LEVEL_BOUNDS)


class Model(msgspec.Struct, frozen=True):
    """bias: log-odds with no evidence. weights: name -> log-odds of levels 1 to 4, never falling."""

    bias: float
    weights: dict[str, tuple[float, ...]]

    def log_odds(self, strengths: pd.DataFrame) -> Floats:
        """Log-odds of each row; a column without weights, or a signal that stood aside, adds nothing."""
        total = np.full(len(strengths), self.bias)
        for name in strengths.columns:
            if name in self.weights:
                steps = np.array((0.0, *self.weights[name]))
                total += steps[level_of(strengths[name].to_numpy(np.float64))]
        return total


class Weights(msgspec.Struct, frozen=True):
    """unit: is this unit a spoofing source? call: is this call made by one? linked: the same, once the
    calls to the same person and with the same identity have been scored."""

    unit: Model
    call: Model
    linked: Model


def level_of(strength: Floats) -> NDArray[np.int64]:
    """The level, 0 to 4, of each strength (0 to 1)."""
    return np.searchsorted(np.array(LEVEL_BOUNDS[:-1]) + 1e-9, strength, side="left").astype(np.int64)


def probability(log_odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30)))


@cache
def shipped_weights() -> Weights:
    """The weights that this version ships."""
    text = files("ringfence.hunt").joinpath("weights.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Weights)
