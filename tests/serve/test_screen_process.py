from __future__ import annotations

import pytest

from ringfence.errors import UsageError
from ringfence.serve.screen_process import http_socket, sip_sockets


def test_addresses() -> None:
    sockets = sip_sockets(["udp:127.0.0.1:0", "tcp:[::1]:0"])
    assert [s.getsockname()[0] for s in sockets] == ["127.0.0.1", "::1"]
    taken = sockets[0].getsockname()[1]
    with pytest.raises(UsageError, match=str(taken)):
        sip_sockets([f"udp:127.0.0.1:{taken}"])
    for sock in sockets:
        sock.close()
    assert http_socket("") is None


@pytest.mark.parametrize(
    "text", ["", "udp", "sctp:127.0.0.1:5060", "udp:127.0.0.1", "udp::5060", "udp:127.0.0.1:x"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="write udp"):
        sip_sockets([text])
    if text:
        with pytest.raises(UsageError):
            http_socket(text)
