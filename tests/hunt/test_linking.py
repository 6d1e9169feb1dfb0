"""Which calls become one platform, on worlds of a few calls that are all taken to be flagged."""

from __future__ import annotations

from typing import Any

import pandas as pd
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.linking import Linkage, link
from ringfence.hunt.merging import Tying
from ringfence.hunt.signal import call, office, person

BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(6))


def flagged(context: Context, score: float = 0.95) -> pd.DataFrame:
    table = context.engine.collect(context.suspects).to_pandas()
    return table.sort_values("call_id", ignore_index=True).assign(score=score)


def linked(context: Context, **given: Any) -> pd.DataFrame:
    return link(context, flagged(context), **given).set_index("call_id")


def service(
    first: int, minute: float, trunks: str, shape: str | None, bank: int, calls: int = 8
) -> list[dict[str, Any]]:
    """A service at work: calls to people of its own, in turn over its trunks, in the name of one bank."""
    fields = {} if shape is None else {"fingerprint": shape}
    return [
        call(minute + 7 * i, office(bank), person(first + i), 90, trunk=trunks[i % len(trunks)], **fields)
        for i in range(calls)
    ]


def test_one_shape_over_two_trunks_is_one_platform(world: World) -> None:
    found = linked(world(*service(0, 0, "AB", "f1", 0), register=BANKS))
    assert len(found) == 8
    assert found["platform"].nunique() == 1


def test_one_shared_bank_does_not_make_one_service_of_two(world: World) -> None:
    two_days = 2 * 24 * 60
    calls = [*service(0, 0, "AB", "f1", 0), *service(20, two_days, "CD", "f2", 0)]
    found = linked(world(*calls, register=BANKS))
    assert len(found) == 16
    assert found["platform"].nunique() == 2
    assert found["platform"].iloc[:8].nunique() == found["platform"].iloc[8:].nunique() == 1


def test_common_ground_glues_nobody(world: World) -> None:
    # both services use accounts of their own on one big trunk, and everybody there has the same stack
    innocents = [
        call(i, person(100 + i % 40), person(200 + i), 60, trunk="BIG", fingerprint="common")
        for i in range(300)
    ]
    one, two = service(0, 0, "A", "f1", 0), service(20, 3000, "A", "f2", 1)
    for account, calls in (("a1", one), ("a2", two)):
        for row in calls:
            row |= {"trunk": "BIG", "account": account, "fingerprint": "common"}
    found = linked(world(*innocents, *one, *two, register=BANKS))
    found = found[found.index >= "0000-000300"]
    assert found["platform"].nunique() == 2


def test_names_depend_on_the_evidence_alone(world: World) -> None:
    calls = [*service(0, 0, "AB", "f1", 0), *service(20, 3000, "CD", "f2", 1)]
    context = world(*calls, register=BANKS)
    table = flagged(context)
    once, again = link(context, table), link(context, table)
    pd.testing.assert_frame_equal(once, again)
    # with the last calls not yet made, a service has the name it has with them
    earlier = link(context, table[~table["call_id"].isin(["0000-000006", "0000-000007"])])
    assert set(earlier["platform"]) == set(once["platform"])
    assert once["platform"].str.fullmatch("P-[0-9a-f]{8}").all()
    assert (once["campaign"].str.rpartition("/")[0] == once["platform"]).all()


def test_what_is_too_small_is_not_reported(world: World) -> None:
    context = world(*service(0, 0, "A", "f1", 0, calls=3), register=BANKS)
    assert linked(context).empty
    assert link(context, flagged(context).iloc[:0]).columns.isin(["platform", "campaign"]).sum() == 2


def test_accounts_tell_customers_apart(world: World) -> None:
    calls = []
    for i, account in enumerate(("a1", "a2")):
        part = service(20 * i, 400 * i, "A", "f1", i, calls=12)
        calls += [{**row, "account": account} for row in part]
    context = world(*calls, register=BANKS)
    found = linked(context)
    assert found["platform"].nunique() == 1
    assert found["campaign"].iloc[:12].nunique() == found["campaign"].iloc[12:].nunique() == 1
    assert found["campaign"].nunique() == 2


def test_campaigns_are_numbered_in_the_order_of_time(world: World) -> None:
    calls = []
    for i, account in enumerate(("z", "a")):
        part = service(20 * i, 400 * i, "A", "f1", i, calls=12)
        calls += [{**row, "account": account} for row in part]
    found = linked(world(*calls, register=BANKS)).sort_values("t")
    assert found["campaign"].iloc[0].endswith("/01")
    assert found["campaign"].iloc[-1].endswith("/02")


def test_one_kind_of_fact_accuses_nobody(world: World) -> None:
    context = world(
        *(call(9 * i, office(i % 3), person(i), 90, trunk="A") for i in range(10)), register=BANKS
    )
    table = flagged(context)
    same = table.assign(signals=[["protected_identity", "undeclared"]] * len(table))
    assert link(context, same).empty
    two = table.assign(signals=[["protected_identity", "many_owners"]] * len(table))
    assert link(context, two)["platform"].nunique() == 1


def test_a_rare_shape_shared_with_innocents_joins_what_is_far_apart_in_time(world: World) -> None:
    # too many innocents have it for it to be the service's own; two banks, days apart, share nothing else
    innocents = [
        call(3 * i, person(100 + i % 40), person(200 + i), 60, trunk=f"T{i % 7}", fingerprint=shape)
        for i, shape in enumerate(["rare"] * 40 + ["common"] * 400)
    ]
    one, two = service(0, 0, "A", "rare", 0), service(20, 5000, "B", "rare", 1)
    context = world(*innocents, *one, *two, register=BANKS)
    mine = flagged(context)
    mine = mine[mine["call_id"] >= "0000-000440"].reset_index(drop=True)
    assert len(mine) == 16

    def platforms(**tying: float) -> int:
        return int(link(context, mine, Linkage(tying=Tying(**tying)))["platform"].nunique())

    assert platforms(common_shape=0.9, shape=2.0) == 1
    assert platforms(common_shape=0.9, shape=0.0) == 2
    assert platforms(common_shape=0.05, shape=2.0) == 2
