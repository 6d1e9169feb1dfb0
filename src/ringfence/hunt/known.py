"""Known platforms: profiles kept in a JSON Lines file, and how like a new platform is to each.

Similarity is the weighted mean of what both sides have: the shape of the INVITE (near matches count, part by
part; a shape that other people's calls have too counts by its rarity), the numbers and owners presented, the
talk profile and the hours. Trunks and addresses are not compared: a service that comes back comes back on new
ones.
"""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from ringfence.errors import ConfigError, InputError, RingfenceError
from ringfence.model.profile import PlatformProfile

#: Weight of each trait, and the similarity from which a platform is called by the known one's name.
TRAITS = {"shape": 0.55, "identities": 0.15, "owners": 0.1, "talk": 0.12, "hours": 0.08}
SAME = 0.55
_TALK_BOUNDS = (0.0, 20.0, 60.0, 300.0)
#: A shape marks a platform that uses it this many times as much as all others do, in at least this share
#: of the platform's calls and in at least this many. Innocent users of the same web phone share its shape.
MARKING_LIFT, MARKING_SHARE, MARKING_CALLS = 20.0, 0.2, 3
#: A shape of one in 10**4 calls or rarer counts in full; one of every tenth call counts a quarter.
_FULL_RARITY = 4.0


def marking_shapes(calls: pd.DataFrame, seen: pd.Series) -> dict[str, float]:
    """The shapes that mark a platform, and each one's share of the calls of others that have a shape.

    `calls`: the platform's, with `shape` and `fingerprint_text`; `seen`: calls per shape in the network.
    """
    shaped = calls[calls["shape"] >= 0]
    found = shaped.groupby("shape")["fingerprint_text"].agg(["count", "first"])
    count = found["count"].to_numpy(float)
    others = max(float(seen.sum()) - len(shaped), 1.0)
    elsewhere = np.maximum(seen.reindex(found.index).fillna(0).to_numpy(float) - count, 0.0) / others
    share = count / max(len(shaped), 1)
    marks = (share >= MARKING_SHARE) & (count >= MARKING_CALLS) & (share >= MARKING_LIFT * elsewhere)
    return {str(n): round(float(s), 9) for n, s in zip(found["first"][marks], elsewhere[marks], strict=True)}


def profile(
    name: str, calls: pd.DataFrame, shapes: dict[str, list[str]], shape_shares: dict[str, float]
) -> PlatformProfile:
    """The profile of a platform from its described calls (hunt.findings.describe), the parts of the shapes
    that mark it and their shares of all other calls."""
    talk = np.bincount(np.searchsorted(_TALK_BOUNDS, calls["talk"], side="left"), minlength=5) / len(calls)
    hours = np.bincount((calls["t"] // 3_600_000_000 % 24).astype(int), minlength=24) / len(calls)
    return PlatformProfile(
        id=name,
        first_seen=str(pd.Timestamp(calls["t"].min(), unit="us"))[:10],
        last_seen=str(pd.Timestamp(calls["t"].max(), unit="us"))[:10],
        calls=len(calls),
        shapes=shapes,
        shape_shares=shape_shares,
        identities=sorted({c for c in calls["caller_text"] if c}),
        owners=sorted({o for o in calls["owner_text"] if o}),
        talk=[round(float(v), 4) for v in talk],
        hours=[round(float(v), 4) for v in hours],
        trunks=sorted({t for t in calls["trunk_text"] if t}),
        addresses=sorted({a for a in calls["source_ip_text"] if a}),
    )


def _alike(one: list[str], two: list[str]) -> float:
    """Share of equal parts of two shapes; parts are `name:value`."""
    if not one or not two:
        return 0.0
    return len(set(one) & set(two)) / max(len(set(one)), len(set(two)))


def _rarity(one: PlatformProfile, two: PlatformProfile, shapes: tuple[str, str]) -> float:
    """How much a shared shape says, 0 to 1, by the side on which it is the commoner."""
    share = max(p.shape_shares.get(s, 0.0) for p, s in zip((one, two), shapes, strict=True))
    return min(1.0, -math.log10(share) / _FULL_RARITY) if share else 1.0


def _same_shape(one: PlatformProfile, two: PlatformProfile, shapes: tuple[str, str]) -> float:
    a, b = shapes
    parts = 1.0 if a == b else _alike(one.shapes[a], two.shapes[b])
    # two strangers' stacks agree in half of their parts
    return max(0.0, (parts - 0.5) * 2) * _rarity(one, two, shapes)


def _overlap(one: list[str], two: list[str]) -> float:
    return len(set(one) & set(two)) / min(len(set(one)), len(set(two)))


def similarity(one: PlatformProfile, two: PlatformProfile) -> float:
    """How alike two platforms are, 0 to 1; 1 for one and the same platform."""
    bare = [msgspec.structs.replace(p, name="", saved="") for p in (one, two)]
    if bare[0] == bare[1]:
        return 1.0
    traits: dict[str, float] = {}
    if one.shapes and two.shapes:
        traits["shape"] = max(_same_shape(one, two, pair) for pair in product(one.shapes, two.shapes))
    if one.identities and two.identities:
        traits["identities"] = _overlap(one.identities, two.identities)
    if one.owners and two.owners:
        traits["owners"] = _overlap(one.owners, two.owners)
    if one.talk and two.talk:
        traits["talk"] = 1 - 0.5 * sum(abs(a - b) for a, b in zip(one.talk, two.talk, strict=True))
    if one.hours and two.hours:
        traits["hours"] = 1 - 0.5 * sum(abs(a - b) for a, b in zip(one.hours, two.hours, strict=True))
    if not traits:
        return 0.0
    total = sum(TRAITS[t] * v for t, v in traits.items()) / sum(TRAITS[t] for t in traits)
    # without a shape on both sides nothing better than a resemblance can be claimed
    return total if "shape" in traits else min(total, SAME - 0.05)


def best_match(found: PlatformProfile, known: list[PlatformProfile]) -> tuple[str, float] | None:
    """The known platform most like `found`, if any is like it enough: its id (or name) and the similarity."""
    scored = sorted(((similarity(found, k), k.id) for k in known), key=lambda x: (-x[0], x[1]))
    if not scored or scored[0][0] < SAME:
        return None
    return scored[0][1], round(scored[0][0], 4)


def read_profiles(path: Path) -> list[PlatformProfile]:
    """Profiles of a JSON Lines file. Raises ConfigError with the line that cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    profiles = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            profiles.append(msgspec.json.decode(line, type=PlatformProfile))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{path}, line {number}: not a platform profile ({error}); remove or mend the line"
            ) from error
    return profiles


def write_profiles(path: Path, profiles: list[PlatformProfile]) -> None:
    """One profile a line. Raises RingfenceError where the file cannot be written."""
    try:
        path.write_bytes(b"".join(msgspec.json.encode(p) + b"\n" for p in profiles))
    except OSError as error:
        raise RingfenceError(f"cannot write {path}: {error.strerror}") from error
