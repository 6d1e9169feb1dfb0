"""The configuration of docs/how-to/identity-beside-kamailio.md, as it stands there, but for its addresses."""

from __future__ import annotations

import re
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import uvicorn
from tests.peers.identity.calls import CALLED, CALLER, VICTIM, Trial
from tests.peers.identity.kamailio import INSIDE, OUTSIDE, Kamailio, missing, running

from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict
from ringfence.serve.fetching import HttpFetcher
from ringfence.serve.server import bind
from ringfence.serve.stir_api import stir_app
from ringfence.serve.verifying import AsyncVerifier
from ringfence.sip.call import call_of
from ringfence.sip.message import Message
from ringfence.verify.rotation import KeyRing
from ringfence.verify.tenants import SigningService, Tenant, new_api_key
from ringfence.verify.tnauthlist import TNAuthList
from ringfence.verify.trust import TrustStore, read_pem

pytestmark = pytest.mark.peers

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "identity-beside-kamailio.md"


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial()


@pytest.fixture(scope="module")
def configuration() -> str:
    if absent := missing("http_client", "jansson"):
        pytest.skip(f"not installed: {', '.join(absent)}")
    found = re.search(r"^```kamailio\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_it_parses(configuration: str, tmp_path: Path) -> None:
    (tmp_path / "kamailio.cfg").write_text(configuration)
    done = subprocess.run(
        ["kamailio", "-c", "-f", "kamailio.cfg"], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr


class Shelf:
    """Certificates without a network: of a fetcher, what a verifier on an event loop asks of it."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def cached(self, url: str, now: float) -> Fetched | Rejected:
        return self._trial.fetch(url, now)

    async def afetch(self, url: str, now: float) -> Fetched | Rejected:
        return self._trial.fetch(url, now)

    def renew(self, url: str, now: float) -> None:
        pass


@pytest.fixture(scope="module")
def service(trial: Trial) -> Iterator[tuple[str, str]]:
    """The HTTP API on loopback: its address, and a key of Kamailio's."""
    roots = read_pem(trial.files["root.pem"])
    assert isinstance(roots, TrustStore)
    key, stored = new_api_key("switch")
    tenant = Tenant("switch", (stored,), TNAuthList(numbers=(CALLER,)))
    signing = SigningService(KeyRing([trial.signer()]), [tenant], uuid.UUID(int=1))
    verifier = AsyncVerifier(cast(HttpFetcher, Shelf(trial)), roots)
    app = stir_app(verifier, signing)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
    listener = bind(18680)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"{OUTSIDE}:{listener.getsockname()[1]}", key
    server.should_exit = True
    thread.join()
    listener.close()


def placed(configuration: str, address: str, key: str) -> str:
    """The configuration with addresses of this run, and a next hop."""
    for old, new in {
        "127.0.0.1:8480": address,
        "rfs.switch.the-key-of-this-tenant": key,
        "127.0.0.1:5060": "@kamailio@",
        "\tt_relay();": '\t$du = "sip:@next@";\n\tt_relay();',
        "children=8": "children=2",
    }.items():
        assert configuration.count(old) == 1, old
        configuration = configuration.replace(old, new)
    return configuration + "\ndebug=0\ndisable_tcp=yes\nauto_aliases=no\n"


@pytest.fixture(scope="module")
def kamailio(
    configuration: str, service: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kamailio]:
    with running(tmp_path_factory.mktemp("kamailio"), placed(configuration, *service)) as peer:
        yield peer


def asserted(message: Message) -> str:
    (value,) = message.all("p-asserted-identity")
    return value


def test_calls_of_customers_are_signed(trial: Trial, kamailio: Kamailio) -> None:
    call = call_of(kamailio.passed_on(kamailio.call(host=INSIDE)))
    assert len(call.identity) == 1
    said = trial.verify(*call.identity)
    assert (said.verdict, said.attestation, said.orig, said.dest) == (Verdict.VALID, "A", CALLER, (CALLED,))


@pytest.mark.parametrize(
    ("called", "verstat"), [(CALLED, "TN-Validation-Passed"), (VICTIM, "TN-Validation-Failed")]
)
def test_calls_of_others_are_verified(trial: Trial, kamailio: Kamailio, called: str, verstat: str) -> None:
    message = kamailio.passed_on(kamailio.call(f"Identity: {trial.signed()}", called=called))
    assert asserted(message) == f"<sip:+{CALLER};verstat={verstat}@caller.example.org;user=phone>"


def test_what_others_say_of_themselves_ends_there(kamailio: Kamailio) -> None:
    boast = f"P-Asserted-Identity: <sip:+{CALLER};verstat=TN-Validation-Passed@caller.example.org>"
    message = kamailio.passed_on(kamailio.call(boast))
    assert asserted(message).startswith(f"<sip:+{CALLER};verstat=No-TN-Validation@")


def test_what_a_caller_writes_stays_a_value(kamailio: Kamailio) -> None:
    forged = 'a.b.c","x":"\\;info=<https://certs.example.org/sp-chain.pem>'
    message = kamailio.passed_on(kamailio.call(f"Identity: {forged}"))
    assert "verstat=TN-Validation-Passed" not in asserted(message)


def test_calls_go_on_without_the_service(configuration: str, tmp_path: Path) -> None:
    with running(tmp_path, placed(configuration, f"{OUTSIDE}:1", "none")) as alone:
        signed = alone.passed_on(alone.call(host=INSIDE))
        assert signed.all("identity") == []
        verified = alone.passed_on(alone.call("Identity: a.b.c"))
        assert "verstat=No-TN-Validation" in asserted(verified)
