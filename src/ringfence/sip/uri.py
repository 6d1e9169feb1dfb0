"""SIP and tel URIs (RFC 3261 section 19.1, RFC 3966) with the parameters of their user part (RFC 4904)."""

from __future__ import annotations

import functools
import re
from urllib.parse import unquote

import msgspec

Params = tuple[tuple[str, str | None], ...]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)(?::([0-9]{1,5}))?$")
_UNSAFE = re.compile(r"[\s<>\"\x00-\x20\x7f]")


class Uri(msgspec.Struct, frozen=True):
    """A parsed URI.

    scheme: lower case. user: the user part, or the number of a tel URI, percent-decoded and without its
    parameters; None if absent. user_params: parameters of the user part or of the tel URI (tgrp,
    phone-context, verstat ...). params: parameters of the SIP URI. headers: what follows `?`, raw.
    Parameter names are lower case, values percent-decoded, None where there is no `=`.
    """

    scheme: str
    user: str | None = None
    user_params: Params = ()
    host: str | None = None
    port: int | None = None
    params: Params = ()
    headers: str = ""

    def param(self, name: str) -> str | None:
        """A parameter's value, from the user part first: that is where RFC 4904 and tel URIs put them."""
        for key, value in self.user_params + self.params:
            if key == name:
                return value
        return None


def _params(text: str) -> Params:
    pairs: list[tuple[str, str | None]] = []
    for piece in text.split(";"):
        if piece:
            name, equals, value = piece.partition("=")
            pairs.append((_decoded(name).lower(), _decoded(value) if equals else None))
    return tuple(pairs)


def _decoded(text: str) -> str:
    return unquote(text, errors="replace") if "%" in text else text


@functools.lru_cache(maxsize=256)  # one message names the same URI several times
def parse_uri(text: str) -> Uri | None:
    """A URI as a value; None where it breaks the grammar. Other schemes than sip, sips, tel stay opaque."""
    split = _SCHEME.match(text)
    if split is None or _UNSAFE.search(text):
        return None
    scheme, rest = split[1].lower(), split[2]
    if not rest:
        return None
    if scheme == "tel":
        number, _, params = rest.partition(";")
        return Uri("tel", _decoded(number), _params(params)) if number else None
    if scheme not in ("sip", "sips"):
        return Uri(scheme)
    if rest.count("@") > 1:  # of two readers one would see another host (RFC 3261 section 25.1: escape it)
        return None
    userinfo, at, address = rest.rpartition("@")
    address, _, headers = address.partition("?")
    host_port, _, params = address.partition(";")
    place = _HOST.match(host_port)
    if place is None:
        return None
    port = int(place[2]) if place[2] else None
    if port is not None and port > 65535:
        return None
    user: str | None = None
    user_params: Params = ()
    if at:
        name, _, extra = userinfo.partition(";")
        user = _decoded(name.partition(":")[0])  # a password is nobody's business here
        user_params = _params(extra)
    return Uri(scheme, user, user_params, place[1], port, _params(params) if params else (), headers)
