"""Which URLs a certificate is fetched from, and what they mean (RFC 3986).

One strict grammar decides: what two readers could take for two hosts is refused rather than normalised. The
rules are those that ATIS-1000074 sets for a verification service, as public sources quote it: https, port
443 or 8443, no user, query or fragment. docs/reference/fetching.md lists them.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urljoin

import msgspec

from ringfence.config import FetchSettings
from ringfence.model.rejected import Rejected

#: Real addresses of certificates have at most 106 characters.
LONGEST_URL = 2048
_LONGEST_HOST = 253  # RFC 1035 section 2.3.4

_STANDARD_PORT = {"https": 443, "http": 80}

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([1-9][0-9]{0,4}))?")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
#: inet_aton takes these for numbers, and a host that ends in one for an address, such as 127.1 or 0x7f000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Target(msgspec.Struct, frozen=True):
    """Where one request goes.

    host: a name in lower case, or an address without brackets; literal: whether it is an address.
    path: with its query, never empty.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: bool = False

    @property
    def authority(self) -> str:
        """What the Host header says (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _STANDARD_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def read_url(url: str, settings: FetchSettings) -> Target | Rejected:
    """Where a URL leads. Rejected: reason bad_url, status 436."""
    if len(url) > LONGEST_URL:
        return _bad(f"has {len(url):,} characters; the limit is {LONGEST_URL:,}")
    if not url.isascii() or not url.isprintable() or " " in url:
        return _bad("has characters that no URL has")
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return _bad("names no host")
    scheme, authority, path, query, fragment = parts.groups()
    scheme = scheme.lower()
    if scheme not in _STANDARD_PORT or (scheme == "http" and not settings.allow_http):
        return _bad(f"is {scheme[:20]}, where https is demanded")
    if fragment is not None:
        return _bad("has a fragment")
    if query is not None and not settings.allow_query:
        return _bad("has a query")
    if "@" in authority:
        return _bad("has a user part")
    if not _PATH.fullmatch(path) or (query is not None and not _QUERY.fullmatch(query)):
        return _bad("has characters that no path has")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return _bad("names no host, or a port that is no number")
    host = _read_host(found[1].lower())
    if isinstance(host, Rejected):
        return host
    port = int(found[2] or _STANDARD_PORT[scheme])
    if port not in settings.ports and (scheme, port) != ("http", 80):
        return _bad(f"has port {port}; fetch.ports allows {', '.join(map(str, settings.ports)) or 'none'}")
    return Target(scheme, host[0], port, (path or "/") + (query or ""), host[1])


def follow(target: Target, location: str, settings: FetchSettings) -> Target | Rejected:
    """Where a redirect leads (RFC 9110 section 10.2.2), under the same rules; never from https to http.

    Rejected: reason bad_url, status 436.
    """
    try:
        joined = urljoin(target.url, location)
    except ValueError:
        return _bad("names no host")
    onward = read_url(joined, settings)
    if isinstance(onward, Target) and target.scheme == "https" and onward.scheme != "https":
        return _bad("goes from https to http")
    return onward


def _read_host(host: str) -> tuple[str, bool] | Rejected:
    """The host, and whether it is an address in its one canonical form."""
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1])), True
        except AddressValueError:
            return _bad("has brackets around what is no IPv6 address")
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host)), True
        except AddressValueError:
            return _bad("has a number for a host that is not written as four decimal ones")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return _bad("has a host that is no name of the DNS")
    return host, False


def _bad(what: str) -> Rejected:
    return Rejected("bad_url", 436, f"the URL {what}")
