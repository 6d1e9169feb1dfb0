"""Hostile input as a value."""

from __future__ import annotations

import msgspec


class Rejected(msgspec.Struct, frozen=True):
    """What cannot be used or believed.

    reason: a stable word. status: what a SIP server would answer; None where no answer is due (a response,
    or bytes that are no request). detail: one line for a person.
    """

    reason: str
    status: int | None = None
    detail: str = ""
