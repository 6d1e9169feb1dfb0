"""What a column of a table is called and what its values look like: the witnesses of `guess`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

import msgspec

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?")
_OTHER_TIME = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} \d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?|\d{14}")
_EPOCH = re.compile(r"(1[0-9]{9}(\.\d+)?)|1[0-9]{12}|1[0-9]{15}")
_DATE = re.compile(
    r"\d{4}([/.-])\d{1,2}\1\d{1,2}([T ]00:00(:00(\.0+)?)?)?"
    r"|\d{1,2}([/.-])\d{1,2}\5(\d{4}|\d\d)"
    r"|(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
)
_CLOCK = re.compile(
    r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?( ?[AaPp][Mm])?|([01]\d|2[0-3])[0-5]\d[0-5]\d"
)
_NUMBER = re.compile(r"(?:sip:|tel:|<|\")*\+?[\d][\d ().-]{5,18}(?:[@;>].*)?")
_ADDRESS = re.compile(r"\[?[0-9a-fA-F:.]{7,45}\]?(:\d+)?")
_TIMES = (_ISO, _OTHER_TIME, _EPOCH)

#: Kinds of values, each with how one looks.
KINDS: dict[str, Callable[[str], bool]] = {
    "time": lambda v: any(form.fullmatch(v) for form in _TIMES) and not _DATE.fullmatch(v),
    "date": lambda v: bool(_DATE.fullmatch(v)),
    "clock": lambda v: bool(_CLOCK.fullmatch(v)),
    "number": lambda v: bool(_NUMBER.fullmatch(v)) and not any(f.fullmatch(v) for f in (*_TIMES, _DATE)),
    "short": lambda v: v.isdigit() and len(v) <= 6,
    "duration": lambda v: bool(re.fullmatch(r"\d{1,6}(\.\d+)?|\d{1,2}:\d\d(:\d\d)?", v)),
    "address": lambda v: bool(_ADDRESS.fullmatch(v)) and (v.count(".") == 3 or v.count(":") > 1),
    "status": lambda v: bool(re.fullmatch(r"[1-6]\d\d", v)),
    "truth": lambda v: v.lower() in ("true", "false", "t", "f", "yes", "no", "y", "n", "0", "1"),
    "attestation": lambda v: v in ("A", "B", "C"),
    "verstat": lambda v: "TN-Validation" in v,
    "ingress": lambda v: v.lower() in ("international", "national", "customer"),
    "text": lambda v: True,
}
#: Fewer values than this may count up by chance.
_SERIES = 10
#: No subscriber's number in full has fewer digits.
_SHORTEST_NUMBER = 10


class Profile(msgspec.Struct, frozen=True):
    """A source column: its name in words, and the share of its values (0 to 1) that look like each kind.

    distinct: its values, each once, in order. unique: the share of them among all that are given.
    serial: its values are whole numbers that count up or down and never repeat, as row numbers do and callers
    do not.
    """

    name: str
    words: tuple[str, ...]
    shares: dict[str, float]
    samples: list[str]
    distinct: list[str]
    filled: float
    serial: bool = False
    unique: float = 1.0

    def is_a(self, kind: str) -> bool:
        return self.shares[kind] >= 0.8

    @property
    def counts_rows(self) -> bool:
        """Serial, and too short for numbers of a list that is dialled in order."""
        return self.serial and all(len(value) < _SHORTEST_NUMBER for value in self.samples)


def profile_of(name: str, values: Sequence[str]) -> Profile:
    """The profile of a column by its name and a sample of its values, in file order."""
    given = [value.strip() for value in values if value.strip() not in ("", "NULL", "\\N", "null")]
    shares = {kind: sum(map(looks, given)) / len(given) if given else 0.0 for kind, looks in KINDS.items()}
    parts = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    words = tuple(re.findall(r"[a-z]+", parts))
    filled = len(given) / len(values) if values else 0.0
    distinct = sorted(set(given))
    unique = len(distinct) / len(given) if given else 0.0
    return Profile(name, words, shares, given[:3], distinct, filled, _serial(given), unique)


def _serial(values: Sequence[str]) -> bool:
    """Whether values are unique whole numbers of which hardly one breaks the order (of threads that write at
    once)."""
    if len(values) < _SERIES or not all(re.fullmatch(r"[1-9]\d{0,17}|0", value) for value in values):
        return False
    numbers = [int(value) for value in values]
    rising = sum(later > former for former, later in itertools.pairwise(numbers))
    steps = len(numbers) - 1
    return len(set(numbers)) == len(numbers) and max(rising, steps - rising) >= 0.95 * steps
