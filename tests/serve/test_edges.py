from __future__ import annotations

import pytest

from ringfence.config import ScreenSettings, TrunkSettings
from ringfence.serve.edges import Edges
from ringfence.sip.message import Message, parse

TRUNKS = {
    "ABROAD": TrunkSettings(addresses=("192.0.2.0/24",), ingress="international", carrier="C"),
    "ONE": TrunkSettings(
        addresses=("192.0.2.7/32", "2001:db8::/32"), ingress="customer", account="7", trusted=True
    ),
}
EDGES = Edges(ScreenSettings(trunks=TRUNKS), "GB")


def invite(*lines: str) -> Message:
    message = parse("\r\n".join(["INVITE sip:1@h SIP/2.0", *lines, "", ""]).encode())
    assert isinstance(message, Message)
    return message


def test_an_asker_names_the_trunk() -> None:
    lines = (
        "X-Ringfence-Trunk: ABROAD",
        "X-Ringfence-Account: 9",
        "X-Ringfence-Source: 203.0.113.5",
        "X-Ringfence-Roaming: yes",
    )
    sender = EDGES.sender(invite(*lines), "127.0.0.1")
    assert sender is not None and sender.roaming is True and sender.source == "203.0.113.5"
    assert (sender.edge.trunk, sender.edge.account, sender.edge.ingress, sender.edge.carrier) == (
        "ABROAD", "9", "international", "C",
    )  # fmt: skip
    unknown = EDGES.sender(invite("X-Ringfence-Trunk: NEW", "X-Ringfence-Source: x"), "::1")
    assert unknown is not None and (unknown.edge.trunk, unknown.edge.ingress, unknown.source) == (
        "NEW",
        "",
        "::1",
    )


def test_nobody_else_is_believed() -> None:
    sender = EDGES.sender(invite("X-Ringfence-Trunk: ONE", "X-Ringfence-Roaming: yes"), "192.0.2.5")
    assert sender is not None and sender.edge.trunk == "ABROAD" and not sender.edge.trusted
    assert sender.roaming is None and sender.source == "192.0.2.5"


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"])
def test_the_narrowest_network_is_the_trunk(address: str) -> None:
    sender = EDGES.sender(invite(), address)
    assert sender is not None and sender.edge.trunk == "ONE" and sender.edge.trusted


def test_strangers() -> None:
    assert EDGES.sender(invite(), "198.51.100.1") is None and EDGES.sender(invite(), "x") is None
    open_ = Edges(ScreenSettings(strangers="judge"), "GB").sender(invite(), "198.51.100.1")
    assert open_ is not None and open_.edge.trunk is None


def test_networks_are_checked() -> None:
    for kind, field in ((ScreenSettings, "askers"), (TrunkSettings, "addresses")):
        with pytest.raises(ValueError, match=field):
            kind(**{field: ("nowhere",)})
