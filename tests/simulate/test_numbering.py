"""Numbers: unique, inside their blocks, and in no block of the real plan."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ringfence.simulate.numbering import (
    FREEPHONE,
    MOBILE,
    NON_GEOGRAPHIC,
    TOWNS,
    UNALLOCATED,
    NumberingPlan,
    e164,
    foreign,
    unallocated,
)


def test_a_pool_never_gives_a_number_twice_and_stays_inside() -> None:
    plan = NumberingPlan(np.random.default_rng(1))
    pool = plan.open("A", ["1201"], 6, 20_000)
    taken = np.concatenate([pool.take(15_000), pool.take(5_000)])
    assert len(np.unique(taken)) == 20_000
    assert (taken // 10**6 == 441201).all()
    with pytest.raises(ValueError, match="exhausted"):
        pool.take(10**6)


def test_blocks_belong_to_one_holder() -> None:
    plan = NumberingPlan(np.random.default_rng(1))
    first, second = plan.open("A", MOBILE, 5, 1000), plan.open("B", MOBILE, 5, 1000)
    plan.freeze()
    assert set(plan.holder_of(first.take(50))) == {plan.holder("A")}
    assert set(plan.holder_of(second.take(50))) == {plan.holder("B")}
    rng = np.random.default_rng(2)
    assert set(plan.holder_of(unallocated(rng, 200))) == {-1}
    assert set(plan.holder_of(foreign(rng, 200))) == {-1}
    assert set(plan.holder_of(plan.valid_mobiles(rng, 200))) <= {0, 1}


def test_a_full_prefix_is_refused() -> None:
    plan = NumberingPlan(np.random.default_rng(1))
    with pytest.raises(ValueError, match="no room"):
        plan.open("A", ["1201"], 6, 10**7)


def test_the_table_lists_allocated_and_empty_blocks(tmp_path: Path) -> None:
    plan = NumberingPlan(np.random.default_rng(1))
    plan.open("A, Ltd", ["8084"], 6, 100)
    plan.write(tmp_path / "allocation.csv")
    rows = list(csv.DictReader((tmp_path / "allocation.csv").open(encoding="utf-8")))
    assert {"prefix": "808400", "types": "free", "operator": "A, Ltd", "format": "0+10"} in rows
    assert {"prefix": "7200", "types": "mobile", "operator": "", "format": "0+10"} in rows


def test_written_form() -> None:
    assert [e164(n) for n in (0, 159, 447200123456)] == ["", "159", "+447200123456"]


def test_foreign_numbers_are_those_kept_for_fiction() -> None:
    for number in foreign(np.random.default_rng(3), 500):
        text = str(number)
        assert text.startswith(("3319900", "33199", "3363998", "6125550")) or text[4:9] == "55501"


@pytest.mark.corpus
def test_every_block_is_unallocated_in_the_real_plan(corpus: Path) -> None:
    table: dict[str, str] = {}
    with (corpus / "numbers" / "uk-prefix-operator.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            table[row["prefix"]] = row["operator"]
    ours = [*MOBILE, *TOWNS, *NON_GEOGRAPHIC, *FREEPHONE, *UNALLOCATED]
    for prefix in ours:
        inside = [p for p, operator in table.items() if p.startswith(prefix) and operator]
        above = [prefix[:n] for n in range(1, len(prefix) + 1) if table.get(prefix[:n])]
        assert not inside and not above, f"{prefix} is allocated in the real plan"
