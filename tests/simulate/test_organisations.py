"""Owners of protected numbers, and the register."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import numpy as np
from tests.simulate.conftest import World

from ringfence.simulate.population import BANK_WEIGHT


def test_owners_hold_numbers_apart(world: World) -> None:
    owned = [n for o in world.owners.owners for n in (*o.inbound, *o.outbound)]
    assert len(owned) == len(set(owned))
    assert len(world.owners.sector("bank")) == len(BANK_WEIGHT)
    for owner in world.owners.owners:
        assert owner.listed and set(owner.listed) | set(owner.unlisted) == set(owner.inbound)
        assert set(owner.stale) <= set(owner.listed)


def test_the_register_has_the_columns_and_words_of_the_contract(world: World, tmp_path: Path) -> None:
    rows = world.owners.write_register(world.scenario, tmp_path / "numbers.csv")
    with (tmp_path / "numbers.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert len(table) == rows > 50
    assert list(table[0]) == ["number", "owner", "use", "sector", "source", "valid_from", "valid_until"]
    assert {r["use"] for r in table} == {"inbound_only", "outbound", "unallocated"}
    sectors = {"bank", "card", "telecom", "police", "government", "delivery", "other"}
    assert {r["sector"] for r in table} <= sectors


def test_without_a_register_only_the_header_is_written(world: World, tmp_path: Path) -> None:
    without = msgspec.structs.replace(world.scenario, register=False)
    assert world.owners.write_register(without, tmp_path / "numbers.csv") == 0
    assert len((tmp_path / "numbers.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_destinations_follow_popularity(world: World) -> None:
    rung = world.owners.destination(np.random.default_rng(1), 20_000)
    _, count = np.unique(rung, return_counts=True)
    assert count.max() > 10 * np.median(count)
