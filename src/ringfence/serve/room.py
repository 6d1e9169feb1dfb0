"""A room: some pages and their entries in the navigation. The app mounts a list of them."""

from __future__ import annotations

from typing import Any

import msgspec


class NavEntry(msgspec.Struct, frozen=True):
    """One line of the navigation. path: where it leads, from the root. count: a figure beside it, if any."""

    label: str
    path: str
    count: int | None = None


class Room(msgspec.Struct, frozen=True):
    """name: the heading over its entries. handlers: Litestar route handlers, with paths of their own.

    note: lines at the foot of the navigation, for example what is looked at.
    """

    name: str
    nav: list[NavEntry]
    handlers: list[Any]
    note: list[str] = []
