"""What the detectors say about the suspects, as arrays: the bridge from the engine to the weighing.

Everything past this point works on suspects alone, in memory, and gives the same answer whatever the engine:
rows are in the order of call_id.
"""

from __future__ import annotations

from types import ModuleType

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import poisson

from ringfence.errors import InputError
from ringfence.hunt.context import Context
from ringfence.hunt.signal import all_detectors
from ringfence.hunt.units import KINDS

Floats = NDArray[np.float64]


#: What the weighing and the linking need of a suspect; the rest stays with the engine.
_COLUMNS = (
    "call_id",
    "t",
    "end",
    "answered",
    "talk",
    "caller",
    "called",
    "source",
    "owner",
    "use",
    "at_home",
    "home_total",
    "home_top",
    "switchboard",
    *KINDS,
)


class RepeatedCallIdError(InputError):
    """A call_id that several suspects share: the hunt gives them ids of their own (hunt.reading)."""


class Evidence(msgspec.Struct, frozen=True):
    """calls: the suspects (pandas, ordered by call_id). on_calls: signal -> strength per suspect call.
    on_units: signal -> kind -> strength per unit number. aside: signal -> why it stands aside."""

    calls: pd.DataFrame
    on_calls: dict[str, Floats]
    on_units: dict[str, dict[str, pd.Series]]
    aside: dict[str, str]


def missing_fields(detector: ModuleType, fields: frozenset[str]) -> list[str]:
    """The needed fields that are not there; `a|b` needs one of them."""
    return [need for need in detector.SIGNAL.needs if not set(need.split("|")) & fields]


def gather(context: Context, level: str | None = None) -> Evidence:
    """Run every detector that has its fields (of one level, or all) and bring its evidence here.

    Raises RepeatedCallIdError."""
    engine = context.engine
    calls = (
        engine.collect(context.suspects.select(*_COLUMNS))
        .to_pandas()
        .sort_values("call_id", ignore_index=True)
    )
    if (twice := calls["call_id"].duplicated()).any():
        raise RepeatedCallIdError(
            f"call_id {calls['call_id'][twice].iloc[0]} occurs more than once: give each record once, "
            "or run ringfence ingest over all files together"
        )
    place = pd.Series(np.arange(len(calls)), index=calls["call_id"])
    on_calls: dict[str, Floats] = {}
    on_units: dict[str, dict[str, pd.Series]] = {}
    aside: dict[str, str] = {}
    for detector in all_detectors():
        signal = detector.SIGNAL
        if level not in (None, signal.level):
            continue
        missing = missing_fields(detector, context.fields)
        if missing:
            aside[signal.name] = "needs " + ", ".join(m.replace("|", " or ") for m in missing)
            continue
        rows = engine.collect(detector.detect(context, detector.Thresholds())).to_pandas()
        if signal.level == "call":
            strength = np.zeros(len(calls))
            strength[place.loc[rows["call_id"]].to_numpy()] = rows["strength"].to_numpy(np.float64)
            on_calls[signal.name] = strength
        else:
            on_units[signal.name] = {
                kind: rows.loc[rows["kind"] == kind].set_index("unit")["strength"].astype("float64")
                for kind in context.kinds
            }
    return Evidence(calls=calls, on_calls=on_calls, on_units=on_units, aside=aside)


#: Signals that mean little alone and much together, as pairs: each adds a column with their geometric mean.
TOGETHER = (
    ("owner_callback", "many_owners"),
    ("owner_callback", "identity_churn"),
    ("owner_callback", "human_pacing"),
    ("owner_callback", "sim_farm"),
    ("owner_switch", "many_owners"),
    ("owner_switch", "sim_farm"),
    ("human_pacing", "sim_farm"),
    ("human_pacing", "identity_churn"),
    ("rare_fingerprint", "identity_churn"),
    ("rare_fingerprint", "foreign_ingress"),
    ("rare_fingerprint", "many_owners"),
    ("rare_fingerprint", "protected_identity"),
    ("rare_fingerprint", "never_originates"),
    ("rare_fingerprint", "human_pacing"),
    ("identity_churn", "many_owners"),
    ("identity_churn", "protected_identity"),
    ("identity_churn", "foreign_ingress"),
    ("over_capacity", "many_owners"),
    ("human_pacing", "protected_identity"),
)


#: Share of a unit's conversations after which people ring for help that speaks as loudly as can be.
_FULL_HEARD = 0.05


def surprise(hits: Floats, expected: Floats) -> Floats:
    """How surprising so many hits are where so many were `expected`: 0, up to 1 at one in a million."""
    odds = -poisson.logsf(hits - 1, np.maximum(expected, 1e-6)) / np.log(10)
    return np.asarray(np.where(hits >= 2, np.clip(odds / 6.0, 0.0, 1.0), 0.0), np.float64)


def unit_strengths(
    evidence: Evidence, kind: str, units: NDArray[np.int64], sizes: pd.Series, heard_base: float
) -> pd.DataFrame:
    """Strength of every signal for each unit of a kind: one row per unit number, one column per signal.

    units: the unit number of each suspect call (-1: none). A signal on calls counts with its mean over the
    unit's calls, as if three calls more had been silent, so that a small unit does not speak loudly; people
    who rang for help count by how surprising that is beside `heard_base`, the network's own rate.
    sizes: calls per unit in all the records.
    """
    index = np.unique(units[units >= 0])
    table = pd.DataFrame(index=pd.Index(index, name="unit"))
    total = sizes.reindex(index).to_numpy(np.float64)

    def per_unit(values: Floats) -> Floats:
        sums = pd.Series(values).groupby(units).sum().reindex(index, fill_value=0.0)
        return np.asarray(sums, np.float64)

    for name, strength in evidence.on_calls.items():
        table[name] = per_unit(strength) / (total + 3.0)
    if "owner_callback" in evidence.on_calls:
        conversations = evidence.calls["answered"].to_numpy() & (evidence.calls["talk"].to_numpy() >= 20)
        rang = per_unit((evidence.on_calls["owner_callback"] >= 0.5).astype(np.float64))
        heard = per_unit(conversations.astype(np.float64))
        # a large unit with hardly more than is usual says little, however sure that is
        share = np.clip(rang / np.maximum(heard, 1.0) / _FULL_HEARD, 0.0, 1.0)
        table["owner_callback"] = surprise(rang, heard_base * heard) * share
    for name, by_kind in evidence.on_units.items():
        found = by_kind.get(kind)
        table[name] = 0.0 if found is None else found.reindex(index, fill_value=0.0).to_numpy()
    for one, two in TOGETHER:
        if one in table and two in table:
            table[f"{one}+{two}"] = np.sqrt(table[one] * table[two])
    return table
