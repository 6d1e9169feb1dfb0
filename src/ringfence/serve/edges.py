"""Who sends calls to the screen: which trunk an INVITE comes over, by what the operator configured.

A proxy that asks for others (an asker) names the trunk and the facts of its edge in fields of its own, which
it must strip from what comes in from outside:

    X-Ringfence-Trunk     name of the trunk, one of [screen.trunks] or any other
    X-Ringfence-Account   customer or sub-account
    X-Ringfence-Source    signalling address of whoever sent the call to the proxy
    X-Ringfence-Roaming   yes or no: what the home network said of a mobile caller

From anybody else they are not read.
"""

from __future__ import annotations

import functools
import ipaddress

import msgspec

from ringfence.config import ScreenSettings, TrunkSettings
from ringfence.screen.attempts import Edge
from ringfence.sip.message import Message

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NOBODY = TrunkSettings()


class Sender(msgspec.Struct, frozen=True):
    """Whose call it is. source: the address it came from, at the network's edge."""

    edge: Edge
    source: str | None
    roaming: bool | None = None


class Edges:
    """The trunks and askers of a configuration."""

    def __init__(self, settings: ScreenSettings, region: str) -> None:
        self._region = region
        self._trunks = settings.trunks
        self._strangers = settings.strangers
        self._askers = [ipaddress.ip_network(network) for network in settings.askers]
        self._networks: list[tuple[_Network, str]] = [
            (ipaddress.ip_network(network), name)
            for name, trunk in settings.trunks.items()
            for network in trunk.addresses
        ]
        # the longest prefix first: a customer's address within a carrier's network is the customer's
        self._networks.sort(key=lambda pair: -pair[0].prefixlen)
        self._place = functools.lru_cache(maxsize=4096)(self._place_of)
        self._edge = functools.lru_cache(maxsize=4096)(self._edge_of)

    def sender(self, message: Message, address: str) -> Sender | None:
        """Who sent an INVITE that came from this address; None for a stranger who is not to be answered."""
        asks, trunk = self._place(address)
        if not asks:
            if trunk is None and self._strangers == "refuse":
                return None
            return Sender(self._edge(trunk, None), address)
        named = message.get("x-ringfence-trunk")
        roaming = (message.get("x-ringfence-roaming") or "").lower()
        return Sender(
            self._edge((named or trunk or None), message.get("x-ringfence-account") or None),
            _address(message.get("x-ringfence-source")) or address,
            roaming == "yes" if roaming in ("yes", "no") else None,
        )

    def named(self, trunk: str | None, account: str | None = None) -> Edge:
        """The edge of a trunk by its name."""
        return self._edge(trunk, account)

    def _place_of(self, address: str) -> tuple[bool, str | None]:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False, None
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        trunk = next((name for network, name in self._networks if ip in network), None)
        return any(ip in network for network in self._askers), trunk

    def _edge_of(self, trunk: str | None, account: str | None) -> Edge:
        known = self._trunks.get(trunk, _NOBODY) if trunk is not None else _NOBODY
        return Edge(
            trunk=trunk[:128] if trunk else None,
            account=(account or known.account or "")[:128] or None,
            carrier=known.carrier,
            ingress=known.ingress,
            trusted=known.trusted,
            region=self._region,
            tenant=known.tenant,
        )


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None
