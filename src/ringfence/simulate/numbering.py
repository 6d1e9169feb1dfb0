"""The simulated numbering plan: numbers inside blocks that the United Kingdom has not allocated.

Every number of the simulated world lies in a block of which the regulator's table names no holder, so that
no simulated number can be a real person's. Numbers are int64 with the country code and without the plus
(447210012345); 0 is withheld; up to four digits is a short code or an internal extension.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# Unallocated by Ofcom's numbering data of March 2023 (checked by a test against the table itself).
MOBILE = [str(p) for p in range(7200, 7290)]  # 072: no mobile number was ever given out there
# fmt: off
TOWNS = [  # area codes withdrawn or never used
    "1201", "1203", "1220", "1221", "1222", "1230", "1231", "1232", "1238", "1240",
    "1247", "1251", "1265", "1266", "1272", "1281", "1319", "1321", "1331", "1336",
    "1338", "1345", "1351", "1365", "1370", "1374", "1378", "1385", "1396", "1399",
    "1401", "1402", "1421", "1426", "1441", "1447", "1448", "1459", "1468", "1486",
]
# fmt: on
NON_GEOGRAPHIC = [str(p) for p in range(3110, 3120)]
FREEPHONE = ["8084"]
#: Left without a holder in the simulated world too: a caller from here presents a number nobody has.
UNALLOCATED = ["7295", "7296", "1521", "1533", "1541", "3195"]

COUNTRY = 44 * 10**10
_TYPES = {"7": ("mobile", "0+10"), "1": ("geo", "4+6"), "3": ("special", "0+10"), "8": ("free", "0+10")}


class Pool:
    """Numbers of one holder in some blocks; `take` never gives the same number twice."""

    def __init__(self, bases: Ints, size: int, rng: np.random.Generator) -> None:
        self.bases = bases
        self.size = size
        self.capacity = len(bases) * size
        self._next = 0
        # an affine walk over the pool: unique, spread out, nothing to store
        step = int(rng.integers(self.capacity // 3, self.capacity // 2)) | 1
        while np.gcd(step, self.capacity) != 1:
            step += 2
        self._step, self._offset = step, int(rng.integers(self.capacity))

    def take(self, n: int) -> Ints:
        if self._next + n > self.capacity:
            raise ValueError("numbering pool exhausted")
        index = np.arange(self._next, self._next + n, dtype=np.int64)
        self._next += n
        place = (index * self._step + self._offset) % self.capacity
        return self.bases[place // self.size] + place % self.size

    def anywhere(self, rng: np.random.Generator, n: int) -> Ints:
        """Any numbers of the pool, in use or not."""
        place = rng.integers(0, self.capacity, n)
        return self.bases[place // self.size] + place % self.size


class NumberingPlan:
    """Who holds which block. Blocks are given out in order, each to one holder."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: dict[str, int] = {}
        self.holders: list[str] = []
        self._blocks: list[tuple[int, int, int]] = []  # first number, size, holder
        self._rows: list[tuple[str, str, str, str]] = []
        self._starts: Ints = np.empty(0, np.int64)
        self._ends: Ints = self._starts
        self._block_holders: Ints = self._starts

    def holder(self, name: str) -> int:
        if name not in self.holders:
            self.holders.append(name)
        return self.holders.index(name)

    def open(
        self, holder: str, prefixes: list[str], digits: int, planned: int, density: float = 0.35
    ) -> Pool:
        """Allocate enough sub-blocks of `digits`-digit prefixes under `prefixes` for `planned` numbers."""
        size = 10 ** (10 - digits)
        wanted = max(1, -(-int(planned / density) // size))
        bases: list[int] = []
        for prefix in prefixes:
            room = 10 ** (digits - len(prefix))
            first = self._used.get(prefix, 0)
            for i in range(first, min(room, first + wanted - len(bases))):
                sub = f"{prefix}{i:0{digits - len(prefix)}d}"
                bases.append(COUNTRY + int(sub) * size)
                kind, form = _TYPES[sub[0]]
                self._rows.append((sub, kind, holder, form))
                self._blocks.append((bases[-1], size, self.holder(holder)))
                self._used[prefix] = i + 1
            if len(bases) == wanted:
                return Pool(np.array(bases, np.int64), size, self._rng)
        raise ValueError(f"no room left under {prefixes[0]}… for {planned} numbers")

    def freeze(self) -> None:
        order = sorted(self._blocks)
        self._starts = np.array([b[0] for b in order], np.int64)
        self._ends = np.array([b[0] + b[1] for b in order], np.int64)
        self._block_holders = np.array([b[2] for b in order], np.int64)

    def holder_of(self, numbers: Ints) -> Ints:
        """Index into `holders` for each number; -1 where nobody holds it (foreign, short, unallocated)."""
        place = np.searchsorted(self._starts, numbers, side="right") - 1
        inside = (place >= 0) & (numbers < self._ends[place])
        return np.where(inside, self._block_holders[place], -1)

    def near(self, rng: np.random.Generator, numbers: Ints) -> Ints:
        """A neighbour of each number: the same block, another end (neighbour spoofing)."""
        return numbers - numbers % 10000 + rng.integers(0, 10000, len(numbers))

    def valid_mobiles(self, rng: np.random.Generator, n: int) -> Ints:
        """Random numbers in allocated mobile blocks, in use or not."""
        mobile = [b for b in self._blocks if b[0] // 10**9 == 447]
        chosen = rng.integers(0, len(mobile), n)
        first = np.array([b[0] for b in mobile], np.int64)[chosen]
        size = np.array([b[1] for b in mobile], np.int64)[chosen]
        return first + (rng.random(n) * size).astype(np.int64)

    def write(self, path: Path) -> None:
        """The allocation table in the style of the regulator's: prefix, types, operator, format."""
        rows = list(self._rows)
        for prefix in [*MOBILE, *TOWNS, *NON_GEOGRAPHIC, *FREEPHONE, *UNALLOCATED]:
            kind, form = _TYPES[prefix[0]]
            rows.append((prefix, kind, "", form))
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
            out.writerow(("prefix", "types", "operator", "format"))
            out.writerows(sorted(rows))


def unallocated(rng: np.random.Generator, n: int) -> Ints:
    """Numbers that nobody holds, in the simulated world and in the real one."""
    prefix = np.array([int(p) for p in UNALLOCATED], np.int64)[rng.integers(0, len(UNALLOCATED), n)]
    return COUNTRY + prefix * 10**6 + rng.integers(0, 10**6, n)


#: Foreign numbers kept for fiction: +1 NPA 555-01xx, France's 01 99 00 and 06 39 98, Australia's 5550.
def foreign(rng: np.random.Generator, n: int) -> Ints:
    kind = rng.integers(0, 4, n)
    america = (10**10 + rng.integers(201, 990, n) * 10**7 + 5550100) + rng.integers(0, 100, n)
    france = 33_199_000_000 + rng.integers(0, 10000, n)
    french_mobile = 33_639_980_000 + rng.integers(0, 10000, n)
    australia = 61_255_500_000 + rng.integers(0, 10000, n)
    return np.choose(kind, [america, france, french_mobile, australia])


def e164(number: int) -> str:
    """`+` and digits; a short code or an extension as bare digits; withheld as the empty string."""
    if number == 0:
        return ""
    return str(number) if number < 10000 else f"+{number}"
