"""Columns of any type become columns of the call record's types, without a Python step per row.

Each function takes one Arrow array. A value that cannot be read becomes null and is counted; what is blank
(empty, NULL, \\N, (null)) is null and not counted.
"""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.errors import ConfigError

TIME = pa.timestamp("us", tz="UTC")
_NAIVE = pa.timestamp("us")
_BLANK = pa.array(["", "NULL", "null", "(null)", "\\N", "None", "nan", "NaN"])
#: Microseconds in a unit of time.
UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 0.001, "min": 60_000_000}
_FARTHEST = 2**62


class Converted(msgspec.Struct, frozen=True):
    """values: null where absent or unreadable. unread: how many had a value that could not be read. skipped:
    times of an hour that their zone's clocks leave out."""

    values: pa.Array
    unread: int = 0
    without_zone: int = 0
    skipped: int = 0


def check_zone(zone: str) -> str:
    """The zone as Arrow knows it: an IANA name or +HH:MM. Raises ConfigError."""
    try:
        pc.assume_timezone(pa.array([0]).cast(_NAIVE), zone)
    except pa.ArrowInvalid as error:
        raise ConfigError(
            f"timezone {zone!r} is not known; give an IANA name such as Europe/London, or +01:00"
        ) from error
    return zone


def text(column: pa.Array) -> pa.Array:
    """Trimmed strings, null where blank. Whole floats lose their .0."""
    if pa.types.is_dictionary(column.type):
        return text(column.dictionary).take(column.indices)
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        safe = pc.and_(whole, pc.less(pc.abs(column), 2.0**63))
        digits = pc.if_else(safe, column, None).cast(pa.int64(), safe=False).cast(pa.string())
        return pc.if_else(safe, digits, column.cast(pa.string()))
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        values = pa.array([None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()])
        return text(values.cast(pa.string()))
    if pa.types.is_nested(column.type):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.is_in(trimmed, _BLANK), pa.scalar(None, pa.string()), trimmed)


def by_distinct(column: pa.Array, one: Callable[[str], Any], kind: pa.DataType) -> Converted:
    """Convert strings one distinct value at a time; `one` gives None for what it cannot read."""
    encoded = column.dictionary_encode()
    converted = pa.array([one(value) for value in encoded.dictionary.to_pylist()], kind)
    values = converted.take(encoded.indices)
    return Converted(values, values.null_count - column.null_count)


# --- times ---


