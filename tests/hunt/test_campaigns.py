"""Which calls of one platform are one customer's."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.hunt.campaigns import Hand, _near_pairs, _weigh, campaigns
from ringfence.hunt.records import HOUR, TOKEN_BASE

MINUTE = HOUR // 60
TOWN, OTHER_TOWN = 441_632_960_000, 442_079_460_000


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """Calls of a minute; what a row leaves out is a person and a number of its own, at minute 0."""
    table = pd.DataFrame(
        {
            "call_id": f"c{i:05d}",
            "caller": 9_000_000 * (i + 1),
            "called": 447_000_000_000 + 5_000_000 * i,
            "owner": None,
            "minute": 0.0,
            "talk": 1.0,
            **row,
        }
        for i, row in enumerate(rows)
    )
    start = (table["minute"] * MINUTE).astype("int64")
    return table.assign(
        t=start,
        end=start + (table["talk"] * MINUTE).astype("int64"),
        caller=table["caller"].astype("float64"),
        owner=table["owner"].astype("float64"),
    )


def sitting(town: int, minute: float, calls: int = 12, **fields: Any) -> list[dict[str, Any]]:
    """A customer at work: one call after the other down a list of one town."""
    return [{"called": town + 40 * i, "minute": minute + 6 * i, **fields} for i in range(calls)]


def weight(one: dict[str, Any], two: dict[str, Any], hand: Hand | None = None) -> float:
    """Log-odds of two calls."""
    table = frame(one, two)
    return float(_weigh(table, np.array([0]), np.array([1]), hand or Hand())[0])


APART = {"minute": 2 * 24 * 60}


def test_what_two_calls_share_speaks_for_one_hand() -> None:
    hand = Hand()
    alone = weight({}, APART)
    assert alone == pytest.approx(hand.alone + hand.hours)  # at the same time of the day
    assert weight({"caller": 5}, {"caller": 5, **APART}) == pytest.approx(alone + hand.number)
    assert weight({"called": TOWN}, {"called": TOWN, **APART}) == pytest.approx(alone + hand.person)
    assert weight({"called": TOWN}, {"called": TOWN + 19_000, **APART}) == pytest.approx(alone + hand.listed)
    assert weight({"owner": 3}, {"owner": 3, **APART}) == pytest.approx(alone + hand.owner)
    assert weight({"owner": 3, "caller": 5}, {"owner": 3, "caller": 5, **APART}) == pytest.approx(
        alone + hand.number
    )


def test_withheld_numbers_and_nobodys_are_not_the_same() -> None:
    assert weight({"caller": None}, {"caller": None, **APART}) == weight({}, APART)
    assert weight({"owner": None}, {"owner": None, **APART}) == weight({}, APART)


def test_one_call_at_a_time() -> None:
    hand = Hand()
    base = weight({}, APART)
    assert weight({}, {"minute": 3}) == pytest.approx(base + hand.next)
    assert weight({}, {"minute": 20}) == pytest.approx(base + hand.soon)
    assert weight({}, {"minute": 60}) == base
    assert weight({"talk": 10}, {"minute": 5, "talk": 10}) == pytest.approx(base + hand.overlap)
    # whichever comes first in the table
    assert weight({"minute": 3}, {}) == pytest.approx(base + hand.next)
    assert weight({"minute": 5, "talk": 10}, {"talk": 10}) == pytest.approx(base + hand.overlap)


def test_hours_of_the_day_go_round() -> None:
    hand = Hand()
    day = 24 * 60
    assert weight({"minute": 10}, {"minute": 2 * day - 10}) == pytest.approx(hand.alone + hand.hours)
    assert weight({}, {"minute": day + 4 * 60}) == pytest.approx(hand.alone)
    assert weight({}, {"minute": day + 9 * 60}) == pytest.approx(hand.alone + hand.other_hours)


def test_a_region_counts_on_one_day() -> None:
    hand = Hand()
    one, two = {"called": TOWN}, {"called": TOWN + 500_000}
    assert weight(one, {**two, "minute": 100}) == pytest.approx(weight({}, {"minute": 100}) + hand.region)
    assert weight(one, {**two, **APART}) == weight({}, APART)


def test_tokens_and_short_codes_lie_on_no_list() -> None:
    for code in (TOKEN_BASE + 5, -160):
        assert weight({"called": code}, {"called": code + 1, **APART}) == weight({}, APART)
        assert weight({"called": code}, {"called": code, **APART}) > weight({}, APART)


def test_fewer_than_four_calls_are_one_campaign() -> None:
    table = frame({}, {}, {})
    for size in range(4):
        assert campaigns(table.iloc[:size]).tolist() == [0] * size


def test_customers_at_work_at_the_same_time_are_told_apart() -> None:
    table = frame(*sitting(TOWN, 0, talk=5), *sitting(OTHER_TOWN, 1, talk=5))
    found = campaigns(table)
    assert len(set(found[:12])) == len(set(found[12:])) == 1
    assert found[0] != found[12]


def test_a_customer_who_comes_back_is_one_campaign() -> None:
    day = 24 * 60
    table = frame(
        *(row for d in range(3) for row in sitting(TOWN + 3000 * d, d * day, caller=7)),
        *(row for d in range(3) for row in sitting(OTHER_TOWN + 3000 * d, d * day + 2, caller=8)),
    )
    found = campaigns(table)
    assert len(set(found[:36])) == len(set(found[36:])) == 1
    assert found[0] != found[36]


def test_calls_that_share_nothing_are_campaigns_of_their_own() -> None:
    table = frame(*({"minute": (2 * 24 + 4) * 60 * i} for i in range(6)))
    assert len(set(campaigns(table))) == 6


def test_the_same_calls_give_the_same_campaigns_under_other_row_labels() -> None:
    table = frame(*sitting(TOWN, 0, talk=5), *sitting(OTHER_TOWN, 1, talk=5))
    labelled = table.set_axis(range(500, 500 + len(table)))
    assert np.array_equal(campaigns(table), campaigns(labelled))


def test_a_platform_too_large_for_every_pair_has_the_same_campaigns() -> None:
    day = 24 * 60
    rows = [
        row
        for customer in range(6)
        for d in range(3)
        for row in sitting(
            TOWN + 30_000_000 * customer + 2000 * d, d * day + 240 * customer, caller=7 + customer
        )
    ]
    truth = np.repeat(np.arange(6), 36)
    every, near = (campaigns(frame(*rows), Hand(every_pair=size)) for size in (3000, 10))
    for found in (every, near):
        same, together = truth[:, None] == truth, found[:, None] == found
        assert together[same].mean() > 0.7  # a customer is in one campaign
        assert same[together].mean() > 0.7  # a campaign holds one customer


@pytest.mark.parametrize("reach", [1, 3, 30])
def test_near_pairs_are_each_once_and_far_from_all(reach: int) -> None:
    size = 2000
    table = frame(*({"minute": i, "caller": 5, "called": TOWN} for i in range(size)))
    one, two = _near_pairs(table, reach)
    assert (one < two).all()
    assert len(np.unique(one * size + two)) == len(one) <= 3 * reach * size
    assert set(zip(range(size - 1), range(1, size), strict=True)) <= set(
        zip(one.tolist(), two.tolist(), strict=True)
    )


_CODES = st.one_of(
    st.integers(-999_999, -1),
    st.integers(TOWN, TOWN + 60_000),
    st.integers(10**7, 10**15 - 1),
    st.integers(TOKEN_BASE, TOKEN_BASE + 50),
)
_ROW = st.fixed_dictionaries(
    {
        "caller": st.one_of(st.none(), _CODES),
        "called": _CODES,
        "owner": st.one_of(st.none(), st.integers(-5, 5)),
        "minute": st.integers(0, 20_000),
        "talk": st.one_of(st.just(0), st.integers(0, 200)),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROW, min_size=1, max_size=25), st.sampled_from([0, 5, 3000]))
def test_any_calls_get_one_campaign_each_and_always_the_same(
    rows: list[dict[str, Any]], every_pair: int
) -> None:
    table = frame(*rows)
    hand = msgspec.structs.replace(Hand(), every_pair=every_pair)
    found = campaigns(table, hand)
    assert found.shape == (len(rows),)
    assert np.issubdtype(found.dtype, np.integer)
    assert found.min() >= 0
    assert np.array_equal(found, campaigns(table, hand))
