"""Which addresses may be connected to: the public internet, and nothing behind it.

Whoever sends a call chooses the host of its certificate, and thereby what this machine connects to. The
tables are ours, not those of `ipaddress`, whose answers change between versions of Python and count
addresses that lead back into IPv4 (NAT64, 6to4, mapped) as public.

Sources: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates), the IANA
IPv6 address space registry (only 2000::/3 is assigned for global unicast), RFC 4291, RFC 6052, RFC 6598.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Table = tuple[tuple[Network, str], ...]


def _table(rows: Iterable[tuple[str, str]]) -> Table:
    return tuple((ip_network(network), what) for network, what in rows)


_IPV4 = _table(
    [
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "shared behind a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),  # 169.254.169.254: the metadata of many clouds
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "kept for protocols"),
        ("192.0.2.0/24", "kept for documentation"),
        ("192.31.196.0/24", "kept for AS112"),
        ("192.52.193.0/24", "kept for multicast relays"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("192.175.48.0/24", "kept for AS112"),
        ("198.18.0.0/15", "kept for benchmarks"),
        ("198.51.100.0/24", "kept for documentation"),
        ("203.0.113.0/24", "kept for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("168.63.129.16/32", "a cloud's own services"),  # Azure: public by number, inside by effect
    ]
)

_IPV6 = _table(
    [
        ("2001::/23", "kept for protocols"),  # Teredo, ORCHID, benchmarks
        ("2001:db8::/32", "kept for documentation"),
        ("2002::/16", "6to4, which leads to an IPv4 address"),
        ("2620:4f:8000::/48", "kept for AS112"),
        ("3fff::/20", "kept for documentation"),
        # outside 2000::/3, which is refused as a whole; these have names that say more
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "NAT64, which leads to an IPv4 address"),
        ("64:ff9b:1::/48", "NAT64, which leads to an IPv4 address"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "multicast"),
    ]
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")


class AddressGuard:
    """Says of each address why it must not be connected to, if so."""

    def __init__(self, allow_networks: Sequence[str] = (), deny_networks: Sequence[str] = ()) -> None:
        """Networks as in `[fetch]`: allowed ones are exempt from the tables, denied ones are refused in any
        case. Raises ValueError for text that is no network."""
        self._allow = tuple(ip_network(network) for network in allow_networks)
        self._deny = tuple(ip_network(network) for network in deny_networks)

    def refusal(self, address: str) -> str | None:
        """What an address in text form (RFC 5952 or dotted) is, if it must not be connected to; else None.
        Text that is no address is refused."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return "no address"
        if any(_within(parsed, network) for network in self._deny):
            return "denied by fetch.deny_networks"
        if any(_within(parsed, network) for network in self._allow):
            return None
        table = _IPV4 if isinstance(parsed, IPv4Address) else _IPV6
        for network, what in table:
            if _within(parsed, network):
                return what
        if isinstance(parsed, IPv6Address) and not _within(parsed, _GLOBAL_UNICAST):
            return "not global unicast"
        return None


def _within(address: IPv4Address | IPv6Address, network: Network) -> bool:
    return address.version == network.version and address in network
