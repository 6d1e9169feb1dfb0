"""A first mapping for a table in columns of its own, from its header and a sample of its rows.

Two witnesses a column: what it is called, and what it holds. The text says how sure each line is, because
a person must check it: which of two number columns is the caller cannot be seen in the numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from ringfence.errors import InputError
from ringfence.ingest import convert
from ringfence.ingest.asterisk import DISPOSITIONS
from ringfence.ingest.causes import BY_NAME
from ringfence.ingest.column_profile import KINDS, Profile, profile_of
from ringfence.ingest.delimited import read
from ringfence.ingest.dialect import Dialect, first_rows, foreign, header_of, sniff
from ringfence.ingest.formats import recognise
from ringfence.ingest.mapped import PARQUET, open_parquet
from ringfence.ingest.mapping_draft import Line, comment, draft, toml
from ringfence.ingest.source import check_filled, head
from ringfence.model.record import CALL_RECORD

SAMPLE = 1_000
#: Rows at the beginning of a Parquet file that the sample is taken from; of text it is a block.
_AHEAD = 1 << 16
#: The least share of distinct values among ids. Legs of one call may share its Call-ID.
_DISTINCT = {"call_id": 0.9, "sip_call_id": 0.2}
_SURE, _LIKELY, _WEAK = "sure", "likely", "a guess"


def guess(path: Path) -> str:
    """The text of a mapping file for a table.

    Raises InputError if the file is no table, or holds nothing like a start time and nothing like a called
    number: then it is no call record.
    """
    columns, rows, settings = _sample(path)
    if not rows:
        raise InputError(f"{path}: no rows to guess from; name a file that has some")
    profiles = [profile_of(name, [row[at] for row in rows]) for at, name in enumerate(columns)]
    lines = _lines(profiles)
    if not {"start_time", "called"} & {line.target for line in lines}:
        names = ", ".join(comment(name) for name in columns if name)[:200] or "no names"
        raise InputError(
            f"{path}: no call records: no column looks like a start time or a called number (it has {names});"
            " if they are, write a mapping by hand, see docs/reference/mapping.md"
        )
    return draft(path, settings, lines, profiles)


# --- reading a sample ---


def _sample(path: Path) -> tuple[list[str], list[list[str]], list[str]]:
    """Column names, up to SAMPLE rows of text, and lines for the [file] table."""
    beginning = head(path)
    check_filled(path, beginning)
    if beginning.startswith(PARQUET):
        file = open_parquet(path)
        batch = next(file.iter_batches(batch_size=_AHEAD), None)
        names = list(file.schema_arrow.names)
        if batch is None:
            return names, [], []
        batch = batch.take(_spread(len(batch)))
        texts = [_written(batch.column(at)) for at in range(len(names))]
        return names, [list(row) for row in zip(*texts, strict=True)], []
    dialect = sniff(beginning)
    if dialect is None:
        words = None if recognise(beginning, path) else foreign(beginning)
        raise InputError(
            f"{path}: no table in it"
            + (f": it {words}" if words else " (CSV, TSV or Parquet); only tables need a mapping")
        )
    first = (first_rows(beginning, dialect, 1) or [[]])[0]
    headed = not any(KINDS["time"](field) or re.fullmatch(r"[+\d][\d .-]*", field.strip()) for field in first)
    names = header_of(beginning, dialect) if headed else [f"c{n}" for n in range(1, len(first) + 1)]
    settings = [] if headed else ["header = false", f"columns = {toml(names)}"]
    return names, _rows(path, dialect, names, int(headed)), settings


def _rows(path: Path, dialect: Dialect, names: list[str], skip: int) -> list[list[str]]:
    for batch in read(path, dialect, names, skip=skip):
        table = batch.table.take(_spread(len(batch.table)))
        columns = [table.column(name).to_pylist() for name in table.column_names[:-1]]
        return [list(row) for row in zip(*columns, strict=True)]
    return []


def _spread(rows: int) -> pa.Array:
    """Up to SAMPLE rows in file order, spread over all of them: neighbours are of one hour and one day."""
    return pa.array(np.unique(np.linspace(0, max(rows - 1, 0), min(rows, SAMPLE)).astype(np.int64)))


def _written(column: pa.Array) -> list[str]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", column.type.tz), safe=False).cast(pa.string())
    return [value or "" for value in convert.text(column).to_pylist()]


# --- which column is which ---

#: Record column: the kinds its values may be, and names for it, best first, as sets of words.
_SIGNS: dict[str, tuple[tuple[str, ...], str]] = {
    "start_time": (
        ("time",),
        "start_time start begin invite_time setup_time seizure call_date date_time timestamp time date",
    ),
    "answer_time": (("time",), "answer_time answer answered connect_time connect"),
    "end_time": (("time",), "end_time end stop release disconnect hangup finish"),
    "called": (
        ("number", "short"),
        "called callee destination_number destination dst dialled dialed to_number b_number b_party to",
    ),
    "caller": (
        ("number", "short"),
        "caller calling presentation cli from_number src source_number a_number a_party origin ani from",
    ),
    "network_number": (("number",), "network_number pai p_asserted asserted charge_number billing_number"),
    "diverted_from": (("number",), "diverted diversion redirecting redirected forwarded"),
    "sip_call_id": (("text",), "sip_call_id sip_callid callid call_id"),
    "call_id": (("text",), "call_id record_id uuid uniqueid unique_id cdr_id id"),
    "trunk": (
        ("text",),
        "ingress_trunk trunk_in incoming_trunk in_trunk source_trunk trunk_group trunk route_in",
    ),
    "egress_trunk": (("text",), "egress_trunk outgoing_trunk out_trunk trunk_out route_out gateway"),
    "account": (("text",), "account accountcode customer_id customer tenant subscriber"),
    "next_carrier": (("text",), "next_carrier egress_carrier vendor supplier terminating_carrier"),
    "carrier": (("text",), "ingress_carrier carrier operator upstream originating_carrier"),
    "status": (("status",), "status sip_status sip_code disposition response hangup_cause cause code result"),
    "ingress": (("ingress",), "ingress direction origin_type"),
    "roaming": (("truth",), "roaming is_roaming"),
    "attestation": (("attestation",), "attestation attest"),
    "verstat": (("verstat",), "verstat"),
    "origid": (("text",), "origid orig_id"),
    "signer": (("text",), "signer spc"),
    "user_agent": (("text",), "user_agent useragent agent"),
    "fingerprint": (("text",), "fingerprint"),
    "source_ip": (
        ("address",),
        "source_ip src_ip remote_ip signalling_ip peer_ip ip_address ip address host",
    ),
    "imei_tac": (("text",), "imei_tac tac imei"),
    "cell": (("text",), "cell cell_id"),
}
_TALK = ("billsec", "talk", "conversation", "billable", "bill")
_LENGTH = ("duration", "length", "seconds", "secs", "elapsed")


def _by_name(profile: Profile, signs: str) -> int | None:
    """How far down the list of names the column's name is; None if it is not there."""
    flat = "".join(profile.words)
    for rank, sign in enumerate(signs.split()):
        parts = sign.split("_")
        if flat == "".join(parts) or all(part in profile.words for part in parts):
            return rank
    return None


