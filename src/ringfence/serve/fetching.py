"""Certificates by URL: asked for once, kept as long as that is right, from servers that nobody vouches for.

    lookup   memory: fresh, or stale and renewed meanwhile, or a failure that still stands
    policy   `fetch_target`: which URLs are asked at all
    flight   one for each URL, however many calls wait for it
    disk     `ringfence.store.fetched_files`: what an earlier process had
    request  `requesting`: in its turn, from a checked address, within bounds on time and size
    keep     memory and disk, for as long as `answer_lifetime` says

All requests run on one event loop in a thread of its own. Nothing raises: what fails is Rejected with status
436. docs/reference/fetching.md has the rules and the reasons for them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Self

import msgspec

from ringfence.config import FetchSettings
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.serve.fetch_memory import Answered, Failed, FetchMemory
from ringfence.serve.fetch_target import Target, read_url
from ringfence.serve.http_get import Failure
from ringfence.serve.loop_thread import LoopThread
from ringfence.serve.requesting import CERTIFICATE_TYPES, Brought, Requester
from ringfence.serve.resolving import Resolver
from ringfence.store.fetched_files import FetchedFiles, Kept

#: URLs being fetched or waiting for their turn; more are turned away.
UNDER_WAY = 1_000
#: How long a first failure stands; each further one in a row twice as long, up to `failure_seconds`.
FIRST_FAILURE_SECONDS = 15.0

_AHEAD = 300.0  # seconds by which the clocks of two processes may differ

_log = logging.getLogger(__name__)


class FetchCounts(msgspec.Struct):
    """What has become of the calls for a certificate, and of the fetches for them, since the start.

    hits: answered with a fresh one. stale: with one that was being renewed, or could not be. known_failures:
    with a failure that still stood. joined: waited for a fetch that was under way. started: fetches and
    renewals begun; of these `from_disk` ended there, and `fetched` brought an answer. not_written: answers
    for which the disk had no room. failures: by kind, bad_url and busy also of calls that started nothing.
    """

    hits: int = 0
    stale: int = 0
    known_failures: int = 0
    joined: int = 0
    started: int = 0
    from_disk: int = 0
    fetched: int = 0
    not_written: int = 0
    failures: dict[str, int] = {}


Outcome = Fetched | Rejected


class HttpFetcher:
    """Fulfils `ringfence.model.fetching.Fetcher`; for any number of threads and event loops at a time."""

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        resolve: Resolver | None = None,
        content_types: frozenset[str] = CERTIFICATE_TYPES,
    ) -> None:
        """resolve: names to addresses, by default the system's way. content_types: what an answer may be;
        PEM may be anything.

        Raises ConfigError for a file of authorities that cannot be read, or a folder that cannot be used.
        """
        self._settings = settings = settings or FetchSettings()
        self._requester = Requester(settings, resolve, content_types)
        self._files = (
            FetchedFiles(Path(settings.cache_dir), settings.cache_bytes) if settings.cache_dir else None
        )
        self._lock = threading.Lock()
        self._memory = FetchMemory(settings.memory_bytes)
        self._thread = LoopThread("ringfence-fetch")
        self.counts = FetchCounts()
        self._process = os.getpid()
        self._flights: dict[str, Future[Outcome]] = {}

    def fetch(self, url: str, now: float) -> Outcome:
        """The bytes at a URL, waiting for them at most `seconds`. now: seconds since 1970, by the clock, also
        for calls of long ago. Not from an event loop, which would stand still: see `afetch`."""
        found = self._find(url, now)
        return found.result() if isinstance(found, Future) else found

    async def afetch(self, url: str, now: float) -> Outcome:
        """The same from an event loop, any. A caller that gives up leaves the fetch to the others."""
        found = self._find(url, now)
        return await asyncio.wrap_future(found) if isinstance(found, Future) else found

    def cached(self, url: str, now: float) -> Outcome | None:
        """What `fetch` would give at once; None if it would have to ask."""
        with self._lock:
            return self._known(url, now)

    def renew(self, url: str, now: float) -> None:
        """Ask anew, in the background, because what is kept may have been replaced: a signature that
        fails under it may be good under the certificate that is there by now. No more often than every
        `least_seconds`, and not before an answer is that old."""
        with self._lock:
            entry = self._memory.answer(url)
            age = max(self._settings.least_seconds, FIRST_FAILURE_SECONDS)
            if entry is not None and now >= entry.since + age:
                self._refresh(url, entry, now)

    def close(self) -> None:
        """End what is under way, as failed. What is in memory can still be had."""
        self._thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # lookup

    def _find(self, url: str, now: float) -> Outcome | Future[Outcome]:
        with self._lock:
            known = self._known(url, now)
            if known is not None:
                return known
            if (flight := self._under_way().get(url)) is not None:
                self.counts.joined += 1
                return flight
            target = read_url(url, self._settings)
            if isinstance(target, Rejected):
                self._count("bad_url")
                return target
            return self._launch(url, target, now)

    def _known(self, url: str, now: float) -> Outcome | None:
        entry = self._memory.answer(url)
        if entry is not None:
            if now < entry.fetched.expires:
                self.counts.hits += 1
                return entry.fetched
            if now < entry.renew_until or (now < entry.error_until and now < entry.retry_at):
                self._refresh(url, entry, now)
                return self._stale(entry, now)
        failed = self._memory.failure(url)
        if failed is not None and now < failed.until:
            self.counts.known_failures += 1
            return failed.rejected
        return None

    def _stale(self, entry: Answered, now: float) -> Fetched:
        self.counts.stale += 1
        # by then the renewed one is there, or not to be had
        return Fetched(entry.fetched.body, now + self._settings.seconds)

    def _refresh(self, url: str, entry: Answered, now: float) -> None:
        if now >= entry.retry_at and url not in self._under_way():
            target = read_url(url, self._settings)
            if isinstance(target, Target):
                self._launch(url, target, now)

    # flight

    def _under_way(self) -> dict[str, Future[Outcome]]:
        if self._process != os.getpid():  # a fork: what the parent has under way never ends here
            self._process, self._flights = os.getpid(), {}
        return self._flights

    def _launch(self, url: str, target: Target, now: float) -> Rejected | Future[Outcome]:
        if len(self._flights) >= UNDER_WAY:
            return self._reject(Failure("busy", "too many certificates are being fetched"))
        flight: Future[Outcome] = Future()
        flight.set_running_or_notify_cancel()  # one caller that gives up does not end it for the others
        if not self._thread.run(lambda: self._fly(url, target, now, flight)):
            return self._reject(Failure("closed", "certificates are no longer fetched"))
        self._flights[url] = flight
        self.counts.started += 1
        return flight

    async def _fly(self, url: str, target: Target, now: float, flight: Future[Outcome]) -> None:
        result: Brought | Failure | None = Failure("closed", "certificates are no longer fetched")
        try:
            result = None if await self._load(url, now) else await self._requester.ask(url, target, now)
        except Exception:  # ours, not the server's: told to the operator, and the calls go on
            _log.exception("fetching %s", url)
            result = Failure("fault", "a fault in Ringfence; the log has more")
        finally:
            with self._lock:
                self._flights.pop(url, None)
                outcome = self._settle(url, result, now)
            flight.set_result(outcome)
        if self._files is not None and isinstance(result, Brought) and result.storable:
            written = await asyncio.to_thread(self._files.write, result.kept)
            with self._lock:
                self.counts.not_written += not written

    def _settle(self, url: str, result: Brought | Failure | None, now: float) -> Outcome:
        """Keep what a flight has come to, and say what its callers get. None: what was on disk will do."""
        if result is None:
            self.counts.from_disk += 1
            return self._known(url, now) or self._reject(Failure("fault", "nothing on disk"))
        if isinstance(result, Brought):
            self.counts.fetched += 1
            entry = _answered(result.kept)
            self._memory.keep(url, entry)
            return entry.fetched
        rejected = self._reject(result)
        if (former := self._memory.answer(url)) is not None and now < former.error_until:
            former.failures += 1
            former.retry_at = now + self._pause(former.failures)
            return self._stale(former, now)
        if result.kind not in ("busy", "closed"):  # which say nothing about the URL
            last = self._memory.failure(url)
            again = last is not None and now < last.until + self._settings.failure_seconds
            failures = last.failures + 1 if last is not None and again else 1
            self._memory.keep(url, Failed(rejected, now + self._pause(failures), failures))
        return rejected

    def _pause(self, failures: int) -> float:
        return float(min(FIRST_FAILURE_SECONDS * 2 ** min(failures - 1, 20), self._settings.failure_seconds))

    def _reject(self, failure: Failure) -> Rejected:
        self._count(failure.kind)
        return Rejected("no_certificate", 436, failure.detail)

    def _count(self, kind: str) -> None:
        self.counts.failures[kind] = self.counts.failures.get(kind, 0) + 1

    # disk

    async def _load(self, url: str, now: float) -> bool:
        """Bring into memory what the disk has of a URL; whether that will do for now."""
        if self._files is None:
            return False
        with self._lock:
            if self._memory.answer(url) is not None:
                return False  # being renewed
        kept = await asyncio.to_thread(self._files.read, url, now)
        if kept is None or len(kept.body) > self._settings.limit_bytes:
            return False
        # neither from a clock that was ahead, nor longer than is set now
        fresh = min(kept.fresh_until, kept.fetched + self._settings.most_seconds)
        renew = min(kept.renew_until, fresh + self._settings.renew_seconds)
        error = min(kept.error_until, fresh + self._settings.error_seconds)
        if kept.fetched > now + _AHEAD or now >= max(fresh, renew, error):
            return False
        with self._lock:
            self._memory.keep(url, Answered(Fetched(kept.body, fresh), kept.fetched, renew, error))
        return now < max(fresh, renew)


def _answered(kept: Kept) -> Answered:
    fetched = Fetched(kept.body, kept.fresh_until)
    return Answered(fetched, kept.fetched, kept.renew_until, kept.error_until)
