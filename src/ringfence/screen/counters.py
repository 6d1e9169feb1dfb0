"""Counters in the process: exact sliding windows in bounded memory.

Each meter and key keeps the members of its window with the latest time of each; one that is seen again, such
as an INVITE sent twice, counts once. Above `most` the member that was quiet the longest goes, which leaves
the count exact up to there.

Time. A key's clock does not go back: a call that comes late, by up to the length of the window, counts at the
time of the key's newest, so that no window is ever more than twice as long as it says. One that comes later
than that finds the clock set back, and the key begins again.

Memory. Keys whose window is long over go as new ones come; beyond `max_keys` keys or `max_members` members
the meter with the most gives up those that were quiet the longest. So a flood of new numbers costs memory up
to the bound and no more, and pushes out other numbers, not the counts of trunks.
Measured on CPython 3.11 with Call-IDs of 24 characters: 390 octets a key of one member, at most 190 a further
member; at the default bounds 160 MB under a flood of keys and 370 MB at the most (500 MB where every value is
of `LONGEST` characters). A hit takes some 1.5 µs, under a flood 2 µs.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from ringfence.model.counting import Hit, Meter

#: Joins the values of a meter's `per`; it stands in no number, trunk or header.
SEPARATOR = "\x1f"
#: A value that is longer, or not ASCII, is counted by its digest: its sender does not choose how much memory
#: it takes.
LONGEST = 80

_Members = dict[str, float]  # by time, the latest at the end
_Alone = tuple[str, float]  # one member is the rule under a flood, and this is a third of a dict


class _Shelf:
    """The keys of one meter, the one quiet the longest first."""

    __slots__ = ("keys", "members", "meter")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.keys: OrderedDict[str, _Alone | _Members] = OrderedDict()
        self.members = 0

    def count(self, key: str, member: str, now: float) -> int:
        keys, meter = self.keys, self.meter
        kept = keys.get(key)
        if kept is None:
            keys[key] = (member, now)
            self.members += 1
            return 1
        keys.move_to_end(key)
        newest = kept[1] if isinstance(kept, tuple) else next(reversed(kept.values()))
        start = max(now, newest) - meter.seconds
        if newest <= start or start > now or meter.most == 1:  # over, the clock was set back, or no need
            self.members += 1 - _size(kept)
            keys[key] = (member, now if start > now else max(now, newest))
            return 1
        now = max(now, newest)
        if isinstance(kept, tuple):
            if kept[0] == member:
                keys[key] = (member, now)
                return 1
            keys[key] = {kept[0]: newest, member: now}
            self.members += 1
            return 2
        before = len(kept)
        kept.pop(member, None)
        kept[member] = now
        while kept[oldest := next(iter(kept))] <= start or len(kept) > meter.most:
            del kept[oldest]
        self.members += len(kept) - before
        return len(kept)

    def drop_oldest(self) -> None:
        _, gone = self.keys.popitem(last=False)
        self.members -= _size(gone)

    def drop_over(self, now: float) -> None:
        """Two of the keys whose window is over, by one length more so that a late call still finds its key:
        more than come at a time, so that none stay."""
        before = now - 2 * self.meter.seconds
        for _ in range(2):
            kept = next(iter(self.keys.values()))
            if (kept[1] if isinstance(kept, tuple) else next(reversed(kept.values()))) >= before:
                return
            self.drop_oldest()


def _size(kept: _Alone | _Members) -> int:
    return 1 if isinstance(kept, tuple) else len(kept)


class Counters:
    """A `CounterStore` of this process alone. Not for threads."""

    def __init__(self, max_keys: int = 400_000, max_members: int = 2_000_000) -> None:
        self.max_keys = max_keys
        self.max_members = max_members
        self._shelves: dict[str, _Shelf] = {}
        self._keys = 0
        self._members = 0

    def __len__(self) -> int:
        """Keys held."""
        return self._keys

    @property
    def members(self) -> int:
        """Members held, of all keys."""
        return self._members

    def observe(self, hits: Sequence[Hit], now: float) -> list[int]:
        """Add the hits and count, as `CounterStore` has it. now: seconds."""
        counts = []
        for hit in hits:
            meter = hit.meter
            shelf = self._shelves.get(meter.name)
            if shelf is None or shelf.meter is not meter:
                shelf = self._shelf(meter)
            keys, members = len(shelf.keys), shelf.members
            counts.append(shelf.count(hit.key, hit.member, now))
            if len(shelf.keys) != keys:
                shelf.drop_over(now)
                self._keys += len(shelf.keys) - keys
                self._members += shelf.members - members
                if self._keys > self.max_keys or self._members > self.max_members:
                    self._forget()
            elif shelf.members != members:
                self._members += shelf.members - members
                if self._members > self.max_members:
                    self._forget()
        return counts

    def _shelf(self, meter: Meter) -> _Shelf:
        """The shelf of a meter that is new, or of a policy loaded anew: what counts something else begins
        again, another length or `most` holds from here on."""
        shelf = self._shelves.get(meter.name)
        if shelf is None or (shelf.meter.per, shelf.meter.distinct) != (meter.per, meter.distinct):
            if shelf is not None:
                self._keys -= len(shelf.keys)
                self._members -= shelf.members
            shelf = self._shelves[meter.name] = _Shelf(meter)
        shelf.meter = meter
        return shelf

    def _forget(self) -> None:
        # a few at a time, so that looking for the fullest shelf costs next to nothing under a flood
        while self._keys > self.max_keys or self._members > self.max_members:
            if self._keys > self.max_keys:
                shelf = max(self._shelves.values(), key=lambda s: len(s.keys))
            else:
                shelf = max(self._shelves.values(), key=lambda s: s.members)
            keys, members = len(shelf.keys), shelf.members
            for _ in range(1 + keys // 10_000):
                shelf.drop_oldest()
            self._keys -= keys - len(shelf.keys)
            self._members -= members - shelf.members


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
            hits.append(Hit(meter, _bounded(key), _bounded(member)))
    return hits


def _bounded(value: str) -> str:
    if len(value) <= LONGEST and value.isascii():
        return value
    # a header's octets that are not UTF-8 may be here as surrogates
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
