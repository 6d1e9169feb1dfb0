"""How long a fetched answer may be used (RFC 9111, RFC 5861), within bounds that are ours.

The server proposes and the settings dispose: an answer is good for at least `least_seconds`, so that a server
cannot have itself asked for each call, for at most `most_seconds`, and never past the end of the certificate
in it, so that the renewed one is asked for when it is due.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec
from cryptography import x509

from ringfence.config import FetchSettings

#: Larger numbers of seconds mean the same (RFC 9111 section 1.2.2).
_FOREVER = 2**31

_DIRECTIVE = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?""")


class Lifetime(msgspec.Struct, frozen=True):
    """Times in seconds since 1970, none before the one above it.

    fresh_until: good as it is. renew_until: good while it is being renewed. error_until: good if it cannot
    be renewed. storable: whether it may be written to disk.
    """

    fresh_until: float
    renew_until: float
    error_until: float
    storable: bool = True


def lifetime(
    headers: Mapping[str, str], now: float, settings: FetchSettings, ends: float | None = None
) -> Lifetime:
    """How long an answer of `now` may be used. headers: by lower-case name, repeated ones joined by commas.
    ends: when what is in it ceases to be in force; None if that is not known."""
    directives = cache_directives(headers.get("cache-control", ""))
    # a verifier's cache serves everyone's calls: it is a shared one
    storable = not directives.keys() & {"no-store", "private"}
    again = bool(directives.keys() & {"no-store", "private", "no-cache"})
    strict = again or bool(directives.keys() & {"must-revalidate", "proxy-revalidate"})
    asked = 0.0 if again else _asked(directives, headers, now)
    if asked is None:
        asked = settings.default_seconds
    fresh = now + min(max(asked, settings.least_seconds), settings.most_seconds)
    if ends is not None:
        fresh = min(fresh, max(ends, now + settings.least_seconds))
    if strict:
        return Lifetime(fresh, fresh, fresh, storable)
    renew = fresh + _window(directives, "stale-while-revalidate", settings.renew_seconds)
    error = fresh + _window(directives, "stale-if-error", settings.error_seconds)
    if ends is not None:
        renew, error = max(fresh, min(renew, ends)), max(fresh, min(error, ends))
    return Lifetime(fresh, renew, max(renew, error), storable)


def cache_directives(value: str) -> dict[str, str]:
    """The directives of a Cache-Control header, names in lower case, arguments without quotes and "" where
    there are none. Of a directive that is repeated the smallest number counts (RFC 9111 section 4.2.1). What
    cannot be read is passed over."""
    found: dict[str, str] = {}
    for name, argument in _DIRECTIVE.findall(value):
        name = name.lower()
        if argument.startswith('"'):
            argument = argument[1:-1]
        if name not in found or _seconds(argument) < _seconds(found[name]):
            found[name] = argument
    return found


def end_of_validity(body: bytes) -> float | None:
    """When the first certificate in PEM or DER ceases to be in force, or the next list is due of a
    revocation list; seconds since 1970. None if it cannot be read."""
    try:
        if b"-----BEGIN X509 CRL" in body:
            ends = x509.load_pem_x509_crl(body).next_update_utc
        elif b"-----BEGIN CERT" in body:
            ends = x509.load_pem_x509_certificate(body).not_valid_after_utc
        else:
            ends = _der_end(body)
    except Exception:  # whatever is wrong with it is the verifier's to say
        return None
    return ends.timestamp() if ends else None


def _der_end(body: bytes) -> datetime | None:
    try:
        return x509.load_der_x509_certificate(body).not_valid_after_utc
    except ValueError:
        return x509.load_der_x509_crl(body).next_update_utc


def _asked(directives: Mapping[str, str], headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from now for which the server calls it fresh (RFC 9111 section 4.2); None if it doesn't say."""
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return max(0.0, _seconds(directives[name]) - _seconds(headers.get("age", "")))
    if "expires" in headers:
        expires, date = _http_date(headers["expires"]), _http_date(headers.get("date", ""))
        # a date that cannot be read, "0" above all, lies in the past (RFC 9111 section 5.3)
        age = _seconds(headers.get("age", ""))
        return max(0.0, expires - (now if date is None else date) - age) if expires is not None else 0.0
    return None


def _window(directives: Mapping[str, str], name: str, most: float) -> float:
    return min(most, _seconds(directives[name])) if name in directives else most


def _seconds(text: str) -> float:
    """A number of seconds; 0 for what is none, which makes stale."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return 0.0
    return float(min(int(text[:20]), _FOREVER))


def _http_date(text: str) -> float | None:
    if len(text) > 64:
        return None
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined by commas (RFC 9110 section 5.3)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
