"""Errors: a problem document (RFC 9457) for programs, a tidy page with a way on for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from ringfence.console.shell import render

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457 section 3.1. type: about:blank, as the status says all that can be told."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"


class Way(msgspec.Struct, frozen=True):
    """Where a reader can go on from an error."""

    label: str = "To the overview"
    href: str = "/"


class AstrayError(HTTPException):
    """An address that asks for what this hunt does not hold (404), what cannot be understood (400), or what
    would give a masked number away (403)."""

    def __init__(self, status: int, detail: str, way: Way) -> None:
        super().__init__(status_code=status, detail=detail)
        self.way = way


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The response to an error. What went wrong inside is not told to whoever asks."""
    problem = _problem(error)
    way = error.way if isinstance(error, AstrayError) else Way()
    # a list that htmx replaces gets the words of the page without the page around them
    part = request.headers.get("hx-request") == "true"
    if part or wants_page(request.headers.get("accept", "")):
        template = "parts/fault.html" if part else "fault.html"
        text = render(template, show_numbers=False, problem=problem, way=way)
        return Response(
            text, status_code=problem.status, media_type="text/html", headers={"Vary": "HX-Request"}
        )
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE)


def wants_page(accept: str) -> bool:
    """Whether an Accept header asks for HTML by name, as browsers do and programs do not."""
    return "text/html" in accept.lower()


def _problem(error: Exception) -> Problem:
    if not isinstance(error, HTTPException):
        return Problem("Something went wrong", 500, "The page failed. The terminal that serves it says why.")
    status = error.status_code
    title = HTTPStatus(status).phrase.capitalize()
    if isinstance(error, AstrayError):
        return Problem(title, status, error.detail)
    if status == 400:
        return Problem(title, status, _what_is_wrong(error))
    details = {404: "There is no such page in this hunt.", 405: "This page is read-only: GET and HEAD."}
    return Problem(title, status, details.get(status, title))


def _what_is_wrong(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    named = [
        f"{e.get('key', 'parameter')}: {e.get('message', 'not understood')}"
        for e in extra
        if isinstance(e, dict)
    ]
    return "; ".join(named) or "A parameter of the address is missing or not understood."