def _lines(profiles: list[Profile]) -> list[Line]:
    free = {profile.name: profile for profile in profiles if profile.filled > 0}
    lines: dict[str, Line] = {}
    for target, (kinds, signs) in _SIGNS.items():
        ranked = []
        for profile in free.values():
            rank, fits = _by_name(profile, signs), any(profile.is_a(kind) for kind in kinds)
            if "number" in kinds and profile.counts_rows:
                fits = False
            fits = fits and profile.unique >= _DISTINCT.get(target, 0.0)
            if rank is not None and (fits or (target == "status" and _causes(profile))):
                ranked.append((rank, profile))
        if ranked:
            rank, profile = min(ranked, key=lambda pair: pair[0])
            certainty = _SURE if rank < 3 and kinds != ("text",) else _LIKELY
            reason = f"by its name and its values, such as {_examples(profile)}"
            lines[target] = _line(target, profile, certainty, reason)
            del free[profile.name]
    if "start_time" not in lines:
        lines |= _split_times(free)
    for target, profile in _by_values(lines, free):
        reason = f"by its values alone, such as {_examples(profile)}"
        lines[target] = _line(target, profile, _WEAK, reason)
        free.pop(profile.name, None)
    lines |= _durations(lines, free)
    return [lines[name] for name in CALL_RECORD.names if name in lines]


