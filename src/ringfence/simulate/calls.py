"""A batch of simulated calls as columns of integers, and the draws every kind of call shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DAY = 86_400_000_000  # µs

#: Column, type, default. Times in µs UTC, durations in seconds; talk NaN: not answered. Numbers as in
#: numbering.py. line: row of the line table; person and called_person: rows of the population, -1 unknown.
COLUMNS: dict[str, tuple[Any, float]] = {
    "start": (np.int64, 0),
    "ring": (np.float32, 0),
    "talk": (np.float32, np.nan),
    "caller": (np.int64, 0),
    "network": (np.int64, 0),
    "called": (np.int64, 0),
    "diverted": (np.int64, 0),
    "line": (np.int32, 0),
    "person": (np.int32, -1),
    "called_person": (np.int32, -1),
    "status": (np.int16, 200),
    "roaming": (np.int8, -1),
    "kind": (np.int8, 0),
    "customer": (np.int32, -1),  # row of the list of paying customers; -1: not fraud
}

#: Words of labels.parquet. Order is the code in the `kind` column.
KINDS = (
    "person",
    "inbound_business",
    "pbx",
    "hosted_pbx",
    "web_phone",
    "cpaas",
    "masking",
    "courier",
    "call_centre",
    "bank_team",
    "survey",
    "hospital",
    "sales",
    "debt",
    "switchboard",
    "roamer",
    "cloud_abroad",
    "divert",
    "misconfigured",
    "wholesale",
    "gsm_gateway",
    "machine",
    "international",
    "emergency",
    "ported",
    "callback",  # somebody returns a call
    "rings_bank",  # a customer or victim rings the bank, 159 or 101 after a call
    "fraud",
)
KIND = {word: code for code, word in enumerate(KINDS)}


class Calls:
    """Equal-length columns named in COLUMNS, as attributes."""

    __slots__ = tuple(COLUMNS)
    start: npt.NDArray[np.int64]
    ring: npt.NDArray[np.float32]
    talk: npt.NDArray[np.float32]
    caller: npt.NDArray[np.int64]
    network: npt.NDArray[np.int64]
    called: npt.NDArray[np.int64]
    diverted: npt.NDArray[np.int64]
    line: npt.NDArray[np.int32]
    person: npt.NDArray[np.int32]
    called_person: npt.NDArray[np.int32]
    status: npt.NDArray[np.int16]
    roaming: npt.NDArray[np.int8]
    kind: npt.NDArray[np.int8]
    customer: npt.NDArray[np.int32]

    def __init__(self, n: int, **columns: Array | int | float) -> None:
        for name, (dtype, default) in COLUMNS.items():
            value = columns.pop(name, default)
            if isinstance(value, np.ndarray):
                setattr(self, name, value.astype(dtype, copy=False))
            else:
                setattr(self, name, np.full(n, value, dtype))
        if columns:
            raise TypeError(f"no such column: {', '.join(columns)}")

    def __len__(self) -> int:
        return len(self.start)

    def take(self, index: Array) -> Calls:
        """The rows of an index array or a mask."""
        return Calls(0, **{name: getattr(self, name)[index] for name in COLUMNS})

    def slice(self, first: int, last: int) -> Calls:
        return Calls(0, **{name: getattr(self, name)[first:last] for name in COLUMNS})

    @classmethod
    def concat(cls, parts: Sequence[Calls]) -> Self:
        if not parts:
            return cls(0)
        return cls(0, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS})

    @property
    def end(self) -> npt.NDArray[np.int64]:
        seconds = self.ring.astype(np.float64) + np.nan_to_num(self.talk.astype(np.float64))
        return self.start + (seconds * 1e6).astype(np.int64)

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.talk)


#: Calls by the hour of the day, 0 to 23: shapes assumed, of the kind operators publish.
HOURS = {
    "private": [2, 1, 1, 1, 1, 2, 6, 16, 30, 42, 48, 50, 52, 50, 48, 52, 60, 70, 74, 66, 52, 36, 18, 6],
    "office": [0, 0, 0, 0, 0, 0, 1, 8, 50, 95, 100, 98, 70, 75, 95, 92, 80, 40, 8, 2, 1, 0, 0, 0],
    "shop": [0, 0, 0, 0, 0, 0, 2, 10, 85, 95, 80, 70, 60, 55, 58, 60, 55, 40, 16, 6, 2, 0, 0, 0],
    "evening": [0, 0, 0, 0, 0, 0, 0, 0, 4, 40, 60, 60, 50, 50, 60, 66, 76, 90, 96, 70, 20, 0, 0, 0],
    "round": [14, 10, 8, 6, 6, 10, 22, 40, 56, 64, 66, 66, 64, 64, 64, 66, 70, 76, 74, 62, 50, 42, 32, 22],
}
_CLOCK = list(HOURS)
_CUMULATIVE = np.cumsum(np.array([HOURS[h] for h in _CLOCK], float), axis=1)
_CUMULATIVE /= _CUMULATIVE[:, -1:]


def clock(word: str) -> int:
    return _CLOCK.index(word)


def time_of_day(rng: np.random.Generator, clocks: Array | int, n: int) -> npt.NDArray[np.int64]:
    """µs since midnight, by each row's clock (an index made by `clock`)."""
    draw = rng.random(n)
    if isinstance(clocks, (int, np.integer)):
        hour = np.searchsorted(_CUMULATIVE[clocks], draw)
    else:
        flat = (_CUMULATIVE + np.arange(len(_CLOCK))[:, None]).ravel()
        hour = np.searchsorted(flat, draw + clocks) - 24 * np.asarray(clocks)
    hour = np.minimum(hour, 23)
    return ((hour + rng.random(n)) * 3_600_000_000).astype(np.int64)


_FAILED = np.array([480, 487, 486, 404], np.int16)
_FAILED_SHARE = np.cumsum([0.40, 0.37, 0.19, 0.04])


def outcome(
    rng: np.random.Generator,
    n: int,
    p_answer: Array | float,
    mu: Array | float,
    sigma: Array | float,
    voicemail: Array | float = 0.12,
) -> dict[str, Array]:
    """Ring, talk and status. Talk is lognormal(mu, sigma) seconds; some answers are a mailbox: 5 to 30 s."""
    answered = rng.random(n) < p_answer
    talk = np.exp(rng.standard_normal(n, np.float32) * sigma + mu)
    mailbox = rng.random(n, np.float32) < voicemail
    talk = np.where(mailbox, np.exp(rng.standard_normal(n, np.float32) * 0.5 + 2.4), talk)
    ring = np.exp(rng.standard_normal(n, np.float32) * 0.55 + 2.1)
    ring = np.where(mailbox, ring + 16, ring)
    status = _FAILED[np.minimum(np.searchsorted(_FAILED_SHARE, rng.random(n)), 3)]
    unanswered_ring = np.where(status == 480, 18 + 14 * rng.random(n, np.float32), ring)
    unanswered_ring = np.where((status == 486) | (status == 404), 0.2 + 0.1 * ring, unanswered_ring)
    return {
        "status": np.where(answered, np.int16(200), status),
        "ring": np.where(answered, ring, unanswered_ring).astype(np.float32),
        "talk": np.where(answered, np.minimum(talk + 1, 14_000), np.nan).astype(np.float32),
    }


def weekday_factor(weekday: int, weekend: Array | float) -> Array | float:
    """How busy a day is: 1 from Monday to Friday on average, `weekend` on Saturday, less on Sunday."""
    if weekday == 5:
        return weekend
    if weekday == 6:
        return weekend * 0.8
    return (1.06, 1.02, 1.0, 0.98, 0.94)[weekday]
