"""What fetches came to, in memory, as much as fits.

Whoever sends calls chooses the URLs, so an attacker can name a hundred thousand. Failures are kept apart from
answers, and answers used once apart from those used again (a segmented LRU): a flood of new URLs pushes out
its own kind, and not the certificates that most calls need.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected

#: Failures kept; with the longest URL about 16 MiB.
FAILURES = 4_096
#: The part of the memory that is for answers used again.
_PROTECTED = 0.8
#: What an entry takes beside its body and URL, roughly.
_OVERHEAD = 1_024


class Answered(msgspec.Struct):
    """An answer in use. retry_at: not renewed before, after renewing has failed `failures` times."""

    fetched: Fetched
    since: float
    renew_until: float
    error_until: float
    retry_at: float = 0.0
    failures: int = 0


class Failed(msgspec.Struct):
    """A failure that stands until `until`; the last of `failures` in a row."""

    rejected: Rejected
    until: float
    failures: int = 1


class FetchMemory:
    """Answers and failures by URL. Not for several threads at once: the caller holds a lock."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._once: OrderedDict[str, Answered] = OrderedDict()
        self._again: OrderedDict[str, Answered] = OrderedDict()
        self._failures: OrderedDict[str, Failed] = OrderedDict()
        self._once_bytes = 0
        self._again_bytes = 0

    def __len__(self) -> int:
        return len(self._once) + len(self._again) + len(self._failures)

    @property
    def octets(self) -> int:
        """What the answers take, roughly."""
        return self._once_bytes + self._again_bytes

    def answer(self, url: str) -> Answered | None:
        """The answer kept for a URL, however old; it counts as used."""
        if (entry := self._again.get(url)) is not None:
            self._again.move_to_end(url)
            return entry
        if (entry := self._once.get(url)) is None:
            return None
        cost = _cost(url, entry)
        if cost > self._most * _PROTECTED:
            return entry
        del self._once[url]
        self._once_bytes -= cost
        self._again[url] = entry
        self._again_bytes += cost
        while self._again_bytes > self._most * _PROTECTED:
            former, moved = self._again.popitem(last=False)
            self._again_bytes -= _cost(former, moved)
            self._once[former] = moved
            self._once_bytes += _cost(former, moved)
        return entry

    def failure(self, url: str) -> Failed | None:
        """The last failure for a URL, however old."""
        return self._failures.get(url)

    def keep(self, url: str, entry: Answered | Failed) -> None:
        """Keep this in place of what there was; other entries of its kind make room."""
        if isinstance(entry, Failed):
            self._failures[url] = entry
            self._failures.move_to_end(url)
            if len(self._failures) > FAILURES:
                self._failures.popitem(last=False)
            return
        self._failures.pop(url, None)
        cost = _cost(url, entry)
        if (former := self._again.get(url)) is not None:
            self._again_bytes += cost - _cost(url, former)
            self._again[url] = entry
            self._again.move_to_end(url)
        else:
            if (former := self._once.pop(url, None)) is not None:
                self._once_bytes -= _cost(url, former)
            self._once[url] = entry
            self._once_bytes += cost
        while self.octets > self._most and len(self._once) + len(self._again) > 1:
            # those used once go first, but not the one that came now
            if len(self._once) > 1:
                gone, dropped = self._once.popitem(last=False)
                self._once_bytes -= _cost(gone, dropped)
            else:
                gone, dropped = self._again.popitem(last=False)
                self._again_bytes -= _cost(gone, dropped)


def _cost(url: str, entry: Answered) -> int:
    return len(entry.fetched.body) + len(url) + _OVERHEAD
