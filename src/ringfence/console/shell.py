"""The page shell: template environment, links and static files that the pages and the report share."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib import resources
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ringfence.console import charts, display, signals, words

#: Static files that a page may ask for, with their media types.
ASSETS = {
    "ringfence.css": "text/css",
    "ringfence.js": "text/javascript",
    "screen.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "inter.woff2": "font/woff2",
    "mark.svg": "image/svg+xml",
}


#: A name of so many characters stays in one piece.
_SHORT = 28


class Links(Protocol):
    """Where a template's references lead; None: nowhere, the text stands alone."""

    def platform(self, name: str) -> str | None: ...

    def campaign(self, name: str) -> str | None: ...

    def calls(self, **filters: str) -> str | None: ...

    def victims(self, **filters: str) -> str | None: ...

    def source(self, trunk: str | None, account: str | None, **filters: str) -> str | None: ...


class PageLinks:
    """Links of the pages that `serve` mounts."""

    def platform(self, name: str) -> str | None:
        # a name may hold a slash, which a server has decoded before it looks for the page
        return "/platforms/one?" + urlencode({"id": name})

    def campaign(self, name: str) -> str | None:
        return "/campaigns/one?" + urlencode({"id": name})

    def calls(self, **filters: str) -> str | None:
        return "/calls?" + urlencode(filters)

    def victims(self, **filters: str) -> str | None:
        return "/victims?" + urlencode(filters)

    def source(self, trunk: str | None, account: str | None, **filters: str) -> str | None:
        """Calls of a trunk, and of the account on it where that is known."""
        if not trunk:
            return None
        return self.calls(**filters, trunk=trunk, **({"account": account} if account else {}))


class ReportLinks:
    """Links inside one file: to the sections of its platforms, and nowhere else."""

    def platform(self, name: str) -> str | None:
        return "#" + quote(anchor(name))

    def campaign(self, name: str) -> str | None:
        return None

    def calls(self, **filters: str) -> str | None:
        return None

    def victims(self, **filters: str) -> str | None:
        return None

    def source(self, trunk: str | None, account: str | None, **filters: str) -> str | None:
        return None


def anchor(name: str) -> str:
    """The id of a platform's section."""
    return "platform-" + "_".join(display.clean(name, 80).split())


@functools.cache
def environment(show_numbers: bool) -> Environment:
    """The template environment: escapes everything, cleans every string it prints, masks called numbers
    unless `show_numbers`."""
    found = Environment(
        loader=PackageLoader("ringfence.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    found.globals.update(charts=charts, words=words, show_numbers=show_numbers, anchor=anchor)
    found.filters.update(
        person=display.clean if show_numbers else display.mask,
        about=_keep if show_numbers else _mask_called,
        raw=display.clean if show_numbers else display.mask_text,
        count=display.count,
        plural=display.plural,
        percent=display.percent,
        score=display.score,
        moment=display.moment,
        day=display.day,
        period=display.period,
        duration=display.duration,
        sentence=display.sentence,
        capital=display.capital,
        whole=_whole,
        one_a_line=_one_a_line,
        likelihood=words.likelihood,
        signal=signals.meaning,
        signal_label=signals.label,
        signal_labels=signals.labels,
        signal_line=signals.line,
        missing=signals.what_is_missing,
        rejection=words.rejection,
        rejection_remedy=words.rejection_remedy,
        options=lambda values: [(value, value) for value in values],
        signal_options=lambda spoke: [(s.name, signals.label(s.name)) for s in spoke],
    )
    found.tests["remediable"] = lambda reason: bool(words.rejection_remedy(reason))
    return found


def render(template: str, *, show_numbers: bool, **context: Any) -> str:
    """A template of console/templates as text."""
    return environment(show_numbers).get_template(template).render(**context)


@functools.cache
def asset(name: str) -> bytes:
    """A static file's content. Raises KeyError for a name that is not in ASSETS."""
    if name not in ASSETS:
        raise KeyError(name)
    return (resources.files("ringfence.console") / "static" / name).read_bytes()


def _finalize(value: Any) -> Any:
    if value is None:
        return display.DASH
    if isinstance(value, str) and not isinstance(value, Markup):
        return display.clean(value)
    return value


def _whole(text: str, name: str | None) -> Markup:
    """A sentence in which a short name is not broken at the end of a line."""
    safe, held = escape(display.clean(text)), escape(display.clean(name or ""))
    if not held or len(held) > _SHORT:
        return safe
    return Markup(safe.replace(held, Markup('<span class="nowrap">{}</span>').format(held)))


def _one_a_line(names: Iterable[str]) -> Markup:
    """Names as lines for the clipboard: each once, cleaned, and the list never cut."""
    lines = (display.clean(name, len(name)).replace("\n", " ") for name in dict.fromkeys(names))
    return Markup("\n").join(lines)


def _keep(text: str | None, called: str | None) -> str:
    return text or ""


def _mask_called(text: str | None, called: str | None) -> str:
    """A reason in which the called person's number is masked; presented numbers stay."""
    return (text or "").replace(called, display.mask(called)) if called else text or ""
