"""Turns a template into a response inside the page shell; pages of any room use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from ringfence.console.shell import ASSETS, PageLinks, asset, render
from ringfence.serve.room import NavEntry, Room

HTML = "text/html"


class Shell(msgspec.Struct, frozen=True):
    """What surrounds every page: the rooms' navigation and notes."""

    rooms: Sequence[Room]
    show_numbers: bool

    def current(self, path: str) -> NavEntry | None:
        """The entry that `path` belongs to: the longest that it begins with."""
        entries = [entry for room in self.rooms for entry in room.nav]
        within = [e for e in entries if path == e.path or (e.path != "/" and path.startswith(e.path + "/"))]
        return max(within, key=lambda e: len(e.path), default=None)


def respond(
    request: Request[Any, Any, Any], template: str, *, title: str, part: str = "", **context: Any
) -> Response[str]:
    """`template` inside the shell; for an htmx request only the template `part`, where one is named."""
    shell: Shell = request.app.state.shell
    partial = part and request.headers.get("hx-request") == "true"
    text = render(
        part if partial else template,
        show_numbers=shell.show_numbers,
        shell=shell,
        current=shell.current(request.url.path),
        title=title,
        links=PageLinks(),
        **context,
    )
    # the same address answers with a page or with its part
    return Response(text, media_type=HTML, headers={"Vary": "HX-Request"})


@get("/static/{name:str}", sync_to_thread=False)
def static_file(name: FromPath[str]) -> Response[bytes]:
    """One of the console's static files."""
    if name not in ASSETS:
        raise NotFoundException
    return Response(asset(name), media_type=ASSETS[name], headers={"Cache-Control": "max-age=3600"})


@get("/healthz", sync_to_thread=False)
def healthz() -> Response[bytes]:
    """Whether the process answers."""
    return Response(b'{"status":"ok"}', media_type="application/json")