def _by_values(lines: dict[str, Line], free: dict[str, Profile]) -> list[tuple[str, Profile]]:
    """What the values alone say of columns whose names say nothing: in the usual order of columns."""
    found: list[tuple[str, Profile]] = []
    times = [p for p in free.values() if p.is_a("time")] or [p for p in free.values() if p.is_a("date")]
    if "start_time" not in lines and times:
        targets = ("start_time", "answer_time", "end_time") if len(times) > 2 else ("start_time", "end_time")
        found += [(t, p) for t, p in zip(targets, times, strict=False) if t not in lines]
    numbers = [p for p in free.values() if p.is_a("number") and not p.counts_rows]
    if sum(not p.serial for p in numbers) > 1:  # else a list that is dialled in order, perhaps
        numbers = [p for p in numbers if not p.serial]
    wanted = [t for t in ("caller", "called") if t not in lines]
    if len(numbers) == 1 and "called" in wanted:
        wanted = ["called"]
    found += list(zip(wanted, numbers, strict=False))
    for target in ("source_ip", "verstat", "ingress", "attestation"):
        kind = "address" if target == "source_ip" else target
        fitting = next((p for p in free.values() if p.is_a(kind)), None)
        if target not in lines and fitting is not None:
            found.append((target, fitting))
    return found


def _split_times(free: dict[str, Profile]) -> dict[str, Line]:
    """Times whose date is in one column and whose time of day in another; takes them out of `free`."""
    dates = [p for p in free.values() if p.is_a("date")]
    clocks = [p for p in free.values() if p.is_a("clock") and not set(p.words) & {*_TALK, *_LENGTH}]
    made: dict[str, Line] = {}
    used: set[str] = set()
    for target in ("start_time", "answer_time", "end_time"):
        signs = _SIGNS[target][1]
        named = [p for p in clocks if _by_name(p, signs) is not None and p.name not in used]
        if target == "start_time":
            named = named or clocks
        if not dates or not named:
            continue
        clock = min(named, key=lambda p: _by_name(p, signs) or 0)
        date = next((d for d in dates if d.name not in used and _by_name(d, signs) is not None), dates[0])
        both = [f"{day} {time}" for day, time in zip(date.samples, clock.samples, strict=False)]
        reason = f"a date and a time of day, such as {both[0]!r}"
        options, doubt = _time_options(
            [*both, *(f"{day} {both[0].split(' ', 1)[1]}" for day in date.distinct)]
        )
        made[target] = Line(
            target, (date.name, clock.name), options, _WEAK if doubt else _LIKELY, reason + doubt
        )
        used |= {date.name, clock.name}
    for name in used:
        del free[name]
    return made


def _causes(profile: Profile) -> dict[str, int]:
    """The value map of a column of causes in words, as far as they are known."""
    known = {name: status for name, status in (BY_NAME | DISPOSITIONS).items() if isinstance(status, int)}
    return {value: known[value.upper()] for value in profile.distinct if value.upper() in known}


def _line(target: str, profile: Profile, certainty: str, reason: str) -> Line:
    options: dict[str, str | dict[str, int]] = {}
    if target == "status" and not profile.is_a("status"):
        options["values"] = _causes(profile)
    if target.endswith("_time"):
        forms, doubt = _time_options([*profile.samples, *profile.distinct])
        options |= forms
        if doubt:
            certainty, reason = _WEAK, reason + doubt
        if profile.is_a("date"):
            certainty, reason = _WEAK, f"{reason}; it has no time of day"
    return Line(target, profile.name, options, certainty, reason)


