"""Trunks, lines and what shows on them."""

from __future__ import annotations

import ipaddress

import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate.network import Network, hash_share
from ringfence.simulate.scenario import build

DOCUMENTATION = [
    ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def test_trunk_names_are_unique_and_addresses_are_documentation(world: World) -> None:
    names = [t.name for t in world.network.trunks]
    assert len(names) == len(set(names))
    for group in world.network.addresses:
        for address in group:
            assert any(ipaddress.ip_address(address) in n for n in DOCUMENTATION), address


def test_a_rewriting_trunk_hides_the_customers_shape() -> None:
    network = Network(build("small", settings=["fingerprint_coverage=1.0"]))
    rng = np.random.default_rng(1)
    shape = network.shapes.default("asterisk")
    behind = network.add_line(network.wholesale[0], rng, shape=shape, agent="Asterisk PBX")
    plain = network.add_line(network.reseller[0], rng, shape=shape, agent="Asterisk PBX")
    assert network.shape[behind] == network.trunks[network.wholesale[0]].border != shape
    assert network.agent[behind] is None
    assert (network.shape[plain], network.agent[plain]) == (shape, "Asterisk PBX")


def test_a_trunk_without_signalling_shows_neither_shape_nor_address() -> None:
    network = Network(build("small", settings=["fingerprint_coverage=0.0"]))
    line = network.add_line(network.reseller[0], np.random.default_rng(1), shape=1)
    assert network.shape[line] == 0 and network.addresses[line] == []


def test_records_may_keep_shapes_without_addresses() -> None:
    network = Network(build("small", settings=["fingerprint_coverage=1.0", "address_coverage=0.0"]))
    line = network.add_line(network.reseller[0], np.random.default_rng(1), shape=3)
    assert network.shape[line] == 3 and network.addresses[line] == []


def test_fewer_trunks_with_addresses_are_some_of_the_same() -> None:
    def addressed(coverage: float) -> set[str]:
        network = Network(build("small", settings=[f"address_coverage={coverage}"], seed=3))
        return {trunk.name for trunk in network.trunks if trunk.addressed}

    none, some, all_ = addressed(0.0), addressed(0.4), addressed(1.0)
    assert not none and some < all_ and 0.2 < len(some) / len(all_) < 0.6


def test_a_network_may_be_connected_to_few_carriers() -> None:
    def carriers(share: float) -> list[int]:
        network = Network(build("small", settings=[f"carrier_share={share}"]))
        return [
            len({network.trunks[t].carrier for t in trunks})
            for trunks in (network.reseller, network.wholesale, network.international)
        ]

    assert carriers(0.0) == [1, 1, 1]  # one at least
    assert all(one < some < every for one, some, every in zip(*map(carriers, (0.0, 0.5, 1.0)), strict=True))


def test_hidden_trunks_spare_the_home_network() -> None:
    network = Network(build("hidden_trunks", settings=["hidden_trunk_share=1.0"]))
    rng = np.random.default_rng(1)
    home = network.add_line(network.mobile[0], rng)
    away = network.add_line(network.wholesale[0], rng)
    hidden = network.hidden()
    assert not hidden[home] and hidden[away]


def test_hash_share_is_fixed() -> None:
    assert hash_share("trunk") == hash_share("trunk") and 0 <= hash_share("trunk") < 1
