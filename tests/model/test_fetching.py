from __future__ import annotations

from ringfence.model.fetching import Fetched, Fetcher
from ringfence.model.rejected import Rejected


class _Shelf:
    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        return (
            Fetched(b"x", now + 60) if url == "https://a.example/c.pem" else Rejected("no_certificate", 436)
        )


def test_a_shelf_is_a_fetcher() -> None:
    shelf: Fetcher = _Shelf()
    assert shelf.fetch("https://a.example/c.pem", 0) == Fetched(b"x", 60)
