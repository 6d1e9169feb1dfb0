"""Fetches certificates before the first call needs them, from a list of URLs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from ringfence.errors import InputError
from ringfence.model.fetching import Fetched, Fetcher
from ringfence.model.rejected import Rejected

#: Fetches at a time: fewer than a fetcher allows from one host, or lists of one host would wait in vain.
AT_ONCE = 4


class Prewarmed(msgspec.Struct, frozen=True):
    """had: URLs whose certificates are there now. failed: the others, and why."""

    had: int
    failed: dict[str, Rejected]


def read_urls(path: Path) -> list[str]:
    """The URLs in a text file, one a line, each once and in their order; empty lines and those that begin
    with # are passed over. Raises InputError where the file cannot be read."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; give one URL a line") from error
    urls = (line.strip() for line in lines)
    return list(dict.fromkeys(url for url in urls if url and not url.startswith("#")))


def prewarm(
    fetcher: Fetcher,
    urls: Sequence[str],
    clock: Callable[[], float],
    progress: Callable[[], object] = lambda: None,
) -> Prewarmed:
    """Fetch each URL, AT_ONCE at a time, and return when all are done.

    clock: gives seconds since 1970; a long list takes minutes. progress: called after each URL.
    """

    def one(url: str) -> tuple[str, Fetched | Rejected]:
        return url, fetcher.fetch(url, clock())

    failed: dict[str, Rejected] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for url, outcome in pool.map(one, urls):
            if isinstance(outcome, Rejected):
                failed[url] = outcome
            progress()
    return Prewarmed(len(urls) - len(failed), failed)
