"""Telephone numbers as values."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a number is, by its numbering plan. The words are part of the contract."""

    MOBILE = "mobile"
    GEOGRAPHIC = "geographic"
    NON_GEOGRAPHIC = "non_geographic"
    FREEPHONE = "freephone"
    PREMIUM = "premium"
    PERSONAL = "personal"
    PAGER = "pager"
    NETWORK = "network"  # inserted by networks and shared (UK 08979): neither invalid nor an identity
    SHORT = "short"
    DRAMA = "drama"
    UNALLOCATED = "unallocated"
    UNKNOWN = "unknown"  # possible in a plan of which we have no table
    INVALID = "invalid"


class Number(msgspec.Struct, frozen=True):
    """One number and what is known of it.

    number: as given. e164: `+` and digits, digits alone for a short code, None if it cannot be read.
    valid: the numbering plan has such an E.164 number; false for short codes.
    region: ISO 3166 alpha-2 or None. operator: the range holder or None.
    """

    number: str
    e164: str | None
    valid: bool
    kind: Kind
    region: str | None = None
    operator: str | None = None
