"""The configuration of docs/how-to/identity-beside-kamailio.md, as it stands there, but for its addresses."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.peers.identity.calls import CALLED, CALLER, VICTIM, Trial
from tests.peers.identity.kamailio import INSIDE, OUTSIDE, Kamailio, missing, running

from ringfence.model.verification import Verdict
from ringfence.sip.call import call_of
from ringfence.sip.message import Message

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


@pytest.fixture(scope="module")
def service(trial: Trial) -> Iterator[str]:
    """The address of one that signs and verifies: requests and answers of ATIS-1000082, in their least form,
    before our own signer and verifier."""

    def signing(asked: dict[str, Any]) -> dict[str, Any]:
        (called,) = asked["dest"]["tn"]
        value = trial.signer().shaken(
            asked["orig"]["tn"], called, asked["iat"], asked["attest"], asked["origid"]
        )
        assert isinstance(value, str), value
        return {"signingResponse": {"identity": value}}

    def verification(asked: dict[str, Any]) -> dict[str, Any]:
        (called,) = asked["to"]["tn"]
        said = trial.verify(asked["identity"], caller=asked["from"]["tn"], called=called)
        return {"verificationResponse": {"verstat": said.verstat}}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/stir/v1/signing":
                answer = signing(asked["signingRequest"])
            else:
                assert self.path == "/stir/v1/verification"
                answer = verification(asked["verificationRequest"])
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((OUTSIDE, 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"{OUTSIDE}:{server.server_port}"
    server.shutdown()
    server.server_close()


def placed(configuration: str, service: str) -> str:
    """The configuration with addresses of this run, and a next hop."""
    for old, new in {
        "127.0.0.1:8480": service,
        "127.0.0.1:5060": "@kamailio@",
        "\tt_relay();": '\t$du = "sip:@next@";\n\tt_relay();',
        "children=8": "children=2",
    }.items():
        assert configuration.count(old) == 1, old
        configuration = configuration.replace(old, new)
    return configuration + "\ndebug=0\ndisable_tcp=yes\nauto_aliases=no\n"


@pytest.fixture(scope="module")
def kamailio(
    configuration: str, service: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kamailio]:
    with running(tmp_path_factory.mktemp("kamailio"), placed(configuration, service)) as peer:
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
    with running(tmp_path, placed(configuration, f"{OUTSIDE}:1")) as alone:
        signed = alone.passed_on(alone.call(host=INSIDE))
        assert signed.all("identity") == []
        verified = alone.passed_on(alone.call("Identity: a.b.c"))
        assert "verstat=No-TN-Validation" in asserted(verified)
