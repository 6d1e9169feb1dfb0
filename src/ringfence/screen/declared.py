"""Calls that owners of numbers say they made: a presented number whose owner made no such call is a lie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ringfence.errors import InputError
from ringfence.model.attempt import Attempt
from ringfence.numbers.csvrows import BadRow, header_of, read_rows, read_text
from ringfence.numbers.reading import normalise

#: Clocks of an owner's switch and of the network differ, and a call takes time to arrive.
SLACK_SECONDS = 600.0
_DAY = 86_400


class DeclaredCall(msgspec.Struct, frozen=True):
    """number: the owner's, E.164. called: None where the owner does not say. time: seconds since 1970."""

    number: str
    called: str | None
    time: float


class _Log:
    """One number's."""

    def __init__(self) -> None:
        self.calls: dict[str | None, list[float]] = {}
        self.days: set[int] = set()
        self.newest = 0.0

    def add(self, call: DeclaredCall) -> None:
        self.calls.setdefault(call.called, []).append(call.time)
        self.days.add(int(call.time // _DAY))
        self.newest = max(self.newest, call.time)


class DeclaredCalls:
    """The logs of all enrolled numbers, as `Knowledge` asks them. A log says nothing of a day on which it has
    no call, nor of what comes after its newest one: it may be late, or away."""

    def __init__(self, calls: Iterable[DeclaredCall]) -> None:
        self._logs: dict[str, _Log] = {}
        for call in calls:
            self._logs.setdefault(call.number, _Log()).add(call)

    def __len__(self) -> int:
        """Numbers that are enrolled."""
        return len(self._logs)

    def declared(self, attempt: Attempt, now: float) -> bool | None:
        """Whether the owner made this call; None where nobody enrolled the number, or its log cannot know."""
        log = self._logs.get(attempt.caller) if attempt.caller is not None else None
        if log is None:
            return None
        if any(
            abs(time - attempt.time) <= SLACK_SECONDS
            for called in (attempt.called, None)
            for time in log.calls.get(called, ())
        ):
            return True
        covered = int(attempt.time // _DAY) in log.days and attempt.time <= log.newest
        return False if covered else None


def load_declared(path: Path, region: str) -> tuple[list[DeclaredCall], list[BadRow]]:
    """A CSV file with number, called and time, and the rows that cannot be used. called may be empty. Raises
    InputError."""
    text = read_text(path)
    header, _ = header_of(text)
    if not {"number", "time"} <= set(header):
        raise InputError(f"{path}: no columns number and time; name its columns number, called and time")
    rows = list(_usable(text, region))
    return [r for r in rows if isinstance(r, DeclaredCall)], [r for r in rows if isinstance(r, BadRow)]


def _usable(text: str, region: str) -> Iterator[DeclaredCall | BadRow]:
    for row in read_rows(text):
        if isinstance(row, BadRow):
            yield row
            continue
        number, reason = normalise(row.values.get("number", ""), region)
        called = normalise(row.values.get("called") or None, region)[0]
        try:
            time = dt.datetime.fromisoformat(row.values.get("time", ""))
        except ValueError:
            yield BadRow(row.line, "bad_time", "")
            continue
        if number is None:
            yield BadRow(row.line, f"number_{reason}", "")
            continue
        moment = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
        yield DeclaredCall(number, called, moment.timestamp())
