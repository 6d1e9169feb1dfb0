from __future__ import annotations

import functools
import os
import signal
from collections.abc import Iterator

import msgspec
import pytest
from tests.verify.calls import PLACES, ROOT, call, shaken
from tests.verify.pki import NOW

from ringfence.errors import ConfigError, RingfenceError, UsageError
from ringfence.model.call import Call
from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict
from ringfence.serve.verify_pool import BATCH, verify_in_processes
from ringfence.verify.credential import Credentials
from ringfence.verify.policy import STRICT
from ringfence.verify.reasons import rejected
from ringfence.verify.replay import ReplayMemory
from ringfence.verify.trust import TrustStore, read_pem
from ringfence.verify.verifier import Verifier

BODIES = {url: issued.certificate.pem() for url, issued in PLACES.items()}


class Held:
    """Certificates that came along with the recipe."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self.bodies = bodies

    def fetch(self, url: str, now: float) -> Fetched | Rejected:
        body = self.bodies.get(url)
        return rejected("no_certificate") if body is None else Fetched(body, now + 3600.0)


def _make(root: bytes, bodies: dict[str, bytes]) -> Verifier:
    trust = read_pem(root)
    assert isinstance(trust, TrustStore)
    return Verifier(Credentials(Held(bodies), trust), msgspec.structs.replace(STRICT, region="GB"))


make = functools.partial(_make, ROOT.certificate.pem(), BODIES)


def _misconfigured() -> Verifier:
    raise ConfigError("roots.pem: no certificate in it")


def _remembering() -> Verifier:
    verifier = Verifier(Credentials(Held({}), TrustStore(())))
    verifier.replay = ReplayMemory()
    return verifier


def _dying() -> Verifier:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


HEADER = shaken()


def _calls(count: int) -> list[tuple[Call, float]]:
    kinds = [(call(HEADER), NOW), (call(HEADER), NOW + 100), (call(), NOW), (call("\udcff;"), NOW)]
    return [kinds[i % 3 if i % 50 else 3] for i in range(count)]


def test_the_same_in_the_same_order_as_in_one_process() -> None:
    calls = _calls(3 * BATCH + 7)
    found = list(verify_in_processes(calls, make, 2))
    assert found == list(make().verify_many(calls))
    assert {one.verdict for one in found} == set(Verdict)


def test_calls_are_read_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[tuple[Call, float]]:
        nonlocal taken
        for one in iter(lambda: (call(), NOW), None):
            taken += 1
            yield one

    running = verify_in_processes(endless(), make, 1)
    assert taken == 0
    for _ in range(BATCH + 1):
        assert next(running).verdict is Verdict.UNSIGNED
    running.close()  # type: ignore[attr-defined]
    assert taken <= 5 * BATCH


def test_no_calls() -> None:
    assert list(verify_in_processes([], make, 1)) == []


def test_faults_are_told() -> None:
    one = [(call(), NOW)]
    with pytest.raises(ConfigError, match=r"roots\.pem"):
        list(verify_in_processes(one, _misconfigured, 1))
    with pytest.raises(UsageError, match="memory of tokens"):
        list(verify_in_processes(one, _remembering, 1))
    with pytest.raises(RingfenceError, match="has died"):
        list(verify_in_processes(one, _dying, 1))
    with pytest.raises(UsageError, match="at least one"):
        verify_in_processes(one, make, 0)


def test_what_the_calls_raise_ends_it() -> None:
    def broken() -> Iterator[tuple[Call, float]]:
        yield call(), NOW
        raise ValueError("the capture is cut off")

    with pytest.raises(ValueError, match="cut off"):
        list(verify_in_processes(broken(), make, 1))
