"""Firms with a telephone system of their own or on somebody's platform, and the ways they go wrong."""

from __future__ import annotations

import numpy as np

from ringfence.simulate.crews import Crew
from ringfence.simulate.materials import Materials, Shown
from ringfence.simulate.numbering import unallocated
from ringfence.simulate.population import DEVICES
from ringfence.simulate.shapes import user_agent


def pbx(m: Materials, i: int) -> list[Crew]:
    """A private exchange; every other one is small and makes one call at a time."""
    town = m.town()
    numbers, weights = m.presented(1 + int(m.rng.integers(0, 5)), town)
    lines = m.firm_paths()
    m.firm_lines.append(int(lines[0]))
    m.firm_numbers.append(int(numbers[0]))
    small = m.rng.random() < 0.5
    return [
        Crew(
            "pbx",
            lines,
            numbers,
            m.size() * (0.4 if small else 1.2),
            weights=weights,
            network=int(numbers[0]),
            called=m.clients(int(m.rng.integers(30, 200)), town),
            firms=0.35,
            seats=1 if small else 0,
            ring_back=0.25,
        )
    ]


def wholesale(m: Materials, i: int) -> list[Crew]:
    """A firm that reaches the network over mixed wholesale trunks: nothing of its own shows."""
    lines = np.array([m.line(m.wholesaler(), right="B") for _ in range(2)])
    town = m.town()
    numbers, weights = m.presented(3, town)
    return [Crew("wholesale", lines, numbers, m.size(), weights=weights, called=m.clients(150, town))]


def hosted_pbx(m: Materials, i: int) -> list[Crew]:
    """Many firms on one platform: one shape, one trunk, an account each."""
    trunk, shape = m.platforms[i % len(m.platforms)]
    line = m.line(trunk, (shape, user_agent("pjsip", m.rng)))
    town = m.town()
    numbers, weights = m.presented(1 + int(m.rng.integers(0, 4)), town)
    m.firm_lines.append(line)
    m.firm_numbers.append(int(numbers[0]))
    return [
        Crew(
            "hosted_pbx",
            np.array([line]),
            numbers,
            m.size(),
            weights=weights,
            network=int(numbers[0]),
            called=m.clients(80, town),
            firms=0.3,
            ring_back=0.25,
        )
    ]


def web_phone(m: Materials, i: int) -> list[Crew]:
    """Home workers and small firms in the browser; some share a service's very phone."""
    shown: Shown
    if m.shared and i < m.scenario.shape_innocents:
        shown = m.shared[i % len(m.shared)]
    else:
        shown = (m.network.shapes.default("web_phone"), user_agent("web_phone", m.rng))
    numbers, weights = m.presented(1 + int(m.rng.integers(0, 2)))
    return [
        Crew(
            "web_phone",
            np.array([m.line(m.reseller(), shown)]),
            numbers,
            m.size(0.6),
            weights=weights,
            called=m.clients(60),
            firms=0.2,
            seats=1,
            mu=4.7,
        )
    ]


def hospital(m: Materials, i: int) -> list[Crew]:
    """One number, or none, for a thousand extensions."""
    number = int(m.numbers(1)[0])
    return [
        Crew(
            "hospital",
            np.array([m.line(m.network.own_trunk())]),
            np.array([number, 0]),
            m.size(0.5),
            weights=np.array([0.7, 0.3]),
            network=number,
            clock="round",
            weekend=0.6,
            mu=4.6,
            redial=0.3,
        )
    ]


def switchboard(m: Materials, i: int) -> list[Crew]:
    """One number in dozens of calls at once, over two unrelated trunks."""
    number = m.numbers(1)
    lines = np.array([m.line(m.network.own_trunk()), m.line(m.retail())])
    return [
        Crew(
            "switchboard",
            lines,
            number,
            m.size(0.5),
            network=int(number[0]),
            firms=0.3,
            mu=4.8,
            ring_back=0.05,
        )
    ]


def cloud_abroad(m: Materials, i: int) -> list[Crew]:
    """A British firm whose telephone system stands abroad: national numbers from an international trunk."""
    shown = m.network.exchange_shape(m.rng)
    trunks = [m.network.pick(m.network.international, m.rng) for _ in range(2)]
    return [
        Crew(
            "cloud_abroad",
            np.array([m.line(t, shown) for t in trunks]),
            m.numbers(int(m.rng.integers(1, 6))),
            m.size(),
            called=m.clients(120),
            mu=4.8,
        )
    ]


def misconfigured(m: Materials, i: int) -> list[Crew]:
    """Sends an unallocated number, an extension, rubbish, or by mistake somebody's inbound-only number."""
    own = m.numbers(1)
    owner = m.world.owners[int(m.rng.integers(len(m.world.owners)))]
    wrong = (
        unallocated(m.rng, 3),
        m.rng.integers(100, 9999, 4),
        np.array([44_000 + int(m.rng.integers(100, 999))]),
        np.array([int(m.rng.choice(owner.listed))]),
    )[i % 4]
    return [
        Crew(
            "misconfigured",
            m.firm_paths(),
            np.concatenate([own, wrong]),
            m.size(),
            weights=np.array([0.6] + [0.4 / len(wrong)] * len(wrong)),
            network=int(own[0]),
            called=m.clients(60),
        )
    ]


def gsm_gateway(m: Materials, i: int) -> list[Crew]:
    """A taxi office or a fleet desk: a box of SIMs in one cell that calls its customers all day."""
    sims, lines = m.sims(int(m.rng.integers(6, 16)), DEVICES + 1 + i % 3, m.town(), 1)
    return [
        Crew(
            "gsm_gateway",
            lines,
            m.people.number[sims],
            m.size(0.5),
            pairs=True,
            sims=sims,
            called=m.clients(150),
            clock="round",
            weekend=1.0,
            mu=3.3,
            sigma=0.7,
            ring_back=0.3,
        )
    ]


def machine(m: Materials, i: int) -> list[Crew]:
    """Lifts and alarms of one maker: SIMs that never move and report to one centre."""
    sims, lines = m.sims(60, DEVICES + 10 + i % 4, m.town(), 12)
    return [
        Crew(
            "machine",
            lines,
            m.people.number[sims],
            m.size(0.3),
            pairs=True,
            sims=sims,
            called=m.people.anyone(m.rng, 2, 1.0),
            clock="round",
            weekend=1.0,
            p_answer=0.97,
            mu=2.8,
            sigma=0.4,
            voicemail=0.0,
            ring_back=0.01,
        )
    ]