def _time_options(values: list[str]) -> tuple[dict[str, str | dict[str, int]], str]:
    """The format of times as options of a line, and what is in doubt about it."""
    form = _form(values)
    if form is None:
        return {}, ""
    firsts, seconds = zip(*(_two_numbers(value) for value in values), strict=True)
    doubt = ""
    if form.startswith(("%d", "%m")):
        if max(firsts) > 12 and max(seconds) > 12:
            doubt = "; some have the day first and some the month: check where they come from"
        elif max(*firsts, *seconds) <= 12:
            doubt = f"; check which of {values[0]} is the day: no value in the sample tells"
    return {"format": form}, doubt


def _two_numbers(value: str) -> tuple[int, int]:
    """The first two parts of a date that are day and month in some order; zeros where it has none."""
    match = _WRITTEN.fullmatch(value)
    return (int(match["a"]), int(match["b"])) if match and match["a"] else (0, 0)


_WRITTEN = re.compile(
    r"(?:(?P<a>\d{1,2})(?P<s>[/.-])(?P<b>\d{1,2})[/.-](?P<y>\d{4}|\d\d)"
    r"|\d{4}(?P<r>[/.-])\d{1,2}[/.-]\d{1,2}|(?P<c>\d{8}))"
    r"(?: (?P<h>\d{1,2}:\d\d)?(?P<sec>:\d\d)?(?P<hms>\d{6})?(?P<m> ?[AaPp][Mm])?)?"
)


def _form(values: list[str]) -> str | None:
    """The strptime format of times that are neither ISO 8601 nor epochs."""
    found = [match for value in values if (match := _WRITTEN.fullmatch(value))]
    if not found:
        return None
    one = found[0]
    if one["c"]:
        if not one["hms"]:
            return None
        date = "%Y%m%d"
    elif one["r"]:
        if one["r"] == "-" and not one["m"]:
            return None
        date = "%Y{0}%m{0}%d".format(one["r"])
    else:
        american = any(match["b"] and int(match["b"]) > 12 for match in found)
        year = "%y" if len(one["y"]) == 2 else "%Y"
        date = ("%m{0}%d{0}" if american else "%d{0}%m{0}").format(one["s"]) + year
    if one["hms"]:
        return f"{date} %H%M%S"
    if not one["h"]:
        return date
    half = one["m"]
    seconds = ":%S" if one["sec"] else ""
    return f"{date} {'%I' if half else '%H'}:%M{seconds}" + (
        " %p" if half and half[0] == " " else "%p" if half else ""
    )


def _durations(lines: dict[str, Line], free: dict[str, Profile]) -> dict[str, Line]:
    """Times that are written as lengths: from the start to the end, and of the talk before the end."""
    made: dict[str, Line] = {}
    lengths = [p for p in free.values() if p.is_a("duration")]
    talk = next((p for p in lengths if set(p.words) & set(_TALK)), None)
    whole = next((p for p in lengths if p is not talk and set(p.words) & set(_LENGTH)), None)
    if "end_time" not in lines and (whole or talk):
        source = whole or talk
        assert source is not None
        anchor = "answer_time" if whole is None and "answer_time" in lines else "start_time"
        unit = "ms" if "ms" in source.words or "msec" in source.words else "s"
        why = f"by its name; values such as {_examples(source)}, taken as {unit}"
        made["end_time"] = Line("end_time", source.name, {"after": anchor, "unit": unit}, _LIKELY, why)
    if "answer_time" not in lines and talk is not None:
        why = f"by its name: talk up to the end, 0 for no answer; values such as {_examples(talk)}"
        made["answer_time"] = Line("answer_time", talk.name, {"before": "end_time"}, _LIKELY, why)
    return made


def _examples(profile: Profile) -> str:
    return ", ".join(repr(value[:30]) for value in profile.samples[:2])
