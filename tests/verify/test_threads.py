"""One verifier, many threads: on a build with a global lock and on one without."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.verify.calls import BRITISH, PROVIDER, ROOT, STRANGER, TRUST, Shelf, call, shaken
from tests.verify.pki import NOW

from ringfence.model.verification import Verdict
from ringfence.verify.credential import Credentials
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.trust import TrustStore
from ringfence.verify.verifier import Verifier

THREADS = 8


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_token_is_new_to_one_thread_only() -> None:
    memory = ReplayMemory(most=50)
    tokens = [b"%d" % (i // THREADS) for i in range(400 * THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        notes = list(pool.map(lambda t: memory.seen(t, "192.0.2.1", t.decode(), NOW), tokens))
        list(pool.map(lambda t: memory.answered(t.decode()), tokens))
    # a token may be forgotten and come again, but none is new to two threads that hold it at once
    assert 400 <= notes.count(None) < 800 and len(memory) <= 50


def test_a_token_that_all_bring_at_once_is_repeated_for_all_but_one() -> None:
    header = call(shaken())
    judges = Verifier(Credentials(Shelf(), TRUST), BRITISH, ReplayMemory())
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: judges.verify(header, NOW), range(200)))
    assert {one.verdict for one in found} == {Verdict.VALID}
    assert sum(one.passports[0].notes == () for one in found) == 1


def test_addresses_come_and_go_under_many_threads() -> None:
    body = PROVIDER.certificate.pem()
    urls = [f"https://certs.example.org/{i}.pem" for i in range(40)]
    credentials = Credentials(Shelf(dict.fromkeys(urls, body)), TRUST, size=3)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda i: credentials.get(urls[i * 7 % 40], NOW), range(800)))
        list(pool.map(lambda url: credentials.doubt(url, NOW), urls))
    assert all(one.credential is not None for one in found)
    assert sum(credentials.known(url, NOW) for url in urls) <= 3


def test_roots_replaced_under_way_leave_nothing_of_the_old_ones() -> None:
    others = TrustStore((STRANGER.certificate,))
    shelf = Shelf()
    credentials = Credentials(shelf, TRUST)
    url = "https://certs.example.org/provider.pem"

    class Reloading(Shelf):
        def fetch(self, url: str, now: float):  # type: ignore[no-untyped-def]
            credentials.reload(others)
            return super().fetch(url, now)

    credentials._fetcher = Reloading()
    assert credentials.get(url, NOW).credential is not None  # by the roots that it began with
    assert not credentials.known(url, NOW)
    assert credentials.get(url, NOW).fault is not None
    turns = itertools.cycle((TRUST, others))
    credentials._fetcher = shelf
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(
            lambda i: credentials.reload(next(turns)) if i % 5 else credentials.get(url, NOW), range(500)
        ):
            pass
    credentials.reload(TrustStore((ROOT.certificate,)))
    assert credentials.get(url, NOW).credential is not None
