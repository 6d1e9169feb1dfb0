"""Those who call for a living: platforms and their tenants, couriers, surveys, sales, debt collectors."""

from __future__ import annotations

import numpy as np

from ringfence.simulate.crews import Crew
from ringfence.simulate.materials import Materials


def cpaas(m: Materials, i: int) -> list[Crew]:
    """A tenant of a CPaaS: one network number and shape for all; a sub-account where it is passed on."""
    rng, cloud = m.rng, i % len(m.network.cloud)
    account = f"AC{int(rng.integers(10**8, 10**9)):09d}" if rng.random() < 0.6 else f"AC{cloud}000"
    lines = np.array([m.line(t, account=account, right="B") for t in m.network.cloud[cloud]])
    pool = m.mobile_numbers if rng.random() < 0.45 else m.service_numbers
    short = rng.random() < 0.6  # codes and reminders
    return [
        Crew(
            "cpaas",
            lines,
            pool.take(1 + int(3 * rng.random() ** 2)),
            m.size(1.3),
            network=int(m.cloud_numbers[cloud]),
            called=None if rng.random() < 0.5 else m.clients(100),
            clock="round",
            weekend=0.5,
            mu=2.9 if short else 4.6,
            sigma=0.6 if short else 1.1,
            ring_back=0.08,
        )
    ]


def masking(m: Materials, i: int) -> list[Crew]:
    """Drivers and customers see a masked number from a pool of hundreds, over a CPaaS."""
    cloud = i % len(m.network.cloud)
    return [
        Crew(
            "masking",
            np.array([m.line(t, account=f"MK{i}", right="B") for t in m.network.cloud[cloud]]),
            m.mobile_numbers.take(250),
            m.size(0.4),
            network=int(m.cloud_numbers[cloud]),
            clock="round",
            weekend=1.2,
            p_answer=0.75,
            mu=3.2,
            sigma=0.7,
            redial=0.25,
            ring_back=0.2,
        )
    ]


def courier(m: Materials, i: int) -> list[Crew]:
    """Short calls from the doorstep, tried again and again."""
    return [
        Crew(
            "courier",
            m.firm_paths(),
            m.numbers(2),
            m.size(),
            clock="shop",
            weekend=0.5,
            p_answer=0.6,
            mu=3.1,
            sigma=0.6,
            redial=0.4,
            ring_back=0.3,
        )
    ]


def survey(m: Materials, i: int) -> list[Crew]:
    """Works through numbers in order, in the evening; every other one from a single seat."""
    people = m.people
    here = np.flatnonzero(people.town[: people.home] == m.town())
    order = here[np.argsort(people.number[here])]
    return [
        Crew(
            "survey",
            m.firm_paths(),
            m.numbers(2),
            m.size(),
            called=order if len(order) else None,
            listed=True,
            clock="evening",
            weekend=0.6,
            p_answer=0.4,
            mu=3.3,
            sigma=1.5,
            seats=1 if i % 2 else 0,
        )
    ]


def sales(m: Materials, i: int) -> list[Crew]:
    """Many short calls and some long ones; rotates a handful of local numbers of its own."""
    local = [m.numbers(1) for _ in range(int(m.rng.integers(3, 25)))]
    mobile = m.mobile_numbers.take(int(m.rng.integers(0, 4)))
    numbers = np.concatenate([*local, mobile])
    trunk = m.wholesaler() if m.rng.random() < 0.5 else m.retail()
    return [
        Crew(
            "sales",
            np.array([m.line(trunk, right="B")]),
            numbers,
            m.size(),
            clock="evening",
            weekend=0.2,
            p_answer=0.45,
            mu=3.0,
            sigma=1.6,
            redial=0.2,
            ring_back=0.1,
        )
    ]


def debt(m: Materials, i: int) -> list[Crew]:
    """The same few people, day after day, from several numbers."""
    return [
        Crew(
            "debt",
            m.firm_paths(),
            m.numbers(int(m.rng.integers(2, 8))),
            m.size(),
            called=m.clients(250),
            weekend=0.3,
            p_answer=0.4,
            mu=4.4,
            sigma=1.2,
            redial=0.4,
            ring_back=0.06,
        )
    ]
