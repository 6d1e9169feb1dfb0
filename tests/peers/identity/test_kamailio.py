"""Kamailio's secsipid module as a peer: both sign for each other, and what it lets through stops here.

What it accepts as it comes is held fast too, so that docs/how-to/identity-beside-kamailio.md stays true."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.peers.identity.calls import CALLED, CALLER, ORIGID, VICTIM, Trial
from tests.peers.identity.kamailio import OUTSIDE, Kamailio, missing, running

from ringfence.config import FetchSettings
from ringfence.model.rejected import Rejected
from ringfence.model.verification import Verdict
from ringfence.serve.fetching import HttpFetcher
from ringfence.sip.call import call_of
from ringfence.sip.message import Message
from ringfence.verify.credential import Credentials
from ringfence.verify.passport import all_claims, parse_token, signing_input
from ringfence.verify.trust import read_pem
from ringfence.verify.verifier import Verifier

pytestmark = pytest.mark.peers

CONFIG = Path(__file__).with_name("secsipid.cfg")
DECADE = 10 * 365 * 86_400


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial()


class Secsipid:
    """Kamailio with secsipid.cfg."""

    def __init__(self, kamailio: Kamailio) -> None:
        self._kamailio = kamailio

    def sign(self) -> Message:
        """The INVITE as it goes on, signed."""
        return self._kamailio.passed_on(self._kamailio.call("X-Do: sign"))

    def accepts(self, identity: str, caller: str = CALLER, called: str = CALLED, by: str = "disk") -> bool:
        """Whether it takes the Identity header of this call for good. by: whence the certificate: disk or
        memory, where the provider's is, or info, as the header says."""
        headers = (f"X-Do: {by}", f"Identity: {identity}")
        status = self._kamailio.answered(self._kamailio.call(*headers, caller=caller, called=called))
        assert status in (200, 438), status
        return status == 200


@pytest.fixture(scope="module")
def kamailio(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secsipid]:
    if absent := missing("secsipid"):
        pytest.skip(f"not installed: {', '.join(absent)}")
    work = tmp_path_factory.mktemp("kamailio")
    for name in ("sp.key", "sp.pem"):
        (work / name).write_bytes(trial.files[name])
    config = CONFIG.read_text()
    for name, value in {
        "folder": str(work),
        "origid": ORIGID,
        "x5u": trial.x5u(),
        "pem": trial.files["sp.pem"].decode().replace("\n", "\\n"),
    }.items():
        config = config.replace(f"@{name}@", value)
    with running(work, config) as peer:
        yield Secsipid(peer)


def test_it_signs_and_we_verify(trial: Trial, kamailio: Secsipid) -> None:
    message = kamailio.sign()
    call = call_of(message)
    assert len(call.identity) == 1
    said = trial.verifier.verify(call, time.time())
    assert (said.verdict, said.attestation, said.orig, said.origid, said.signer) == (
        Verdict.VALID, "A", CALLER, ORIGID, "TEST",
    )  # fmt: skip
    assert said.dest == (CALLED,) and said.verstat == "TN-Validation-Passed"
    # the octets are those that we would sign
    passport = parse_token(call.identity[0].partition(";")[0])
    assert not isinstance(passport, Rejected)
    assert passport.signed == signing_input("shaken", trial.x5u(), all_claims(passport.payload))


@pytest.mark.parametrize("by", ["disk", "memory"])
def test_we_sign_and_it_accepts(trial: Trial, kamailio: Secsipid, by: str) -> None:
    ours = trial.signed()
    assert kamailio.accepts(ours, by=by)
    assert not kamailio.accepts(trial.signed(name="tn"), by=by)
    signature = ours.partition(";")[0].rpartition(".")[2]
    broken = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    assert not kamailio.accepts(ours.replace(signature, broken), by=by)


def test_it_signs_for_another_and_we_see_it(trial: Trial, kamailio: Secsipid) -> None:
    """A header that it made for one call, in another call: each side's numbers are compared here."""
    (theirs,) = call_of(kamailio.sign()).identity
    assert trial.verify(theirs).verdict is Verdict.VALID
    for numbers, reason in (({"called": VICTIM}, "dest_mismatch"), ({"caller": VICTIM}, "orig_mismatch")):
        assert trial.verify(theirs, **numbers).reason == reason
        assert kamailio.accepts(theirs, **numbers), "it compares no numbers: the header is all that it reads"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iat": int(time.time()) + DECADE}, "future"),
        ({"attest": "Apple"}, "bad_syntax"),
        ({"attest": None}, "bad_syntax"),
        ({"origid": None}, "bad_syntax"),
        ({"dest": None}, "bad_syntax"),
    ],
)
def test_what_it_accepts_and_we_refuse(
    trial: Trial, kamailio: Secsipid, changes: dict[str, Any], reason: str
) -> None:
    header = trial.written(**changes)
    assert kamailio.accepts(header)
    assert trial.verify(header).reason == reason


def test_what_both_refuse(trial: Trial, kamailio: Secsipid) -> None:
    old = trial.written(iat=int(time.time()) - 86_400)
    assert not kamailio.accepts(old) and trial.verify(old).reason == "stale"
    elsewhere = trial.written().replace(";info=<https://certs.", ";info=<https://other.")
    assert not kamailio.accepts(elsewhere) and trial.verify(elsewhere).reason == "info_mismatch"


@pytest.fixture
def place(trial: Trial) -> Iterator[str]:
    """The authority's files on a web server of ours, on loopback and without TLS."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = trial.files[self.path[1:]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((OUTSIDE, 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://{OUTSIDE}:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def fetching(trial: Trial) -> Iterator[Verifier]:
    """A verifier with the root, that fetches as settings are where nobody changed them."""
    roots = read_pem(trial.files["root.pem"])
    assert not isinstance(roots, Rejected)
    with HttpFetcher(FetchSettings()) as fetcher:
        yield Verifier(Credentials(fetcher, roots), trial.verifier.policy)


@pytest.mark.parametrize(("name", "reason"), [("revoked", "revoked"), ("outside", "not_authorised")])
def test_it_asks_whoever_info_names(
    trial: Trial, kamailio: Secsipid, place: str, fetching: Verifier, name: str, reason: str
) -> None:
    """By info, as it comes: any address, without TLS, on this very machine, and whoever issued what is there.
    We do not ask there; and where we do ask, the certificate itself is refused."""
    caller = "442079460123" if name == "outside" else CALLER
    numbers = {"orig": {"tn": caller}}
    there = trial.written(name, f"{place}{name}.pem", **numbers)
    assert kamailio.accepts(there, caller, by="info")
    assert fetching.verify(trial.call(there, caller=caller), time.time()).reason == "bad_url"
    assert trial.verify(trial.written(name, **numbers), caller=caller).reason == reason


def test_a_path_is_no_address(trial: Trial, kamailio: Secsipid, fetching: Verifier, tmp_path: Path) -> None:
    (tmp_path / "sp.pem").write_bytes(trial.files["sp.pem"])
    for x5u in (f"{tmp_path}/sp.pem", f"file://{tmp_path}/sp.pem"):
        header = trial.written(x5u=x5u)
        assert not kamailio.accepts(header, by="info")
        assert fetching.verify(trial.call(header), time.time()).reason == "bad_url"
