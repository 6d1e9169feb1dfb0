"""INVITEs in, SIP answers out, and each verdict on the log before it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest
from tests.serve.screens import BANK, PERSON, VICTIM, invite, screening
from tests.store.redis_server import RedisServer
from tests.verify.calls import LONDON, MOBILE, PLACES, TRUST, Shelf, shaken
from tests.verify.pki import NOW

from ringfence.model.verification import Verdict
from ringfence.screen.counters import Counters
from ringfence.screen.shared_counters import AsyncSharedCounters
from ringfence.serve.screen_metrics import exposition, snapshot
from ringfence.serve.screening import Screening
from ringfence.serve.verifying import AsyncVerifier
from ringfence.store.decision_log import read_segment
from ringfence.store.redis_counters import AsyncRedisCounters

ASKER = ("127.0.0.1", 5060)


def answer(screen: Screening, data: bytes, source: tuple[str, int] = ASKER, now: float = 0.0) -> str:
    response = screen.handle(data, source, "udp", now or time.time())
    if isinstance(response, Awaitable):
        response = asyncio.run(_wait(response))
    return (response or b"").decode()


async def _wait(response: Awaitable[bytes | None]) -> bytes | None:
    return await response


def test_the_outcomes_over_sip() -> None:
    screen = screening()
    blocked = answer(screen, invite())
    assert blocked.startswith("SIP/2.0 603 Network Blocked\r\n") and "Reason: SIP;cause=603" in blocked
    assert "protected" not in blocked and "Example Bank" not in blocked
    passed = answer(screen, invite(PERSON))
    assert passed.startswith("SIP/2.0 302 ") and "verstat%3DNo-TN-Validation" in passed and VICTIM in passed
    withheld = answer(screen, invite("+447400123456", "X-Ringfence-Trunk: ABROAD"))
    assert (
        withheld.startswith("SIP/2.0 302 ")
        and "Privacy=user%3Bid" in withheld
        and "7400123456" not in (withheld.split("Contact:")[1])
    )
    assert screen.verdicts.total() == 3 and sum(screen.seconds) == 3


def test_who_is_not_judged() -> None:
    screen = screening()
    assert answer(screen, invite(), ("198.51.100.1", 5060)).startswith("SIP/2.0 403 ")
    assert answer(screen, b"rubbish") == "" and answer(screen, b"") == ""
    options = invite().replace(b"INVITE", b"OPTIONS")
    assert answer(screen, options).startswith("SIP/2.0 200 ")
    assert screen.verdicts.total() == 0
    assert screen.happened == {"strangers": 1, "unreadable": 2, "not_judged": 1}


def test_two_from_fields_are_refused() -> None:
    assert answer(screening(), invite(PERSON, f"f: <sip:{BANK}@h>;tag=2")).startswith("SIP/2.0 400 ")


def test_what_is_answered_is_on_the_log(tmp_path: Path) -> None:
    screen = screening(tmp_path)
    for i in range(5):
        answer(screen, invite(call_id=f"c{i}"))
        rows, damaged = read_segment(next(tmp_path.glob("*.open")))
        assert damaged == 0 and [row.sip_call_id for row in rows] == [f"c{j}" for j in range(i + 1)]
    assert rows[0].action == "block" and rows[0].caller == BANK and "protected_identity" in rows[0].signals
    assert len({row.call_id for row in rows}) == 5 and screen.log is not None
    screen.log.close()


def test_calls_go_on_where_the_log_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    screen = screening(tmp_path)
    assert screen.log is not None
    screen.log.close()
    assert answer(screen, invite()).startswith("SIP/2.0 603 ") and answer(screen, invite()).startswith(
        "SIP/2.0 603"
    )
    assert screen.happened["log_failures"] == 2 and len(caplog.records) == 1


class _Fetcher(Shelf):
    """An `HttpFetcher` as far as the verifier asks it."""

    def cached(self, url: str, now: float) -> object:
        return None

    async def afetch(self, url: str, now: float) -> object:
        return self.fetch(url, now)

    def renew(self, url: str, now: float) -> None:
        pass


def test_signatures_are_verified_once_their_certificate_is_there() -> None:
    fetcher = _Fetcher({url: issued.certificate.pem() for url, issued in PLACES.items()})
    seen = []
    screen = screening(verifier=AsyncVerifier(fetcher, TRUST))  # type: ignore[arg-type]
    screen.listeners.add(lambda attempt, verdict: seen.append(verdict.verstat))
    header = f"Identity: {shaken()}"
    signed = invite(f"+{LONDON}", header, called=f"+{MOBILE}")
    assert "TN-Validation-Passed" in answer(screen, signed, now=NOW)
    assert isinstance(screen.handle(signed, ASKER, "udp", NOW), bytes)  # from memory, at once
    false = signed.replace(b";tag=1", b";tag=1").replace(LONDON.encode(), b"447700900007", 1)
    assert "TN-Validation-Failed" in answer(screen, false, now=NOW)
    assert seen == ["TN-Validation-Passed", "TN-Validation-Passed", "TN-Validation-Failed"]
    assert asyncio.run(screen.verify(_call(), NOW)).verdict is Verdict.UNSIGNED


def _call():  # type: ignore[no-untyped-def]
    from ringfence.model.call import Call

    return Call()


def test_counters_that_screens_share(tmp_path: Path) -> None:
    """One screen sees half of a flood, and the whole of it in the counts."""

    async def main() -> None:
        server = RedisServer(tmp_path)
        text = 'base = "gb"\nmode = "live"\n[meters.from_line]\nper = "caller"\nseconds = 60\n'
        text += '[[rule]]\nname = "many"\naction = "block"\nreason = "too many calls"\n'
        text += "when = { count = { from_line = 5 } }\n"
        try:
            stores = [AsyncRedisCounters(server.url, timeout=0.5) for _ in range(2)]
            screens = [screening(text=text, shared=AsyncSharedCounters(Counters(), s)) for s in stores]
            for screen in screens:
                assert screen.shared is not None and await screen.shared.connect()
            now, said = time.time(), []
            for i in range(6):
                response = screens[i % 2].handle(invite(PERSON, call_id=str(i)), ASKER, "udp", now)
                assert isinstance(response, Awaitable)
                said.append((await response or b"")[8:11])
            assert said == [b"302"] * 5 + [b"603"]
            server.kill()  # each alone again: three calls seen
            response = screens[0].handle(invite(PERSON, call_id="7"), ASKER, "udp", now)
            assert isinstance(response, Awaitable) and (await response or b"").startswith(b"SIP/2.0 302")
            told = exposition(snapshot(screens[0], None))
            assert "ringfence_screen_counters_away 1\n" in told
            assert "ringfence_screen_counted_alone_total 1\n" in told
            for store in stores:
                await store.close()
        finally:
            server.kill()

    asyncio.run(main())


@pytest.mark.parametrize("diverter", [BANK, PERSON, VICTIM])
def test_a_diversion_of_ones_own_helps_nobody(diverter: str) -> None:
    """It made rules milder, and anybody can write one."""
    line = f"Diversion: <sip:{diverter}@h>;reason=unconditional"
    assert answer(screening(), invite(BANK, line)).startswith("SIP/2.0 603 ")
    abroad = "X-Ringfence-Trunk: ABROAD"
    assert answer(screening(), invite("+442079460055", line, abroad)).startswith("SIP/2.0 603 ")
