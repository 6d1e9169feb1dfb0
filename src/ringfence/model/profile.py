"""What is remembered of a platform, so that a service that comes back on new trunks is named again."""

from __future__ import annotations

import msgspec


class PlatformProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The lasting traits of one platform. Numbers in it belong to impersonated owners, never to victims.

    id: stable name. name: what analysts call it. shapes: fingerprint -> its parts, of the shapes that mark
    the platform. shape_shares: fingerprint -> share of the network's other calls that had it. identities:
    numbers presented. owners: owners impersonated.
    talk: share of calls not answered, under 20 s, 1 min, 5 min, and over. hours: share of calls by hour UTC.
    """

    id: str
    name: str = ""
    saved: str = ""  # ISO date
    first_seen: str = ""
    last_seen: str = ""
    calls: int = 0
    shapes: dict[str, list[str]] = {}
    shape_shares: dict[str, float] = {}
    identities: list[str] = []
    owners: list[str] = []
    talk: list[float] = []
    hours: list[float] = []
    trunks: list[str] = []
    addresses: list[str] = []
