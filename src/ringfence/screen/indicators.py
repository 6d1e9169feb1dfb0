"""The hunt's indicators as signals on a call: equal ones by look-up, near shapes in constant time.

A shape is near a known one where a single part was changed, added or taken away. The parts of a shape fall
into two
halves by their names; of a near shape one half is unchanged, and by it the known one is found.
"""

from __future__ import annotations

import functools
import ipaddress
import zlib
from collections.abc import Iterable
from typing import NamedTuple

from ringfence.model.attempt import Attempt
from ringfence.model.indicator import Indicator
from ringfence.model.profile import PlatformProfile
from ringfence.model.verdict import LiveSignal
from ringfence.store.indicator_file import moment

#: A near shape speaks with this share of an equal one's strength.
NEAR = 0.9

_FOREVER = float("inf")


class _Held(NamedTuple):
    indicator: Indicator
    begins: float
    ends: float
    name: str

    def signal(self, strength: float, word: str) -> LiveSignal:
        it = self.indicator
        whose = f" of {it.platform}" if it.platform else ""
        why = f": {it.reason}" if it.reason else ""
        return LiveSignal(self.name, strength, f"{word}{whose}{why}")


class Indicators:
    """Indicators in force, ready to match."""

    def __init__(self, entries: Iterable[Indicator], profiles: Iterable[PlatformProfile] = ()) -> None:
        self._equal: dict[tuple[str, str], list[_Held]] = {}
        self._all: list[_Held] = []
        self._networks: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, _Held]] = []
        self._halves: dict[tuple[int, frozenset[str]], list[tuple[frozenset[str], _Held]]] = {}
        for entry in entries:
            self._add(entry, f"indicator_{entry.kind}")
        for profile in profiles:
            for shape, parts in profile.shapes.items():
                known = Indicator(
                    kind="fingerprint",
                    value=shape,
                    platform=profile.name or profile.id,
                    reason="a known platform's shape",
                    parts=tuple(parts),
                )
                self._add(known, "platform_profile")
        self._near = functools.lru_cache(maxsize=65_536)(self._near_of)

    def __len__(self) -> int:
        return sum(len(held) for held in self._equal.values()) + len(self._networks)

    def _add(self, entry: Indicator, name: str) -> None:
        begins = moment(entry.from_) if entry.from_ else None
        ends = moment(entry.expires) if entry.expires else None
        held = _Held(entry, begins if begins is not None else 0.0, _FOREVER if ends is None else ends, name)
        if entry.kind == "trunk" and len(set(entry.approved_by)) < 2:
            return  # a whole trunk needs two people
        self._all.append(held)
        if entry.kind == "source":
            try:
                network = ipaddress.ip_network(entry.value.strip(), strict=False)
            except ValueError:
                return
            if network.num_addresses > 1:
                self._networks.append((network, held))
                return
            self._equal.setdefault(("source", str(network.network_address)), []).append(held)
            return
        self._equal.setdefault((entry.kind, entry.value), []).append(held)
        if entry.kind == "fingerprint" and len(entry.parts) >= 4:
            parts = frozenset(entry.parts)
            for which in (0, 1):
                self._halves.setdefault((which, _half(parts, which)), []).append((parts, held))

    def in_force(self, now: float) -> list[Indicator]:
        """Those that hold now, the surest first, but profiles of known platforms."""
        found = [h.indicator for h in self._all if h.begins <= now < h.ends and h.name != "platform_profile"]
        return sorted(found, key=lambda one: (-one.score, one.platform, one.kind, one.value))

    def signals(self, attempt: Attempt, now: float) -> tuple[LiveSignal, ...]:
        """What the indicators in force say of a call, each signal once, the strongest of it."""
        found: dict[str, LiveSignal] = {}

        def note(held: _Held, strength: float, word: str) -> None:
            if held.begins <= now < held.ends and _in_company(held.indicator, attempt):
                before = found.get(held.name)
                if before is None or before.strength < strength:
                    found[held.name] = held.signal(strength, word)

        for kind, value, word in (
            ("account", attempt.account, "comes from an account"),
            ("trunk", attempt.trunk, "comes over a trunk"),
            ("source", attempt.source_ip, "comes from an address"),
            ("fingerprint", attempt.fingerprint, "has the shape"),
            ("number", attempt.caller, "shows a number"),
        ):
            if value is not None:
                for held in self._equal.get((kind, value), ()):
                    note(held, held.indicator.score, word)
        if self._networks and attempt.source_ip is not None:
            try:
                address = ipaddress.ip_address(attempt.source_ip)
            except ValueError:
                address = None
            for network, held in self._networks:
                if address is not None and address in network:
                    note(held, held.indicator.score, "comes from a network")
        if self._halves and attempt.fingerprint_parts and "indicator_fingerprint" not in found:
            for held in self._near(attempt.fingerprint_parts):
                if held.indicator.value != attempt.fingerprint:
                    near = (
                        held
                        if held.name == "platform_profile"
                        else held._replace(name="indicator_near_fingerprint")
                    )
                    note(near, NEAR * held.indicator.score, "has nearly the shape")
        return tuple(found.values())

    def _near_of(self, parts: tuple[str, ...]) -> tuple[_Held, ...]:
        whole = frozenset(parts)
        found: dict[int, _Held] = {}
        for which in (0, 1):
            for known, held in self._halves.get((which, _half(whole, which)), ()):
                if _one_part_apart(known, whole):
                    found[id(held)] = held
        return tuple(found.values())


def _half(parts: frozenset[str], which: int) -> frozenset[str]:
    return frozenset(p for p in parts if zlib.crc32(p.partition(":")[0].encode()) & 1 == which)


def _one_part_apart(known: frozenset[str], other: frozenset[str]) -> bool:
    """Whether at most one part differs, by its name."""
    names = {part.partition(":")[0] for part in known ^ other}
    return len(names) <= 1


def _in_company(entry: Indicator, attempt: Attempt) -> bool:
    """Whether everything is there that an indicator must come with."""
    if entry.with_ is None:
        return entry.kind != "number"
    given = {
        "trunk": attempt.trunk,
        "account": attempt.account,
        "source": attempt.source_ip,
        "fingerprint": attempt.fingerprint,
        "carrier": attempt.carrier,
    }
    return bool(entry.with_) and all(given.get(kind) == value for kind, value in entry.with_.items())
