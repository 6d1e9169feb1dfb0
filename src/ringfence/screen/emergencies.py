"""Which lines rang an emergency number shortly before: whoever calls them back may be the rescue."""

from __future__ import annotations

from collections import OrderedDict

#: Lines that are remembered; the oldest are forgotten first.
MOST = 100_000


class Emergencies:
    """Lines with the time at which they last rang for help. Told of calls that come from a subscriber's own
    line only: anybody can present the number of a victim-to-be to an emergency number."""

    def __init__(self) -> None:
        self._rang: OrderedDict[str, float] = OrderedDict()

    def rang(self, line: str, now: float) -> None:
        self._rang[line] = now
        self._rang.move_to_end(line)
        if len(self._rang) > MOST:
            self._rang.popitem(last=False)

    def lately(self, line: str | None, seconds: float, now: float) -> bool:
        """Whether this line rang for help within the last `seconds`."""
        at = self._rang.get(line) if line is not None and self._rang else None
        return at is not None and now - at <= seconds
