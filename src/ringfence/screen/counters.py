"""Counters in the process: exact sliding windows in bounded memory.

Each meter and key keeps the members of its window with the latest time of each; one that is seen again
counts
once. A key's clock never goes back: a call that comes late counts at the time of the key's newest. Beyond
`max_keys` keys or `max_members` members the keys that were quiet the longest are forgotten, so that a
flood of
new numbers costs memory up to the bound and no more: some 400 octets a key of one member, 120 a further
member.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from ringfence.model.counting import Hit, Meter

#: Joins the values of a meter's `per`; it stands in no number, trunk or header.
SEPARATOR = "\x1f"

_Members = dict[str, float]
_Alone = tuple[str, float]


class Counters:
    """A `CounterStore` of this process alone. Not for threads."""

    def __init__(self, max_keys: int = 400_000, max_members: int = 2_000_000) -> None:
        self.max_keys = max_keys
        self.max_members = max_members
        self.members = 0
        # one member is the rule under a flood, and a tuple is a third of a dict
        self._kept: OrderedDict[tuple[str, str], _Alone | _Members] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        """Add the hits and count, as `CounterStore` has it."""
        return [self._count(hit, now) for hit in hits]

    def _count(self, hit: Hit, now: float) -> int:
        meter = hit.meter
        name = (meter.name, hit.key)
        kept = self._kept.get(name)
        if kept is None:
            self._kept[name] = (hit.member, now)
            self.members += 1
            self._forget()
            return 1
        self._kept.move_to_end(name)
        if isinstance(kept, tuple):
            member, at = kept
            now = max(now, at)
            if member == hit.member or at <= now - meter.seconds or meter.most == 1:
                self._kept[name] = (hit.member, now)
                return 1
            self._kept[name] = {member: at, hit.member: now}
            self.members += 1
            self._forget()
            return 2
        newest = next(reversed(kept.values()))
        now = max(now, newest)
        before = len(kept)
        kept.pop(hit.member, None)
        kept[hit.member] = now
        start = now - meter.seconds
        while True:
            oldest = next(iter(kept))
            if kept[oldest] > start and len(kept) <= meter.most:
                break
            del kept[oldest]
        self.members += len(kept) - before
        self._forget()
        return len(kept)

    def _forget(self) -> None:
        while len(self._kept) > self.max_keys or self.members > self.max_members:
            _, gone = self._kept.popitem(last=False)
            self.members -= 1 if isinstance(gone, tuple) else len(gone)


def hits_of(meters: Iterable[Meter], values: Mapping[str, str | None], call_id: str) -> list[Hit]:
    """What each meter sees of a call. values: by column. A meter that lacks one of its values counts
    nothing."""
    hits = []
    for meter in meters:
        member = values.get(meter.distinct) if meter.distinct else call_id
        if not member:
            continue
        if len(meter.per) == 1:
            key = values.get(meter.per[0])
        else:
            parts = [values.get(column) for column in meter.per]
            key = SEPARATOR.join(p for p in parts if p) if all(parts) else None
        if key:
            hits.append(Hit(meter, key, member))
    return hits