def times(column: pa.Array, *, zone: str, form: str | None = None, unit: str | None = None) -> Converted:
    """Timestamps in UTC, µs.

    Reads timestamps, dates, epoch numbers (`unit`, else by their size), ISO 8601, YYYYMMDDhhmmss, or
    whatever `form` (a strptime format, or `iso` or `epoch`) says. `zone` places times that name none.
    An epoch of 0 is how switches write "never": null.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        inner = times(column.dictionary, zone=zone, form=form, unit=unit)
        if inner.skipped:  # counted by row, which the dictionary does not tell
            return times(column.dictionary.take(column.indices), zone=zone, form=form, unit=unit)
        values = inner.values.take(column.indices)
        return Converted(
            values, values.null_count - column.null_count, len(values) if inner.without_zone else 0
        )
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            return Converted(column.cast(TIME, safe=False))
        return _local(column.cast(_NAIVE, safe=False), zone)
    if pa.types.is_date(kind):
        return _local(column.cast(_NAIVE), zone)
    if pa.types.is_integer(kind):
        return _epochs(column.cast(pa.int64(), safe=False), unit)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _float_epochs(column.cast(pa.float64()), unit)
    return _written_times(text(column), zone, form, unit)


def _written_times(column: pa.Array, zone: str, form: str | None, unit: str | None) -> Converted:
    if form not in (None, "iso", "epoch"):
        return _formatted(column, zone, form)
    if form != "epoch" and unit is None:
        # Arrow casts a column in one go or not at all: all with zones, all without, or the slow way
        try:
            return Converted(column.cast(TIME))
        except pa.ArrowInvalid:
            pass
        try:
            return _local(column.cast(_NAIVE), zone)
        except pa.ArrowInvalid:
            pass
    if form != "iso":
        numeric = pc.match_substring_regex(column, r"^-?[0-9]{1,13}$|^[0-9]{15,19}$")
        if pc.all(numeric, min_count=0).as_py():
            return _epochs(column.cast(pa.int64()), unit)
        fractional = pc.match_substring_regex(column, r"^[0-9]{1,13}(\.[0-9]+)?$")
        if pc.all(fractional, min_count=0).as_py():
            return _float_epochs(column.cast(pa.float64()), unit)
    one = functools.partial(_one_time, unit=unit)
    found = by_distinct(column, lambda v: (one(v) or (None,))[0], pa.int64())
    local = by_distinct(column, lambda v: (one(v) or (0, False))[1], pa.bool_()).values.fill_null(False)
    return _placed(found, local, zone)


def _placed(found: Converted, local: pa.Array, zone: str) -> Converted:
    """Microseconds as times: those that are `local` by the clocks of a zone, as `_local` places columns:
    a time reads the same whatever else is in its column."""
    walls = _local(pc.if_else(local, found.values, None).cast(_NAIVE), zone)
    values = pc.if_else(local, walls.values, found.values.cast(TIME))
    return Converted(values, found.unread, walls.without_zone, walls.skipped)


def _local(column: pa.Array, zone: str) -> Converted:
    """Wall-clock times placed in a zone. An hour that comes twice is the first, one that is skipped the
    moment it would have begun; the times in it are counted."""
    named = len(column) - column.null_count
    if zone == "UTC":
        return Converted(column.cast(pa.int64()).cast(TIME), 0, named)
    place = functools.partial(pc.assume_timezone, column, zone, ambiguous="earliest")
    try:
        return Converted(place(nonexistent="raise").cast(TIME), 0, named)
    except pa.ArrowInvalid:  # there are some, or what no zone can place
        before, after = place(nonexistent="earliest"), place(nonexistent="latest")
    # Arrow's earliest is a microsecond before the clocks move, its latest the moment at which they do
    skipped = pc.sum(pc.not_equal(before, after)).as_py() or 0
    return Converted(after.cast(TIME), 0, named, skipped)


def _formatted(column: pa.Array, zone: str, form: str) -> Converted:
    if "%f" in form or "%z" in form or "%Z" in form:

        def one(value: str) -> int | None:
            try:
                return _micros(dt.datetime.strptime(value, form))
            except ValueError:
                return None

        found = by_distinct(column, one, pa.int64())
        return _placed(
            found, pa.array(["%z" not in form]).take(pa.array(np.zeros(len(column), np.int64))), zone
        )
    read = pc.strptime(column, form, "us", error_is_null=True)
    placed = _local(read, zone)
    return Converted(placed.values, read.null_count - column.null_count, placed.without_zone, placed.skipped)


def _epochs(column: pa.Array, unit: str | None) -> Converted:
    given = column.is_valid().to_numpy(zero_copy_only=False)
    raw = column.fill_null(0).to_numpy(zero_copy_only=False)
    if unit is None:
        size = np.abs(raw)
        factor = np.select([size < 10**11, size < 10**14, size < 10**17], [1_000_000, 1_000, 1], 0)
        micros = np.where(factor > 0, raw * factor, raw // 1000)
    else:
        with np.errstate(over="ignore"):
            micros = raw // 1000 if unit == "ns" else raw * int(UNITS[unit])
        given &= np.abs(raw.astype(np.float64)) * UNITS[unit] < _FARTHEST
    unread = int(len(column) - column.null_count - given.sum())
    return Converted(pa.array(micros, pa.int64(), mask=~given | (raw == 0)).cast(TIME), unread)


def _float_epochs(column: pa.Array, unit: str | None) -> Converted:
    given = column.is_valid().to_numpy(zero_copy_only=False)
    raw = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    size = np.abs(raw)
    factor = (
        np.select([size < 1e11, size < 1e14, size < 1e17], [1e6, 1e3, 1.0], 1e-3)
        if unit is None
        else float(UNITS[unit])
    )
    micros = raw * factor
    fits = np.isfinite(micros) & (np.abs(micros) < _FARTHEST)
    unread = int((given & ~fits).sum())
    whole = np.where(fits, micros, 0.0).round().astype(np.int64)
    return Converted(pa.array(whole, pa.int64(), mask=~(given & fits) | (raw == 0)).cast(TIME), unread)


_EPOCH = re.compile(r"-?\d{1,13}(?:\.\d+)?|\d{15,19}")
_COMPACT = re.compile(r"(?:19|20)\d{12}")
_SPACED_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_UTC_WORD = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)


def _one_time(value: str, *, unit: str | None) -> tuple[int, bool] | None:
    """Microseconds since 1970, and whether they are those of a clock whose zone the text does not name; None
    if it is no time."""
    try:
        if _COMPACT.fullmatch(value):
            moment = dt.datetime.strptime(value, "%Y%m%d%H%M%S")
        elif _EPOCH.fullmatch(value):
            found = _float_epochs(pa.array([float(value)]), unit).values.cast(pa.int64())[0].as_py()
            return None if found is None else (found, False)
        else:
            moment = dt.datetime.fromisoformat(_SPACED_ZONE.sub("", _UTC_WORD.sub("+00:00", value)))
        return _micros(moment), moment.tzinfo is None
    except (ValueError, OverflowError):
        return None


def _micros(moment: dt.datetime) -> int:
    """Since 1970, by the moment's own clock where it names no zone."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=moment.tzinfo and dt.UTC)) // dt.timedelta(microseconds=1)


