"""Indicator files: JSON Lines that the hunt writes, people keep, and the screen reads.

A line that cannot be read is told with its number and stays where it is: a rewrite loses nothing. Files
are replaced
whole, under a lock, so that neither a reader nor a second writer sees a half.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ringfence.errors import InputError, RingfenceError
from ringfence.model.indicator import Indicator

_decode = msgspec.json.Decoder(Indicator).decode


class BadLine(msgspec.Struct, frozen=True):
    """line: from 1."""

    line: int
    reason: str
    text: bytes


class IndicatorFile(msgspec.Struct, frozen=True):
    """What a file holds."""

    entries: tuple[Indicator, ...] = ()
    bad: tuple[BadLine, ...] = ()


def read_indicators(path: Path) -> IndicatorFile:
    """The indicators of a file. Raises InputError where it cannot be read at all."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    entries: list[Indicator] = []
    bad: list[BadLine] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            bad.append(BadLine(number, str(error)[:200], line))
            continue
        fault = fault_of(entry)
        if fault:
            bad.append(BadLine(number, fault, line))
        else:
            entries.append(entry)
    return IndicatorFile(tuple(entries), tuple(bad))


def fault_of(entry: Indicator) -> str:
    """What is wrong with an indicator; "" where nothing is."""
    if not entry.value.strip():
        return "value is empty"
    if not 0 <= entry.score <= 1:
        return f"score {entry.score} is not between 0 and 1"
    if entry.kind == "number" and not entry.with_:
        return "a number needs with: the trunk, source or fingerprint it must come with, or its owner is hit"
    for name, text in (("from", entry.from_), ("expires", entry.expires)):
        if text and moment(text) is None:
            return f"{name} {text[:40]!r} is no time; write 2026-03-01T12:00:00Z"
    return ""


def moment(text: str) -> float | None:
    """An ISO 8601 time in seconds since 1970; UTC where it names no zone; None where it is none."""
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).timestamp()


def update_indicators(path: Path, change: Callable[[list[Indicator]], list[Indicator]]) -> IndicatorFile:
    """Replace a file's indicators by what `change` makes of them; a file that is not there is empty. Lines
    that cannot be read are kept, at its end. Raises RingfenceError where it cannot be written."""
    try:
        with _locked(path):
            before = read_indicators(path) if path.exists() else IndicatorFile()
            after = change(list(before.entries))
            lines = [msgspec.json.encode(entry) for entry in after] + [bad.text for bad in before.bad]
            partial = path.with_name(f".{path.name}.partial")
            with partial.open("wb") as file:
                file.write(b"".join(line + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
    except OSError as error:
        raise RingfenceError(f"{path}: cannot be written ({error.strerror}); check the folder") from error
    return IndicatorFile(tuple(after), before.bad)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
