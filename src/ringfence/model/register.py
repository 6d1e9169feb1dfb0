"""An entry of the register of protected numbers."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class Use(StrEnum):
    INBOUND_ONLY = "inbound_only"
    OUTBOUND = "outbound"
    UNALLOCATED = "unallocated"


class RegisterEntry(msgspec.Struct, frozen=True):
    """number: E.164, or a prefix ending in `*`. valid_from and valid_until: inclusive days, None is open."""

    number: str
    owner: str
    use: Use
    sector: str
    source: str
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
