"""The innocents a careless detector would accuse: how many organisations of each kind, and how busy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ringfence.simulate import dialling, firms, trusted
from ringfence.simulate.crews import Crew
from ringfence.simulate.materials import Materials
from ringfence.simulate.organisations import BANKS
from ringfence.simulate.scenario import Scenario

#: What redials and returned calls add to a crew's own calls.
FOLLOW_UPS = 1.06


def build(scenario: Scenario, materials: Materials) -> list[Crew]:
    """Every calling organisation of the network."""
    n = scenario.subscribers
    plan: list[tuple[str, Callable[[Materials, int], list[Crew]], int]] = [
        ("pbx", firms.pbx, max(60, n // 40)),
        ("wholesale", firms.wholesale, max(20, n // 250)),
        ("hosted_pbx", firms.hosted_pbx, max(30, n // 150)),
        ("web_phone", firms.web_phone, max(6, n // 2500) + scenario.shape_innocents),
        ("cpaas", dialling.cpaas, max(120, n // 25)),
        ("masking", dialling.masking, 3),
        ("courier", dialling.courier, max(6, n // 4000)),
        ("call_centre", trusted.call_centre, max(2, n // 12_000)),
        ("bank_team", trusted.bank_team, BANKS + max(1, n // 20_000)),
        ("survey", dialling.survey, max(3, n // 8000)),
        ("hospital", firms.hospital, max(3, n // 8000)),
        ("sales", dialling.sales, max(6, n // 3000)),
        ("debt", dialling.debt, max(3, n // 8000)),
        ("switchboard", firms.switchboard, max(4, n // 5000)),
        ("cloud_abroad", firms.cloud_abroad, max(6, n // 3000)),
        ("misconfigured", firms.misconfigured, max(12, n // 1200)),
        ("gsm_gateway", firms.gsm_gateway, max(2, n // 12_000)),
        ("machine", firms.machine, max(4, n // 5000)),
    ]
    crews: list[Crew] = []
    for kind, make, count in plan:
        made = [crew for i in range(count) for crew in make(materials, i)]
        share_out(made, scenario.planned_calls / scenario.days * scenario.traffic[kind] / FOLLOW_UPS)
        crews += made
    return crews


def share_out(crews: list[Crew], wanted: float) -> None:
    """Turn relative sizes into calls on a working day that make `wanted` calls a day over the week."""
    size = np.array([crew.daily for crew in crews])
    week = np.array([(5 + 1.8 * crew.weekend) / 7 for crew in crews])
    for crew, daily in zip(crews, size * wanted / (size * week).sum(), strict=True):
        crew.daily = float(daily)
