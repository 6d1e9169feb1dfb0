"""Counts in sliding windows: how often, and how variously, somebody has called of late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Meter(msgspec.Struct, frozen=True):
    """One thing that is counted.

    name: a word of the policy's. per: columns whose values together are counted apart, such as
    ("trunk", "caller"). distinct: the column whose different values are counted; "": calls are.
    seconds: length of the sliding window. most: counting is exact up to it, and stays there above it, so
    that memory is bounded.
    """

    name: str
    per: tuple[str, ...]
    seconds: float
    distinct: str = ""
    most: int = 1000


class Hit(msgspec.Struct, frozen=True):
    """One call as one meter sees it. key: the values of `per`, joined by U+001F. member: the value that must
    differ to count again: that of `distinct`, or the call's own id."""

    meter: Meter
    key: str
    member: str


class CounterStore(Protocol):
    """Counts per meter and key. The same hits at the same times give the same counts, wherever they are."""

    def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        """Add each hit, and the count of its meter and key with it included, in the window that ends now.
        A member seen again counts once, from its latest time. Never raises for a store that is away."""
        ...
