"""How alike two fingerprints are, weighted by how rare what they share is.

Works on lists of parts as the call record keeps them; pure functions, no messages needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

Parts = Sequence[str]


def count_parts(shapes: Iterable[Parts], calls: Iterable[int] | None = None) -> Counter[str]:
    """How often each part occurs. calls: how many calls show each shape; one each if not given."""
    counts: Counter[str] = Counter()
    for parts, weight in zip(shapes, calls, strict=True) if calls is not None else ((s, 1) for s in shapes):
        for part in parts:
            counts[part] += weight
    return counts


def weight(part: str, counts: Mapping[str, int], total: int) -> float:
    """Bits of surprise in seeing `part` when `total` shapes or calls show it `counts[part]` times.

    One is added to both counts, so an unseen part is finite and one that everybody shows is nearly 0.
    """
    return float(np.log2((total + 1) / (min(counts.get(part, 0), total) + 1))) + 0.01


def similarity(a: Parts, b: Parts, counts: Mapping[str, int], total: int) -> float:
    """The share, 0 to 1, of two shapes' parts that are equal, each part weighted by its rarity.

    Parts are paired by name, so that one changed value counts once: as much as the rarer of the two values.
    """
    left, right = _by_name(a), _by_name(b)
    same = whole = 0.0
    for name in left.keys() | right.keys():
        x, y = left.get(name), right.get(name)
        worth = max(weight(part, counts, total) for part in (x, y) if part is not None)
        whole += worth
        if x == y:
            same += worth
    return same / whole if whole else 1.0


def differences(a: Parts, b: Parts) -> list[tuple[str, str | None, str | None]]:
    """Name and both values of each part that differs, for people to read; None where one has no such part."""
    left, right = _by_name(a), _by_name(b)
    return [
        (name, _value(left.get(name)), _value(right.get(name)))
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]


def near_pairs(
    shapes: Sequence[Parts], counts: Mapping[str, int], total: int, at_least: float = 0.85
) -> Iterator[tuple[int, int, float]]:
    """Pairs of indices i < j of distinct shapes with their similarity, where it is `at_least` that.

    Cost: n squared times the number of part names, in numpy; 3,000 shapes take about 2 s.
    """
    codes, weights = _encode(shapes, counts, total)
    for i in range(len(shapes) - 1):
        rest = slice(i + 1, None)
        worth = np.maximum(weights[i], weights[rest])
        same = np.where(codes[i] == codes[rest], worth, 0.0).sum(axis=1)
        whole = worth.sum(axis=1)
        score = np.divide(same, whole, out=np.ones_like(same), where=whole > 0)
        for j in np.flatnonzero(score >= at_least):
            yield i, i + 1 + int(j), float(score[j])


def _encode(
    shapes: Sequence[Parts], counts: Mapping[str, int], total: int
) -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.int32]], np.ndarray[tuple[int, int], np.dtype[np.float64]]
]:
    """Shapes as rows of part codes and weights, one column per part name; 0 where a name is absent."""
    rows = [_by_name(parts) for parts in shapes]
    columns = {name: index for index, name in enumerate(dict.fromkeys(n for row in rows for n in row))}
    numbers: dict[str, int] = {}
    codes = np.zeros((len(rows), len(columns)), dtype=np.int32)
    weights = np.zeros((len(rows), len(columns)), dtype=np.float64)
    for r, row in enumerate(rows):
        for name, part in row.items():
            codes[r, columns[name]] = numbers.setdefault(part, len(numbers) + 1)
            weights[r, columns[name]] = weight(part, counts, total)
    return codes, weights


def _by_name(parts: Parts) -> dict[str, str]:
    return {part.partition(":")[0]: part for part in parts}


def _value(part: str | None) -> str | None:
    return None if part is None else part.partition(":")[2]
