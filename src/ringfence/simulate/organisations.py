"""Owners of protected numbers, what the register says of them, and every business that people ring."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ringfence.simulate.network import HOME
from ringfence.simulate.numbering import FREEPHONE, NON_GEOGRAPHIC, TOWNS, NumberingPlan, e164
from ringfence.simulate.scenario import Scenario

Array = npt.NDArray[Any]

#: Sector -> owners. Invented names; the first twelve are the banks of population.BANK_WEIGHT.
OWNERS = {
    "bank": (
        "Larch Bank",
        "Meadow Building Society",
        "Northgate Bank",
        "Oakhouse Bank",
        "Pennant Bank",
        "Quarry Mutual",
        "Redwing Bank",
        "Saltmarsh Savings",
        "Tamar Bank",
        "Upland Bank",
        "Vale Credit Union",
        "Wharf Bank",
    ),
    "card": ("Amber Card Services", "Birch Card", "Copper Cards"),
    "telecom": (HOME, "Alder Mobile", "Beacon Mobile", "Elm Telephone"),
    "police": ("Eastshire Police", "Westshire Police", "Harbour Police"),
    "government": ("Revenue Office", "Pensions Office", "Courts Office", "Passport Office"),
    "delivery": ("Dartmoor Parcels", "Fenland Post", "Swift Courier Group"),
    "other": ("Aqua Water", "Bright Energy", "Clear Gas", "Dale Power", "Estuary Water", "Forge Insurance"),
}
BANKS = len(OWNERS["bank"])


class Owner(msgspec.Struct):
    """inbound: numbers people ring. outbound: numbers its own staff call from. stale: numbers that the
    register lists as inbound-only although staff have begun to call from them. listed: register rows."""

    name: str
    sector: str
    inbound: list[int]
    outbound: list[int]
    stale: list[int] = []
    listed: list[int] = []  # inbound numbers in the register as inbound-only
    unlisted: list[int] = []
    enrolled: bool = False


class Organisations:
    """owners, and what people ring: `destinations` with `weights` (owners' lines, shops, surgeries)."""

    def __init__(self, scenario: Scenario, plan: NumberingPlan) -> None:
        rng = scenario.stream("organisations")
        total = sum(len(names) for names in OWNERS.values())
        shops = max(200, scenario.subscribers // 40)
        service = plan.open("Ivy Business Numbers", NON_GEOGRAPHIC, 6, total * 12)
        free = plan.open("Ivy Business Numbers", FREEPHONE, 6, total * 6)
        town = [plan.open("Elm Telephone", [p], 6, shops // len(TOWNS) + 60) for p in TOWNS]
        self.town_pools = town
        self.owners: list[Owner] = []
        for sector, names in OWNERS.items():
            for name in names:
                large = sector in ("bank", "card", "government")
                inbound = [
                    *service.take(int(rng.integers(2, 6 if large else 4))),
                    *free.take(int(rng.integers(1, 3))),
                    *(int(town[int(rng.integers(0, 4))].take(1)[0]) for _ in range(int(rng.integers(0, 3)))),
                ]
                outbound = [*service.take(int(rng.integers(1, 4)))]
                self.owners.append(Owner(name, sector, [int(x) for x in inbound], [int(x) for x in outbound]))
        for owner in self.owners:
            covered = rng.random(len(owner.inbound)) < scenario.register_coverage
            covered[0] = True
            owner.listed = [x for x, c in zip(owner.inbound, covered, strict=True) if c]
            owner.unlisted = [x for x, c in zip(owner.inbound, covered, strict=True) if not c]
            if owner.sector in ("bank", "card", "other") and rng.random() < 0.7:
                owner.stale = owner.listed[-1:]
            owner.enrolled = owner.sector in ("bank", "card") and rng.random() < scenario.enrolled_share
        # shops, surgeries, help desks: they only ever receive
        self.shops = np.concatenate([pool.take(shops // len(TOWNS) + 1) for pool in town])
        lines = [number for owner in self.owners for number in owner.inbound]
        self.destinations = np.concatenate([np.array(lines, np.int64), rng.permutation(self.shops)])
        popularity = 1 / (np.arange(len(self.shops)) + 8.0)
        busy = np.exp(rng.standard_normal(len(lines)) * 0.8) * popularity.sum() / len(lines) * 0.35
        self.weights = np.cumsum(np.concatenate([busy, popularity]))
        self.weights /= self.weights[-1]

    def destination(self, rng: np.random.Generator, n: int) -> npt.NDArray[np.int64]:
        """Numbers that people ring, by popularity."""
        return self.destinations[np.searchsorted(self.weights, rng.random(n))]

    def sector(self, *names: str) -> list[Owner]:
        return [owner for owner in self.owners if owner.sector in names]

    def enrolled_numbers(self) -> dict[int, str]:
        """Number -> owner, for owners that declare the calls they make."""
        return {
            number: owner.name
            for owner in self.owners
            if owner.enrolled
            for number in (*owner.inbound, *owner.outbound)
        }

    def write_register(self, scenario: Scenario, path: Path) -> int:
        """numbers.csv, the register of protected numbers; the count of its rows."""
        rng = scenario.stream("register")
        first = scenario.first_day.date()
        rows: list[tuple[str, str, str, str, str, str, str]] = []

        def row(number: int, owner: Owner, use: str, since: int, until: str = "") -> None:
            day = first - dt.timedelta(days=since)
            rows.append((e164(number), owner.name, use, owner.sector, "owner's list", day.isoformat(), until))

        if scenario.register:
            for owner in self.owners:
                for number in owner.listed:
                    # a stale entry is an old one that nobody took back
                    row(number, owner, "inbound_only", int(rng.integers(100, 2000)))
                for number in owner.outbound:
                    if rng.random() < 0.6:
                        row(number, owner, "outbound", int(rng.integers(30, 900)))
            for owner in self.sector("police", "government"):
                gone = owner.inbound[-1]
                if gone in owner.unlisted:  # an entry that has run out
                    until = (first - dt.timedelta(days=int(rng.integers(20, 300)))).isoformat()
                    row(gone, owner, "inbound_only", 2500, until)
            rows.append(("+447295*", "nobody", "unallocated", "other", "numbering plan", "", ""))
            rows.append(("+441541*", "nobody", "unallocated", "other", "numbering plan", "", ""))
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(("number", "owner", "use", "sector", "source", "valid_from", "valid_until"))
            out.writerows(rows)
        return len(rows)
