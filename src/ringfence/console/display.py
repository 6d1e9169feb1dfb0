"""How values look to a reader: numbers masked or grouped, hostile strings made harmless, times, durations.

Strings of a hunt come from attackers (trunk names, user agents, caller fields): `clean` removes what could
steer a terminal or turn text around; HTML escaping is the template engine's part and always on.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from ringfence.numbers.tokens import is_token

DASH = "–"
_LONGEST = 2_000

#: Seven digits or more with what people, and those who hide a number, write between them: blanks (also ones
#: that do not break), brackets, stops, slashes, hyphens and dashes, and characters without width.
_DIGITS = re.compile(r"\+?\(?\d(?:[\s().\-/\u00ad\u200b-\u2015\u2060\u2212\ufeff]{0,3}\d){6,}")


def clean(text: str, longest: int = _LONGEST) -> str:
    """`text` without control and direction characters (each shown as U+FFFD), cut at `longest` characters."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(char) else char for char in cut)


def _steers(char: str) -> bool:
    # Cc control, Cf format (bidi overrides, zero width), Cs lone surrogates, Co private use
    return char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def mask(number: str | None) -> str:
    """A called person's number with its middle hidden: `+447700900123` becomes `+4477••••••23`.

    Enough to tell rows apart and for a person who knows the number to recognise it. Short numbers are
    hidden whole. A token (`ringfence.numbers.tokens`) hides its number already and stays.
    """
    if number is None:
        return DASH
    if is_token(number):
        return number
    digits = number.removeprefix("+")
    if not digits.isdecimal():
        return clean(number[:2]) + "•" * 6
    if len(digits) < 9:
        return "•" * len(digits)
    plus = "+" if number.startswith("+") else ""
    return f"{plus}{digits[:4]}{'•' * (len(digits) - 6)}{digits[-2:]}"


def mask_text(text: str) -> str:
    """`text` with everything in it that reads like a telephone number masked; some dates do too."""
    return _DIGITS.sub(lambda found: mask(_joined(found.group())), text)


def _joined(number: str) -> str:
    return ("+" if number.startswith("+") else "") + re.sub(r"\D", "", number)


def moment(value: dt.datetime | None) -> str:
    """`5 Oct 2026, 14:03`, in UTC."""
    if value is None:
        return DASH
    utc = _utc(value)
    return f"{utc.day} {utc:%b %Y, %H:%M}"


def day(value: dt.date | None) -> str:
    """`5 Oct 2026`, in UTC."""
    if value is None:
        return DASH
    date = _utc(value).date() if isinstance(value, dt.datetime) else value
    return f"{date.day} {date:%b %Y}"


def period(first: dt.date | None, last: dt.date | None, month: str = "%b") -> str:
    """`5 to 18 Oct 2026`, both ends in UTC; `month` as in strftime."""
    if first is None or last is None:
        return DASH
    start, end = _utc(first).date(), _utc(last).date()
    if start == end:
        return f"{end.day} {end.strftime(month)} {end.year}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} to {end.day} {end.strftime(month)} {end.year}"
    year = "" if start.year == end.year else f" {start.year}"
    return f"{start.day} {start.strftime(month)}{year} to {end.day} {end.strftime(month)} {end.year}"


def sentence(text: str | None) -> str:
    """A reason with a capital in front and a stop behind."""
    stripped = (text or "").strip()
    if not stripped:
        return DASH
    return stripped[0].upper() + stripped[1:] + ("" if stripped[-1] in ".!?…" else ".")


def capital(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def _utc(value: dt.date) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def parse_moment(text: str | None) -> dt.datetime | None:
    """ISO 8601 to an aware time, or None where it is absent or not a time."""
    if not text:
        return None
    try:
        return _utc(dt.datetime.fromisoformat(text))
    except ValueError:
        return None


def duration(seconds: float | None) -> str:
    """`42 s`, `5 min 03 s`, `2 h 10 min`, `120 h`; a dash for a call that was not answered."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 100 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 3600:,} h"


def count(value: float | None) -> str:
    """`1,300,214`."""
    return DASH if value is None else f"{value:,.0f}"


def plural(value: int, one: str, many: str | None = None) -> str:
    """`1 call`, `3,201 calls`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def percent(share: float | None) -> str:
    """`13 %`; below one in ten one decimal, and never `0 %` for what is not nothing."""
    if share is None:
        return DASH
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.1 else f"{share:.0%}".replace("%", " %")


def score(value: float | None) -> str:
    """Two decimals, but never `1.00` or `0.00`: no score of a method is certain."""
    if value is None:
        return DASH
    if value >= 0.995:
        return "> 0.99"
    return "< 0.01" if value < 0.005 else f"{value:.2f}"
