"""Carriers, trunks and lines: over which path each kind of caller enters the network, and what shows there.

A line is one path of one customer: trunk, account, shape, address. Calls refer to a row of the line table.
A trunk whose border controllers rewrite shows their shape and address in place of the customer's.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from ringfence.simulate.scenario import Scenario
from ringfence.simulate.shapes import EXCHANGES, ShapeBook, user_agent

CUSTOMER, NATIONAL, INTERNATIONAL = "customer", "national", "international"

HOME = "Ringwood Telecom"
MOBILE_NETWORKS = ("Alder Mobile", "Beacon Mobile", "Cobalt Mobile")
FIXED_NETWORKS = ("Dunlin Fibre", "Elm Telephone", "Fernhill Networks", "Gorse Communications")
#: Sell SIP accounts to firms and pass the exchange's own shape through.
RESELLERS = (
    "Hazel Voice",
    "Iris Trunking",
    "Juniper Lane",
    "Kestrel SIP",
    "Linden Cloud",
    "Marten Telecom",
    "Nettle Voice",
    "Orchard SIP",
    "Plover Line",
)
#: Sell minutes to anyone; their border controllers rewrite everything.
WHOLESALERS = ("Norse Wholesale", "Osprey Transit", "Pelican Minutes")
GATEWAYS = ("Quayside International", "Rowan Global", "Sandpiper Carrier", "Teal World")
CLOUDS = ("Umber Messaging", "Vetch Voice Platform")  # CPaaS


class Trunk(msgspec.Struct):
    """An ingress trunk group. border: shape shown for every call, None: the customer's own."""

    name: str
    carrier: str
    ingress: str
    rewrites: bool
    border: int = 0
    border_agent: str | None = None
    addresses: list[str] = []
    attested: bool = False
    signalled: bool = True  # False: the record has no SIP fields for this trunk
    addressed: bool = True  # False: nor the signalling address
    passes: bool = True  # False: the network number is lost on the way


