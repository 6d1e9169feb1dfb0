"""Charts as inline SVG: no script needed to draw them, coloured by the style sheet, printable.

Colours are classes (`c0` to `c7`), so that one chart serves the light, the dark and the printed page. Every
mark carries its value as `data-tip` for the pointer; the page gives the same figures in a table.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup

from ringfence.console import display

COLOURS = 8

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_COLUMNS = 92


class Series(msgspec.Struct, frozen=True):
    """Calls by day of one platform. colour: 0 to 7, its class."""

    name: str
    colour: int
    calls: Mapping[dt.date, int]


def timeline(series: Sequence[Series], *, width: int = 960, height: int = 240) -> Markup:
    """Stacked columns, one a day; one a week once there are more than 92 days. Empty without calls."""
    days = sorted({day for one in series for day in one.calls})
    if not days:
        return Markup("")
    step = 1 if (days[-1] - days[0]).days < _MOST_COLUMNS else 7
    start = days[0] if step == 1 else days[0] - dt.timedelta(days=days[0].weekday())
    slots = [start + dt.timedelta(days=i) for i in range(0, (days[-1] - start).days + 1, step)]
    stacks = [[_within(one.calls, slot, step) for one in series] for slot in slots]
    ticks = _ticks(max(map(sum, stacks)))
    left, bottom, top = 48, 26, 8
    plot = height - bottom - top
    pitch = (width - left - 8) / len(slots)
    # a column of a two-day hunt should not be a wall
    bar = min(pitch * 0.72, 56)
    parts = [_axis(tick, ticks[-1], left, width, top, plot) for tick in ticks]
    labelled = max(1, math.ceil(len(slots) * 62 / (width - left)))
    for index, (slot, stack) in enumerate(zip(slots, stacks, strict=True)):
        x = left + pitch * index + (pitch - bar) / 2
        y = float(top + plot)
        for one, calls in zip(series, stack, strict=True):
            if not calls:
                continue
            tall = plot * calls / ticks[-1]
            y -= tall
            parts.append(
                Markup(
                    '<rect class="mark c{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" '
                    'data-tip="{}, {}{}: {}"/>'
                ).format(
                    one.colour, x, y, bar, max(tall - 0.8, 0.8),
                    one.name, "week of " if step == 7 else "", display.day(slot),
                    display.plural(calls, "call"),
                )
            )  # fmt: skip
        if index % labelled == 0:
            parts.append(
                Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    x + bar / 2, height - 8, f"{slot.day} {slot:%b}"
                )
            )
    per = "day" if step == 1 else "week"
    return _svg(width, height, f"Flagged calls per {per}, by platform", parts, "chart timeline")


def week(calls: Mapping[tuple[int, int], int], colour: int = 0) -> Markup:
    """Working hours: weekday (1 Monday to 7) and hour (0 to 23, UTC) to calls, as a grid."""
    width, height, left, top = 560, 176, 40, 4
    most = max(calls.values(), default=0)
    if not most:
        return Markup("")
    wide, tall = (width - left) / 24, 21
    parts = []
    for row, name in enumerate(_WEEKDAYS):
        y = top + row * tall
        parts.append(Markup('<text class="tick" x="0" y="{}">{}</text>').format(y + 14, name))
        for hour in range(24):
            found = calls.get((row + 1, hour), 0)
            parts.append(
                Markup(
                    '<rect class="cell c{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="3"{} '
                    'data-tip="{}"/>'
                ).format(
                    colour if found else "-none", left + hour * wide, y, wide - 3, tall - 3,
                    Markup(' fill-opacity="{:.2f}"').format(0.18 + 0.82 * found / most) if found else "",
                    f"{name} {hour:02}:00 to {hour:02}:59 UTC: {display.plural(found, 'call')}",
                )
            )  # fmt: skip
    parts += [
        Markup('<text class="tick" x="{:.1f}" y="{}">{:02}</text>').format(
            left + hour * wide, height - 8, hour
        )
        for hour in range(0, 24, 3)
    ]
    return _svg(width, height, "Flagged calls by weekday and hour, UTC", parts, "chart")


def bands(labels: Sequence[str], values: Sequence[int], colour: int = 0, *, title: str) -> Markup:
    """Horizontal bars with their label before and their value and share behind."""
    total, most = sum(values), max(values, default=0)
    if not most:
        return Markup("")
    width, left, right, tall = 560, 122, 108, 30
    parts = []
    for row, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = row * tall + 4
        long = max((width - left - right) * value / most, 2 if value else 0)
        parts.append(
            Markup(
                '<text class="label" x="0" y="{}">{}</text>'
                '<rect class="track" x="{}" y="{}" width="{}" height="14" rx="4"/>'
                '<rect class="mark c{}" x="{}" y="{}" width="{:.1f}" height="14" rx="4"/>'
                '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(
                y + 14, label, left, y + 3, width - left - right, colour, left, y + 3, long,
                width, y + 14, f"{value:,} · {display.percent(value / total)}",
            )
        )  # fmt: skip
    return _svg(width, len(values) * tall + 4, title, parts, "chart")


def split(parts: Sequence[tuple[str, int, str]], *, title: str) -> Markup:
    """One bar cut into shares: (label, value, class) each."""
    total = sum(value for _, value, _ in parts)
    if not total:
        return Markup("")
    width, x, drawn = 960.0, 0.0, []
    for label, value, css in parts:
        wide = width * value / total
        if value:
            drawn.append(
                Markup(
                    '<rect class="mark {}" x="{:.1f}" y="0" width="{:.1f}" height="12" data-tip="{}"/>'
                ).format(css, x, max(wide - 2, 1), f"{label}: {value:,}")
            )
        x += wide
    return _svg(int(width), 12, title, drawn, "chart split", stretch=True)


def meter(share: float | None, css: str = "c0") -> Markup:
    """A small bar from 0 to 1 beside a figure; says nothing to a screen reader, the figure does."""
    filled = min(max(share or 0.0, 0.0), 1.0) * 64
    return Markup(
        '<svg class="meter" viewBox="0 0 64 6" width="64" height="6" aria-hidden="true">'
        '<rect class="track" width="64" height="6" rx="3"/>'
        '<rect class="mark {}" width="{:.1f}" height="6" rx="3"/></svg>'
    ).format(css, filled)


def spark(calls: Mapping[dt.date, int], first: dt.date, last: dt.date, colour: int = 0) -> Markup:
    """A row of small columns between two days: the shape of a campaign beside its name."""
    span = (last - first).days + 1
    slots = min(span, 40)
    stack = [0] * slots
    for day, found in calls.items():
        place = (day - first).days * slots // span
        if 0 <= place < slots:
            stack[place] += found
    most = max(stack, default=0)
    if not most:
        return Markup("")
    pitch = 120 / slots
    drawn = [
        Markup('<rect class="mark c{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            colour,
            i * pitch,
            24 - max(24 * found / most, 1.5),
            max(pitch - 1, 0.8),
            max(24 * found / most, 1.5),
        )
        for i, found in enumerate(stack)
        if found
    ]
    return Markup(
        '<svg class="spark" viewBox="0 0 120 24" width="120" height="24" aria-hidden="true">{}</svg>'
    ).format(Markup("").join(drawn))


def _svg(
    width: int, height: int, title: str, parts: Sequence[Markup], css: str, *, stretch: bool = False
) -> Markup:
    return Markup('<svg class="{}" viewBox="0 0 {} {}"{} role="img" aria-label="{}">{}</svg>').format(
        css,
        width,
        height,
        Markup(' preserveAspectRatio="none"') if stretch else "",
        title,
        Markup("").join(parts),
    )


def _axis(tick: int, most: int, left: int, width: int, top: int, plot: int) -> Markup:
    y = top + plot - plot * tick / most
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{:,}</text>'
    ).format(left, width, y, y, left - 8, y + 4, tick)


def _ticks(most: int) -> list[int]:
    """0 and up to five round values, the last at least `most`."""
    step = 10 ** math.floor(math.log10(max(most, 1)))
    for part in (0.2, 0.25, 0.5, 1, 2):
        size = max(1, math.ceil(step * part))
        if size * 4 >= most:
            return list(range(0, size * math.ceil(most / size) + 1, size))
    return [0, most]


def _within(calls: Mapping[dt.date, int], slot: dt.date, days: int) -> int:
    return sum(calls.get(slot + dt.timedelta(days=i), 0) for i in range(days))
