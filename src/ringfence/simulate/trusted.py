"""Genuine callers for protected owners: banks' fraud teams and outsourced call centres.

The hardest innocents: they present banks' numbers over few trunks with a shape of their own, talk for long,
and some of the numbers they call from are in the register as inbound-only, because nobody took them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ringfence.simulate.crews import Crew
from ringfence.simulate.materials import Materials
from ringfence.simulate.organisations import BANKS, Owner
from ringfence.simulate.shapes import user_agent

Array = npt.NDArray[Any]


def call_centre(m: Materials, i: int) -> list[Crew]:
    """Presents its clients' numbers over one trunk: several banks' and utilities', a crew for each client."""
    rng = m.rng
    shown = (
        m.network.shapes.variant("contact_centre", rng, int(rng.integers(0, 3))),
        user_agent("contact_centre", rng),
    )
    trunk = m.network.own_trunk() if i % 2 else m.reseller()
    lines = np.array([m.line(trunk, shown, right="B")])
    clients = m.world.sector("bank", "card", "other", "telecom")
    chosen = [clients[int(c)] for c in rng.permutation(len(clients))[: int(rng.integers(4, 9))]]
    return [
        Crew(
            "call_centre",
            lines,
            np.array([*owner.outbound, *owner.stale]),
            m.size(),
            weights=_weights(owner.outbound, owner.stale, 0.05 * m.scenario.stale_rate),
            called=_customers(m, owner, 0.25),
            weekend=0.3,
            p_answer=0.55,
            mu=4.9,
            sigma=1.2,
            redial=0.2,
            ring_back=0.2,
            rings_bank=0.04,
            bank=owner.inbound[0],
        )
        for owner in chosen
    ]


def bank_team(m: Materials, i: int) -> list[Crew]:
    """A bank's fraud team, long talks included; one bank in three leaves it to an outsourcer. Past the banks
    come the outsourcers who work for several of them at once, out of hours, from one desk."""
    if i >= BANKS:
        return _shared_desk(m)
    rng, owner = m.rng, m.world.sector("bank")[i]
    outsourced = rng.random() < 0.35
    family = "contact_centre" if outsourced else str(rng.choice(["cucm", "avaya", "contact_centre"]))
    shown = (m.network.shapes.variant(family, rng, int(rng.integers(0, 3))), user_agent(family, rng))
    trunk = m.wholesaler() if outsourced and rng.random() < 0.5 else m.network.own_trunk()
    line = m.line(trunk, shown, right="B" if outsourced else "A")
    # seven owners in ten have a stale entry: together they make the rate
    stale = min(0.9, m.scenario.stale_rate / 0.7)
    busy = float((m.people.bank == i).sum()) ** 0.8
    return [_calls_for(m, owner, line, owner.outbound, stale, busy, weekend=0.7, mu=5.5, sigma=1.0)]


def _shared_desk(m: Materials) -> list[Crew]:
    """A few people who answer for two to four banks over one line, showing each one's numbers, stale entries
    among them: what most resembles a spoofing service."""
    rng = m.rng
    banks = rng.permutation(BANKS)[: int(rng.integers(2, 5))]
    shown = (
        m.network.shapes.variant("contact_centre", rng, int(rng.integers(0, 4))),
        user_agent("asterisk", rng),
    )
    trunk = m.wholesaler() if rng.random() < 0.5 else m.reseller()
    line = m.line(trunk, shown, right="B")
    busy = float((m.people.bank < BANKS).sum() / BANKS) ** 0.8 * float(np.exp(rng.normal(-1.5, 0.6)))
    crews = []
    for bank in banks:
        owner = m.world.sector("bank")[int(bank)]
        stale = float(rng.uniform(0.3, 0.9))
        shows = owner.outbound[:1]
        crews.append(_calls_for(m, owner, line, shows, stale, busy, weekend=0.9, mu=5.3, sigma=1.1))
    return crews


def _calls_for(
    m: Materials, owner: Owner, line: int, outbound: Sequence[int], stale: float, busy: float, **habits: Any
) -> Crew:
    """People who call a bank's customers for it over one line, `stale` of the calls from its stale entries.
    habits: weekend, mu and sigma of `Crew`."""
    return Crew(
        "bank_team",
        np.array([line]),
        np.array([*outbound, *owner.stale]),
        busy,
        weights=_weights(outbound, owner.stale, stale),
        called=_customers(m, owner, 0.3),
        clock="round",
        p_answer=0.6,
        redial=0.3,
        ring_back=0.25,
        rings_bank=0.25,
        bank=owner.inbound[0],
        **habits,
    )


def _weights(outbound: Sequence[int], stale: Sequence[int], share: float) -> Array:
    """How often each number is presented: the outbound ones alike, stale entries at the given share."""
    if not stale:
        share = 0.0
    return np.array([(1 - share) / len(outbound)] * len(outbound) + [share / max(1, len(stale))] * len(stale))


def _customers(m: Materials, owner: Owner, share: float) -> Array:
    """The people an owner calls: a bank's own customers, a utility's anybody."""
    people, rng = m.people, m.rng
    banks = [o.name for o in m.world.sector("bank")]
    if owner.name not in banks:
        return rng.integers(0, people.home, max(200, people.home // 20))
    b = banks.index(owner.name)
    mine = (people.bank[: people.social] == b) | (people.second_bank[: people.social] == b)
    mine &= rng.random(people.social) < share
    mine[people.home :] &= rng.random(people.social - people.home) < 0.3
    if not mine.any():  # a very small network
        mine[int(rng.integers(people.home))] = True
    return np.flatnonzero(mine)
