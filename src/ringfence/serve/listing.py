"""A long list in pages: which rows are shown, and the addresses of the others."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

PAGE_ROWS = 50


class Query(msgspec.Struct, frozen=True):
    """What was asked of a list. filters: those that are set. order: a column, `-` in front: descending."""

    path: str
    filters: Mapping[str, str]
    order: str
    page: int

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


def given(**filters: str | None) -> dict[str, str]:
    """The filters that are set, without blanks around them."""
    return {name: value.strip() for name, value in filters.items() if value and value.strip()}
