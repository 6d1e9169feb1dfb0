"""What fetches certificates for a verifier, which has no sockets of its own."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from ringfence.model.rejected import Rejected


class Fetched(msgspec.Struct, frozen=True):
    """body: what the server sent. expires: until when it may be used without asking again, seconds since
    1970."""

    body: bytes
    expires: float


class Fetcher(Protocol):
    """Certificates and revocation lists by address."""

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        """The bytes at an address. Rejected: reason no_certificate (or bad_url), status 436, and a detail
        that says what went wrong. Never raises."""
        ...


@runtime_checkable
class RenewingFetcher(Fetcher, Protocol):
    """One that keeps what it fetched."""

    def renew(self, url: str, now: float) -> None:
        """Ask anew, in the background and not too often: what is kept may have been replaced."""
        ...
