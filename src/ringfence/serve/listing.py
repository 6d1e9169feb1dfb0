"""A long list in pages: what was asked for, which rows are shown, and the addresses of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from ringfence.console.display import clean
from ringfence.serve.problems import AstrayError, Way

PAGE_ROWS = 50

#: No name, number or reason is longer; whoever asks with more is told so.
LONGEST = 400


class Query(msgspec.Struct, frozen=True):
    """What was asked of a list. filters: those that are set. order: a column, `-` in front: descending.

    table: the findings file whose rows are listed.
    """

    path: str
    filters: Mapping[str, str]
    order: str
    page: int
    table: str = ""

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_ROWS

    def at(self, *, page: int = 1, order: str | None = None, **filters: str) -> str:
        """The address with other filters (an empty one is dropped), another order or another page."""
        merged = {name: value for name, value in {**self.filters, **filters}.items() if value}
        chosen = self.order if order is None else order
        pairs = {
            **merged,
            **({"sort": chosen} if chosen else {}),
            **({"page": str(page)} if page > 1 else {}),
        }
        return self.path + ("?" + urlencode(pairs) if pairs else "")

    def csv(self) -> str:
        """The address of the whole list, all pages of it, as CSV in this order."""
        pairs = {**self.filters, **({"sort": self.order} if self.order else {})}
        return f"/downloads/csv/{self.table}" + ("?" + urlencode(pairs) if pairs else "")

    def sorted_by(self, column: str) -> str:
        """The address of the list by `column`: largest first, smallest first when it already is."""
        return self.at(order=column if self.order == "-" + column else "-" + column)

    def aria(self, column: str) -> str:
        """The value of aria-sort for a column's head, or an empty string."""
        if self.order.lstrip("-") != column:
            return ""
        return "descending" if self.order.startswith("-") else "ascending"

    def pages(self, total: int) -> int:
        return max(1, -(-total // PAGE_ROWS))

    def within(self, total: int) -> None:
        """Raise AstrayError (404) for a page after the last one of `total` rows."""
        last = self.pages(total)
        if self.page > last:
            held = f"there is one page, of {total:,} rows" if last == 1 else f"there are {last:,} pages"
            raise AstrayError(
                404, f"There is no page {self.page:,}: {held}.", Way("To the last page", self.at(page=last))
            )

    def span(self, total: int) -> tuple[int, int]:
        """The first and the last row of this page, from 1."""
        return self.offset + 1, min(self.offset + PAGE_ROWS, total)


def given(path: str, /, **filters: str | None) -> dict[str, str]:
    """The filters that are set, without blanks around them. Raises AstrayError (400) for one too long."""
    asked = {name: value.strip() for name, value in filters.items() if value and value.strip()}
    for name, value in asked.items():
        if len(value) > LONGEST:
            raise AstrayError(
                400,
                f"{name} is longer than {LONGEST} characters; no value of it is.",
                Way("To the list", path),
            )
    return asked


def page_number(path: str, text: str | None) -> int:
    """The page asked for, from 1. Raises AstrayError (400) for what is no such number."""
    if not text:
        return 1
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= 1):
        raise AstrayError(
            400,
            f"page: {quoted(text)} is no page number; pages count from 1.",
            Way("To the first page", path),
        )
    return int(text)


def order(path: str, text: str | None, columns: Sequence[str], usual: str) -> str:
    """The order asked for. Raises AstrayError (400) for a column that the list does not have."""
    if not text:
        return usual
    if text.removeprefix("-") not in columns:
        raise AstrayError(
            400,
            f"sort: there is no column {quoted(text.removeprefix('-'))}; there are {', '.join(columns)}.",
            Way("To the list in its usual order", path),
        )
    return text


def quoted(text: str) -> str:
    """A reader's own words, made safe to repeat."""
    return "“" + clean(text, 80).replace("\n", " ") + "”"
