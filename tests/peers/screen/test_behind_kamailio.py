"""The five outcomes at a real proxy, with real callers and a real callee: passed, marked, withheld, blocked,
and routed on (or refused) while the screen is away."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

import pytest
from tests.peers.screen.proxied import BANK, PERSON, SCAM, SHY, missing, request, running

from ringfence.store.decision_log import read_segment

pytestmark = pytest.mark.peers


@pytest.fixture(autouse=True)
def installed() -> None:
    if absent := missing():
        said = f"not installed: {', '.join(absent)}"
        pytest.fail(said) if os.environ.get("STRICT") == "1" else pytest.skip(said)


def test_the_outcomes(tmp_path: Path) -> None:
    with running(tmp_path, "WITH_TLS") as proxied:
        got = proxied.call(PERSON, "pass")
        assert [m.status for m in got if m.status != 100][-2:] == [200, 200]  # answered, and hung up
        assert proxied.sound() >= 20
        passed = proxied.invite("pass")
        assert passed.all("p-asserted-identity") == [f"<tel:{PERSON};verstat=No-TN-Validation>"]
        assert "verstat" not in (passed.get("from") or "") and PERSON in (passed.get("from") or "")
        for name in ("diversion", "remote-party-id", "p-preferred-identity", "x-ringfence-trunk"):
            assert passed.get(name) is None, name

        proxied.call(SCAM, "mark")
        marked = proxied.invite("mark").all("p-asserted-identity")
        assert marked == [f'"Possible scam" <tel:{SCAM};verstat=TN-Validation-Failed>']

        got = proxied.call(SHY, "withhold")
        assert got[-1].status == 200  # the caller's dialog went on as it knew it
        withheld = proxied.invite("withhold")
        assert SHY[1:] not in str(withheld.headers) + withheld.uri and SHY[3:] not in str(withheld.headers)
        assert withheld.get("privacy") == "user;id"
        assert "anonymous@anonymous.invalid" in (withheld.get("from") or "")

        (refused,) = [m for m in proxied.call(BANK, "block", 603) if m.status != 100]
        assert refused.get("reason") == 'SIP;cause=603;text="v=analytics1";location=RLN'
        assert over_tls(proxied.tls, BANK).startswith("SIP/2.0 603 Network Blocked")

        proxied.stop("screen")
        proxied.call(BANK, "away")  # fail-open: it goes on unscreened, and without what it claimed
        away = proxied.invite("away")
        assert away.get("p-asserted-identity") is None and "verstat" not in str(away.headers)
        proxied.screen()
        proxied.call(BANK, "back", 603)
        rows = [row for path in (tmp_path / "log").glob("decisions-*") for row in read_segment(path)[0]]
        assert {row.trunk for row in rows} == {"INTERNATIONAL-1"}
        # one that Kamailio sent twice is judged twice: the screen keeps no transactions
        assert len({row.sip_call_id for row in rows}) == 6


def test_fail_closed(tmp_path: Path) -> None:
    with running(tmp_path, "FAIL_CLOSED", screen=False) as proxied:
        proxied.call(PERSON, "closed", 503)


def over_tls(port: int, caller: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain) as secure:
        secure.sendall(request("INVITE", caller, secure.getsockname()[1], "tls1", "TLS"))
        while True:
            answer = secure.recv(65_535).decode()
            if not answer.startswith("SIP/2.0 100"):
                return answer