# --- the rest ---


def durations(column: pa.Array, unit: str | None) -> Converted:
    """Lengths of time in µs (int64): numbers in `unit` (s if not given), or [h:]mm:ss."""
    factor = float(UNITS[unit or "s"])
    if pa.types.is_duration(column.type):
        return Converted(column.cast(pa.duration("us"), safe=False).cast(pa.int64()))
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        written = text(column)
        try:
            column = written.cast(pa.float64())
        except pa.ArrowInvalid:
            return by_distinct(written, lambda v: _one_duration(v, factor), pa.int64())
    micros = pc.multiply(column.cast(pa.float64(), safe=False), factor)
    fits = pc.and_(pc.is_finite(micros), pc.less(pc.abs(micros), float(_FARTHEST)))
    values = pc.round(pc.if_else(fits, micros, None)).cast(pa.int64())
    return Converted(values, values.null_count - column.null_count)


def _one_duration(value: str, factor: float) -> int | None:
    parts = value.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if not 1 <= len(numbers) <= 3 or not all(0 <= n < 1e9 for n in numbers):
        return None
    if len(numbers) == 1:
        return round(numbers[0] * factor)
    seconds = functools.reduce(lambda total, n: total * 60 + n, numbers, 0.0)
    return round(seconds * 1e6)


def truths(column: pa.Array) -> Converted:
    """true/false, yes/no, t/f, y/n, 1/0 as booleans."""
    if pa.types.is_boolean(column.type):
        return Converted(column)
    words = dict.fromkeys(("true", "t", "yes", "y", "1"), True)
    words |= dict.fromkeys(("false", "f", "no", "n", "0"), False)
    return by_distinct(text(column), lambda v: words.get(v.lower()), pa.bool_())


def statuses(column: pa.Array) -> Converted:
    """SIP statuses 100 to 699 (int16): 486, "486", "486 Busy Here", "486.0"."""

    def one(value: str) -> int | None:
        found = re.match(r"([1-6]\d\d)(?:\.0+)?(?:\D|$)", value)
        return int(found[1]) if found else None

    return by_distinct(text(column), one, pa.int16())


def addresses(column: pa.Array, form: str | None = None) -> Converted:
    """IP addresses without port. form `signed_le`: a signed decimal whose lowest byte is the first octet
    (Cisco CUCM, "CDR field descriptions": origIpAddr)."""
    return by_distinct(text(column), _signed_address if form == "signed_le" else _one_address, pa.string())


def _signed_address(value: str) -> str | None:
    try:
        number = int(value)
        if number == 0 or not -(2**31) <= number < 2**32:
            return None
        return str(ipaddress.IPv4Address((number & 0xFFFFFFFF).to_bytes(4, "little")))
    except ValueError:
        return _one_address(value)


def _one_address(value: str) -> str | None:
    value = re.sub(r"^(?:udp|tcp|tls|sctp|wss?):", "", value, flags=re.IGNORECASE)
    value = re.sub(r"^\[(.*)\](?::\d+)?$", r"\1", value)
    value = re.sub(r"^([\d.]+):\d+$", r"\1", value)
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return None


def word_lists(column: pa.Array) -> Converted:
    """Lists of strings: lists, or text that holds a JSON array; other text is a list of one."""
    kind = pa.list_(pa.string())
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return Converted(column.cast(kind))

    def one(value: str) -> list[str]:
        try:
            return msgspec.json.decode(value, type=list[str]) if value.startswith("[") else [value]
        except (msgspec.DecodeError, UnicodeError):
            return [value]

    return by_distinct(text(column), one, kind)


def words(column: pa.Array, allowed: dict[str, str]) -> Converted:
    """One of a few words, by its lower-case form."""
    return by_distinct(text(column), lambda v: allowed.get(v.lower()), pa.string())