class Network:
    """Trunks by purpose, and the table of lines (parallel lists)."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._rng = scenario.stream("network")
        self.shapes = ShapeBook()
        self.trunks: list[Trunk] = []
        self._names: set[str] = set()
        self._v4 = iter(self._rng.permutation(3 * 250))
        self._attesting = {
            c
            for c in (*RESELLERS, *WHOLESALERS, *GATEWAYS, *MOBILE_NETWORKS, *FIXED_NETWORKS, *CLOUDS, HOME)
            if self._rng.random() < scenario.attested_share
        }
        # the line table
        self.trunk_of: list[int] = []
        self.account: list[str | None] = []
        self.shape: list[int] = []
        self.agent: list[str | None] = []
        self.addresses: list[list[str]] = []
        self.number: list[int] = []  # the account's own network number, 0: none
        self.level: list[int] = []  # attestation: 0 none, 1 A, 2 B, 3 C
        self._build()

    def _build(self) -> None:
        rng, add = self._rng, self.add_trunk
        self.mobile = [add(HOME, CUSTOMER, n, rewrites=False) for n in range(4)]
        self.fixed = [add(HOME, CUSTOMER, n, rewrites=False) for n in range(2)]
        self.interconnect = {
            name: [add(name, NATIONAL, n, rewrites=True) for n in range(int(rng.integers(2, 5)))]
            for name in (*MOBILE_NETWORKS, *FIXED_NETWORKS)
        }
        self.reseller = [
            add(name, NATIONAL, n, rewrites=False)
            for name in self._some(RESELLERS)
            for n in range(int(rng.integers(1, 4)))
        ]
        self.wholesale = [
            add(name, NATIONAL, n, rewrites=True)
            for name in self._some(WHOLESALERS)
            for n in range(int(rng.integers(2, 4)))
        ]
        self.international = [
            add(name, INTERNATIONAL, n, rewrites=rng.random() < 0.5)
            for name in self._some(GATEWAYS)
            for n in range(int(rng.integers(2, 4)))
        ]
        self.cloud = [[add(name, NATIONAL, n, rewrites=True) for n in range(3)] for name in CLOUDS]
        for group in self.cloud:  # a CPaaS shows one shape over all its trunks
            for t in group:
                self.trunks[t].border = self.shapes.default("cpaas")
                self.trunks[t].border_agent = user_agent("cpaas", np.random.default_rng(0))
                self.trunks[t].signalled = True

    def _some(self, names: Sequence[str]) -> Sequence[str]:
        """The carriers of a kind that this network is connected to: one at least."""
        return names[: max(1, round(len(names) * self._scenario.carrier_share))]

    def add_trunk(self, carrier: str, ingress: str, n: int = 0, *, rewrites: bool) -> int:
        rng = self._rng
        code = "".join(w[0] for w in carrier.split()) + carrier.split()[0][1:3].upper()
        name = f"{code}-{int(rng.integers(100, 10000)):04d}"
        while name in self._names:
            name = f"{code}-{int(rng.integers(100, 10000)):04d}"
        self._names.add(name)
        trunk = Trunk(
            name=name,
            carrier=carrier,
            ingress=ingress,
            rewrites=rewrites,
            addresses=[self._address() for _ in range(int(rng.integers(1, 5)))],
            attested=carrier in self._attesting,
            signalled=bool(rng.random() < self._scenario.fingerprint_coverage),
            addressed=hash_share("address of " + name) < self._scenario.address_coverage,
            passes=ingress == CUSTOMER or (ingress == NATIONAL and bool(rng.random() < 0.6)),
        )
        if rewrites:
            changes = int(rng.integers(0, 4))
            trunk.border = self.shapes.variant("border", rng, changes)
        self.trunks.append(trunk)
        return len(self.trunks) - 1

    def own_trunk(self) -> int:
        """A trunk of one firm's own, straight into the network."""
        return self.add_trunk(HOME, CUSTOMER, rewrites=False)

    def _address(self) -> str:
        """From the blocks kept for documentation (RFC 5737, RFC 3849)."""
        place = next(self._v4, None)
        if place is None:
            return self.server_address(self._rng)
        return f"{('192.0.2', '198.51.100', '203.0.113')[place // 250]}.{place % 250 + 1}"

    @staticmethod
    def server_address(rng: np.random.Generator) -> str:
        a, b, c = (int(x) for x in rng.integers(1, 65536, 3))
        return f"2001:db8:{a:x}:{b:x}::{c:x}"

    def add_line(
        self,
        trunk: int,
        rng: np.random.Generator,
        *,
        account: str | None = None,
        shape: int = 0,
        agent: str | None = None,
        right: str = "A",
        address: str | None = None,
        number: int = 0,
    ) -> int:
        """right: what an honest signer would attest (A own number, B known customer, C neither)."""
        path = self.trunks[trunk]
        own = not path.rewrites
        behind_proxy = own and path.ingress != CUSTOMER and hash_share(path.name) < 0.5
        self.trunk_of.append(trunk)
        self.account.append(account)
        self.number.append(number)
        self.shape.append((shape if own else path.border) if path.signalled else 0)
        self.agent.append((agent if own else path.border_agent) if path.signalled else None)
        if not (path.signalled and path.addressed):
            self.addresses.append([])
        elif own and not behind_proxy:
            self.addresses.append([address or self.server_address(rng)])
        else:
            self.addresses.append(path.addresses)
        level = "ABC".index("C" if path.ingress == INTERNATIONAL else right) + 1
        self.level.append(level if path.attested else 0)
        return len(self.trunk_of) - 1

    def account_name(self, rng: np.random.Generator, *, known: bool | None = None) -> str | None:
        """An account number as a retail carrier's records show it, or None where they do not."""
        if known is None:
            known = bool(rng.random() < self._scenario.account_known_rate)
        name = f"C{int(rng.integers(10**6, 10**7))}"
        return name if known else None

    def exchange_shape(self, rng: np.random.Generator) -> tuple[int, str | None]:
        """The shape and agent of a firm's exchange: a default stack, or one nearly its own."""
        family = str(rng.choice(list(EXCHANGES), p=list(EXCHANGES.values())))
        if rng.random() < self._scenario.unique_shape_share:
            return self.shapes.variant(family, rng, int(rng.integers(1, 4))), user_agent(family, rng)
        # default builds differ a little by version: few and common
        build = int(3 * rng.random() ** 2)
        if build == 0:
            return self.shapes.default(family), user_agent(family, rng)
        shape = self.shapes.variant(family, np.random.default_rng([build, len(family), ord(family[0])]), 1)
        return shape, user_agent(family, rng)

    def pick(self, trunks: list[int], rng: np.random.Generator, skew: float = 1.5) -> int:
        """One of the trunks, the first ones more often: traffic is never spread evenly."""
        return trunks[int(len(trunks) * rng.random() ** skew)]

    def hidden(self) -> npt.NDArray[np.bool_]:
        """Lines whose trunk left no records. The home network's own subscribers are always seen."""
        rng = self._scenario.stream("hidden trunks")
        gone = rng.random(len(self.trunks)) < self._scenario.hidden_trunk_share
        gone[self.mobile + self.fixed] = False
        of_lines: npt.NDArray[np.bool_] = gone[np.array(self.trunk_of)]
        return of_lines


def hash_share(text: str) -> float:
    """A fixed share from 0 to 1 for a name."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return (value >> 8) / 2**24
