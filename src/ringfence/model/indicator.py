"""What the hunt found and the screen may act on."""

from __future__ import annotations

from typing import Literal

import msgspec

IndicatorKind = Literal["trunk", "account", "source", "fingerprint", "number"]


class Indicator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an indicator file (JSON Lines; docs/reference/records.md).

    kind: what `value` is. with_ (`with` in the file): what must be there too, by kind: for an account its
    trunk; for a number the source, trunk or fingerprint without which it counts for nothing.
    from_, expires: ISO 8601 times, UTC; in force from the one (inclusive) until the other (exclusive).
    two_people: it is enforced only once two people agreed (a whole trunk); approved_by: who did.
    parts: of a fingerprint, where known: so that near ones are found.
    """

    kind: IndicatorKind
    value: str
    with_: dict[str, str] | None = msgspec.field(default=None, name="with")
    score: float = 1.0
    platform: str = ""
    reason: str = ""
    from_: str = msgspec.field(default="", name="from")
    expires: str = ""
    two_people: bool = False
    approved_by: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
