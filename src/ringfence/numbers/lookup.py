"""One number at a time: the same facts as `ringfence.numbers.plan.facts`, for calls as they arrive.

A column is looked up in Arrow, which costs a millisecond to begin; here a number costs some microseconds, and
nothing where it was asked for of late.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import phonenumbers

from ringfence.model.number import Kind, Number
from ringfence.numbers.allocation import Allocation, Status
from ringfence.numbers.dialling import country_code_of
from ringfence.numbers.plan import drama_ranges, kind_of_short, uk_plan
from ringfence.numbers.world import plans

#: Numbers that are remembered; some 500 octets each.
REMEMBERED = 65_536


_E164 = re.compile(r"\+[1-9][0-9]{4,14}")

Pattern = re.Pattern[str]
#: region, leading digits, general form, and kinds with theirs
Plan = tuple[str, Pattern | None, Pattern, tuple[tuple[str, Pattern], ...]]


class _Blocks:
    """The blocks of an allocation by their prefixes."""

    def __init__(self, allocation: Allocation) -> None:
        prefixes = (prefix[1:] for prefix in allocation.table["prefix"].to_pylist())
        self._rows = {prefix: row for row, prefix in enumerate(prefixes)}  # the later row holds
        self._lengths = sorted({len(prefix) for prefix in self._rows}, reverse=True)

    def row(self, digits: str) -> int | None:
        """The row of the longest block that holds a number."""
        for length in self._lengths:
            if length <= len(digits) and (row := self._rows.get(digits[:length])) is not None:
                return row
        return None


class NumberLookup:
    """Facts of numbers in E.164, or of short codes of `region`. For any number of threads."""

    def __init__(self, allocation: Allocation | None = None, region: str = "GB") -> None:
        self._region = region
        self._allocation = allocation if allocation is not None and len(allocation) else None
        self._blocks = _Blocks(self._allocation) if self._allocation else None
        #: the facts of a number that `normalise` returned
        self.of: Callable[[str], Number] = functools.lru_cache(maxsize=REMEMBERED)(self._look_up)

    def _look_up(self, number: str) -> Number:
        if number.isdecimal() and number.isascii() and len(number) <= 15:
            kind = kind_of_short(number, self._region)
            place = self._region if kind is Kind.SHORT else None
            return Number(number, number, False, kind, place)
        digits = number[1:]
        if not _E164.fullmatch(number):
            return Number(number, None, False, Kind.INVALID)
        code = country_code_of(digits) or 0
        national = digits[len(str(code)) :] if code else digits
        region, kind_word = _classify(code, national) if code else (None, None)
        operator = None
        unallocated = False
        if self._allocation is not None and self._blocks is not None:
            row = self._blocks.row(digits)
            if row is not None:
                mask = int(self._allocation.lengths[row])
                fits = not mask or bool(mask >> len(national) & 1)
                if self._allocation.column("status")[row] == Status.ALLOCATED.value:
                    operator = self._allocation.column("operator")[row]
                    if fits and kind_word is None and code:
                        kind_word = _uk_kind(digits) or Kind.UNKNOWN.value
                        region = phonenumbers.region_code_for_country_code(code)
                else:
                    unallocated = fits or kind_word is not None
        valid = kind_word is not None
        kind = Kind(kind_word) if kind_word else Kind.INVALID
        if unallocated:
            kind = Kind.UNALLOCATED
        uk = _uk_kind(digits) if code == 44 else None
        if valid and uk is not None and kind is not Kind.UNALLOCATED:
            kind = Kind(uk)
        if uk == Kind.NETWORK.value and len(digits) == 12:
            kind, valid, region = Kind.NETWORK, True, "GB"
        if _is_drama(digits, code, national):
            kind, valid = Kind.DRAMA, True
            region = region or phonenumbers.region_code_for_country_code(code)
        return Number(number, number, valid, kind, region, operator)


@functools.lru_cache(maxsize=256)
def _patterns(code: int) -> tuple[Plan, ...]:
    return tuple(
        (
            plan.region,
            re.compile(f"(?:{plan.leading})", re.ASCII) if plan.leading else None,
            re.compile(plan.general, re.ASCII),
            tuple((kind.value, re.compile(pattern, re.ASCII)) for kind, pattern in plan.kinds),
        )
        for plan in plans(code)
    )


def _classify(code: int, national: str) -> tuple[str | None, str | None]:
    """Region and kind by the world's plans; None, None where they have no such number."""
    for region, leading, general, kinds in _patterns(code):
        kind = None
        if general.fullmatch(national):
            kind = next((word for word, pattern in kinds if pattern.fullmatch(national)), None)
        if leading is not None:
            if leading.match(national):
                return (region, kind) if kind else (None, None)
        elif kind:
            return region, kind
    return None, None


@functools.cache
def _uk_blocks() -> _Blocks:
    return _Blocks(uk_plan())


@functools.cache
def _drama_blocks() -> _Blocks:
    return _Blocks(drama_ranges())


def _uk_kind(digits: str) -> str | None:
    row = _uk_blocks().row(digits)
    return None if row is None else str(uk_plan().column("type")[row])


def _is_drama(digits: str, code: int, national: str) -> bool:
    if code == 1 and len(digits) == 11 and digits[4:9] == "55501":
        return True
    row = _drama_blocks().row(digits)
    if row is None:
        return False
    mask = int(drama_ranges().lengths[row])
    return not mask or bool(mask >> len(national) & 1)
