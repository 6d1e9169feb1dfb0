from __future__ import annotations

import asyncio

import msgspec
from tests.serve.servers import answering, held, resolving, serving
from tests.verify.calls import BRITISH, IAT, LONDON, MOBILE, ORIGID, PROVIDER, TRUST, call
from tests.verify.pki import NOW

from ringfence.config import FetchSettings
from ringfence.model.verification import Verdict
from ringfence.serve.fetching import HttpFetcher
from ringfence.serve.verifying import AsyncVerifier
from ringfence.verify.signer import Signer
from ringfence.verify.trust import TrustStore

LOCAL = resolving(["127.0.0.1"])


def settings(*ports: int, **more: object) -> FetchSettings:
    given = {"allow_http": True, "ports": ports, "allow_networks": ("127.0.0.0/8",), "seconds": 0.4} | more
    return msgspec.convert(given, FetchSettings)


def header(url: str) -> str:
    signer = Signer(PROVIDER.key, [PROVIDER.certificate], url, now=NOW, allow_http=True)
    return str(signer.shaken(LONDON, MOBILE, IAT, "A", ORIGID))


def test_a_slow_server_holds_up_its_own_calls_alone() -> None:
    with (
        serving(held(b"")) as slow,
        serving(answering(PROVIDER.certificate.pem())) as quick,
        HttpFetcher(settings(slow.port, quick.port), resolve=LOCAL) as fetcher,
    ):
        verifier = AsyncVerifier(fetcher, TRUST, policy=BRITISH)

        async def both() -> tuple[str, bool, str]:
            waiting = asyncio.create_task(verifier.verify(call(header(slow.url())), NOW))
            await asyncio.sleep(0)
            found = await verifier.verify(call(header(quick.url())), NOW)
            early = not waiting.done()
            return found.reason, early, (await waiting).reason

        assert asyncio.run(both()) == ("", True, "no_certificate")


def test_one_fetch_and_reload() -> None:
    held_here = answering(PROVIDER.certificate.pem())
    with serving(held_here) as server, HttpFetcher(settings(server.port), resolve=LOCAL) as fetcher:
        verifier = AsyncVerifier(fetcher, TRUST, policy=BRITISH)
        assert verifier.policy is BRITISH
        signed = call(header(server.url()))
        for _ in range(3):
            assert asyncio.run(verifier.verify(signed, NOW)).verdict is Verdict.VALID
        assert len(server.requests) == 1
        verifier.reload(TrustStore())
        assert asyncio.run(verifier.verify(signed, NOW)).reason == "untrusted"


def test_an_address_that_is_never_asked_says_so() -> None:
    with HttpFetcher(settings(80), resolve=LOCAL) as fetcher:
        verifier = AsyncVerifier(fetcher, TRUST, policy=BRITISH)
        for url, reason in (("http://a.example:81/x", "bad_url"), ("http://a.example/x?y", "bad_url")):
            changed = header("https://a.example/x").replace("https://a.example/x", url)
            assert asyncio.run(verifier.verify(call(changed), NOW)).reason in (reason, "info_mismatch")
