from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.serve.address_guard import AddressGuard

GUARD = AddressGuard()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "this host"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.100.100.200", "NAT"),  # also a cloud's metadata
        ("169.254.169.254", "link-local"),
        ("192.0.0.192", "protocols"),  # also a cloud's metadata
        ("168.63.129.16", "cloud"),
        ("192.88.99.1", "6to4"),
        ("198.19.0.1", "benchmarks"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "disguise"),
        ("::ffff:8.8.8.8", "disguise"),
        ("::127.0.0.1", "global unicast"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::a00:1", "NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "protocols"),  # Teredo
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("fd00:ec2::254", "private"),  # a cloud's metadata
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("4000::1", "global unicast"),
        ("", "no address"),
        ("127.1", "no address"),
        ("0x7f000001", "no address"),
        ("localhost", "no address"),
    ],
)
def test_what_is_not_the_public_internet_is_refused(address: str, what: str) -> None:
    assert what in (GUARD.refusal(address) or "")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2001:200::1"]
)
def test_the_public_internet_is_not(address: str) -> None:
    assert GUARD.refusal(address) is None


def test_allowed_networks_are_exempt_and_denied_ones_win() -> None:
    guard = AddressGuard(["127.0.0.0/8", "fd00::/8"], ["127.0.0.2/32", "8.8.8.0/24"])
    assert guard.refusal("127.0.0.1") is None
    assert guard.refusal("fd00::1") is None
    assert guard.refusal("10.0.0.1") == "a private network"
    assert guard.refusal("127.0.0.2") == guard.refusal("8.8.8.8") == "denied by fetch.deny_networks"
    assert guard.refusal("::ffff:127.0.0.1") is not None


def test_text_that_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="loopback"):
        AddressGuard(["loopback"])


@given(st.ip_addresses(v=4))
def test_no_more_than_python_would_let_through_of_ipv4(address: IPv4Address) -> None:
    if GUARD.refusal(str(address)) is None:
        assert address.is_global
        assert not (address.is_private or address.is_multicast or address.is_reserved or address.is_loopback)


@given(st.ip_addresses(v=6))
def test_no_more_than_python_would_let_through_of_ipv6(address: IPv6Address) -> None:
    if GUARD.refusal(str(address)) is None:
        assert address.is_global
        assert address.ipv4_mapped is None and address.sixtofour is None and address.teredo is None


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert GUARD.refusal(text) != ""
