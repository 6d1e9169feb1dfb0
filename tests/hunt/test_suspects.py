"""Which calls are looked at closely: enough of them, and not everything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.detectors import many_owners, over_capacity, owner_switch, protected_identity, sim_farm
from ringfence.hunt.signal import call, office, person
from ringfence.hunt.suspects import Limits, standing_out
from ringfence.hunt.units import KINDS, SOURCE_UNITS


def suspects_of(context: Context) -> pd.DataFrame:
    return context.engine.collect(context.suspects).to_pandas().set_index("call_id").sort_index()


def frame(**columns: list[float]) -> pd.DataFrame:
    """Sums per source as `sum_up_sources` gives them: one unit of each kind a source; the rest is 0."""
    size = len(next(iter(columns.values())))
    names = ("n", "ids", "away_ids", "named_calls", "named_owners", "heard", "rang", "foreign")
    table = pd.DataFrame({name: columns.get(name, [0] * size) for name in names}, dtype=float)
    table["source"] = np.arange(size)
    for kind in SOURCE_UNITS:
        table[kind] = np.arange(size) if kind == "entry" else -1
    return table


def test_sources_stand_out_by_what_they_present() -> None:
    sums = frame(n=[500, 500, 500], ids=[50, 50, 5], named_calls=[0, 400, 0], away_ids=[0, 30, 0])
    assert standing_out(sums, Limits(), total=1_000_000) == {1}


def test_a_handful_of_calls_is_no_unit() -> None:
    sums = frame(n=[2, 3], ids=[2, 3], named_calls=[2, 3])
    assert standing_out(sums, Limits(), total=1_000_000) == {1}


def test_suspects_never_outgrow_their_share() -> None:
    limits = Limits(suspect_calls=100, suspect_share=0.01)
    sums = frame(n=[300.0] * 20, ids=[9.0] * 20, named_calls=[float(i) + 100 for i in range(20)])
    chosen = standing_out(sums, limits, total=10_000)
    assert 0 < len(chosen) <= 100 * len(SOURCE_UNITS) / 300
    # the most striking are kept
    assert 19 in chosen


def test_a_protected_number_makes_its_call_and_its_neighbours_suspect(world: World) -> None:
    home = [call(i, office(9), person(50 + i), 30, trunk="H") for i in range(30)]
    context = world(
        call(0, office(0), person(0), 60, trunk="X"),
        call(90, person(7), person(0), 60, trunk="Y"),  # the same person, soon after
        call(90, person(7), person(1), 60, trunk="Y"),
        *home,
        register=((office(0), "Bank", "inbound_only"),),
    )
    found = suspects_of(context)
    assert {"0000-000000", "0000-000001"} <= set(found.index)
    assert "0000-000002" not in found.index
    first = found.loc["0000-000000"]
    assert (context.owners[int(first["owner"])], first["use"]) == ("e0:Bank", "inbound_only")
    assert first["end"] - first["t"] == 60_000_000
    assert np.isnan(found.loc["0000-000001", "owner"])


def test_a_switchboard_has_no_neighbours_and_no_pairs(world: World) -> None:
    # all who ring a contact centre would otherwise be suspects, and each two of their calls a pair
    strange = [call(9 * i, office(0), office(5), 60, trunk="T1") for i in range(3)]
    crowd = [call(7 * i, person(i), office(5), 60, trunk="M") for i in range(200)]
    context = world(*strange, *crowd, register=((office(0), "Bank 0", "inbound_only"),))
    suspects = suspects_of(context)
    assert len(suspects) == 3 and suspects["switchboard"].all()
    assert not context.engine.collect(owner_switch.detect(context, owner_switch.Thresholds())).num_rows


def test_a_network_number_that_gateways_insert_is_no_line(world: World) -> None:
    lines = ("+448979000001", "+443069990001", None)
    context = world(
        *(call(9 * i, office(i), person(i), 60, trunk="T1", network_number=n) for i, n in enumerate(lines)),
        register=tuple((office(i), f"Bank {i}", "inbound_only") for i in range(3)),
    )
    assert suspects_of(context)["line"].tolist() == [-1, 443069990001, -1]


def test_withheld_calls_count_where_they_are_all_a_source_makes(world: World) -> None:
    context = world(
        call(0, office(0), person(0), 60, trunk="X"),
        call(1, None, person(9), 60, trunk="X"),
        call(4, None, person(0), 60, trunk="W"),
        register=((office(0), "Bank", "inbound_only"),),
    )
    found = suspects_of(context)
    entries = found.loc[["0000-000000", "0000-000002"], "entry"]
    assert [context.sizes["entry"][entry] for entry in entries] == [2, 1]


def test_an_owner_that_calls_from_its_home_is_not_suspect(world: World) -> None:
    calls = [call(i, office(0), person(i), 60, trunk="H") for i in range(40)]
    context = world(*calls, register=((office(0), "Bank", "outbound"),))
    assert suspects_of(context).empty


def test_an_expired_entry_names_nobody(small_context: Context) -> None:
    found = suspects_of(small_context)
    named = found[found["use"].notna()]
    assert not named.empty
    assert set(named["use"]) <= {"inbound_only", "outbound", "unallocated", "quiet"}


def test_nearly_all_fraud_is_among_few_suspects(small_context: Context, small_net: object) -> None:
    truth = pq.read_table(f"{small_net}/truth.parquet", columns=["call_id"])["call_id"].to_pylist()
    found = suspects_of(small_context)
    assert len(set(truth) & set(found.index)) >= 0.7 * len(truth)
    assert len(found) <= 0.25 * small_context.records.accepted
    assert found.index.is_unique


def test_a_unit_is_whole_when_all_its_calls_are_suspects(small_context: Context) -> None:
    found = suspects_of(small_context)
    whole = small_context.engine.collect(small_context.whole).to_pandas()
    assert set(whole["kind"]) <= set(KINDS)
    for kind, unit in whole[["kind", "unit"]].head(50).itertuples(index=False):
        assert (found[kind] == unit).sum() == small_context.sizes[kind][unit]


def test_what_steady_use_says_of_a_register_entry_is_known_of_each_suspect(world: World) -> None:
    team = [
        call(d * 1440 + 9 * i, office(0), person(20 * d + i), 60, trunk="TEAM")
        for d in range(8)
        for i in (0, 1)
    ]
    context = world(
        *team,
        call(200, office(0), person(900), 60, trunk="X"),
        call(200, office(1), person(901), 60, trunk="X"),
        call(250, office(0), person(902), 60, trunk="TEAM", diverted_from=office(7)),
        register=((office(0), "Bank", "inbound_only"), (office(1), "Bank 1", "inbound_only")),
    )
    found = suspects_of(context)
    assert len(found) == 19
    at_team, at_x, other = found.iloc[0], found.loc["0000-000016"], found.loc["0000-000017"]
    assert (at_team["settled"], at_team["contradicted"], at_team["here"]) == (True, True, 17)
    assert (at_x["settled"], at_x["contradicted"], at_x["here"]) == (False, True, 1)
    assert (other["settled"], other["contradicted"], other["here"]) == (False, False, 1)
    # what the register says is the weaker for it, most of all where the number calls from steadily
    rows = context.engine.collect(protected_identity.detect(context, protected_identity.Thresholds()))
    strength = dict(zip(rows["call_id"].to_pylist(), rows["strength"].to_pylist(), strict=True))
    assert strength["0000-000000"] < strength["0000-000016"] < strength["0000-000017"] == 1.0


def test_a_forwarded_call_accuses_less_than_one_that_begins_here(world: World) -> None:
    context = world(
        call(0, office(0), person(0), 60, trunk="A"),
        call(9, office(0), person(1), 60, trunk="B", diverted_from=office(7)),
        call(20, None, person(2), 60, trunk="A"),
        register=((office(0), "Bank", "inbound_only"),),
    )
    rows = context.engine.collect(protected_identity.detect(context, protected_identity.Thresholds()))
    strength = dict(zip(rows["call_id"].to_pylist(), rows["strength"].to_pylist(), strict=True))
    assert strength["0000-000001"] < strength["0000-000000"] == 1.0
    assert set(strength) == {"0000-000000", "0000-000001"}


def test_how_often_a_number_calls_from_here_is_counted_over_all_shapes(world: World) -> None:
    calls = [
        call(9 * i, office(0), person(i), 60, trunk="AB"[i % 3 // 2], fingerprint=f"f{i % 2}")
        for i in range(9)
    ]
    found = suspects_of(world(*calls, register=((office(0), "Bank", "inbound_only"),)))
    assert found["here"].tolist() == [6, 6, 3] * 3


def test_a_firm_at_home_on_two_trunks_is_not_over_its_capacity(world: World) -> None:
    def strengths(calls: int) -> set[float]:
        rows = [call(i // 2 * 120, office(0), person(i), 300, trunk="AB"[i % 2]) for i in range(2 * calls)]
        context = world(*rows, register=((office(0), "Bank", "inbound_only"),))
        found = over_capacity.detect(context, over_capacity.Thresholds())
        return {round(x, 6) for x in context.engine.collect(found)["strength"].to_pylist()}

    assert max(strengths(5)) == 1.0
    assert max(strengths(25)) == 0.3


def test_owners_who_call_steadily_from_a_desk_are_not_many(world: World) -> None:
    register = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(4))

    def strengths(days: int) -> list[float]:
        rows = [
            call(d * 1440 + 9 * i, office(i % 4), person(50 * d + i), 60, trunk="DESK")
            for d in range(days)
            for i in range(8)
        ]
        context = world(*rows, register=register)
        found = many_owners.detect(context, many_owners.Thresholds())
        return [float(x) for x in context.engine.collect(found)["strength"].to_pylist()]

    assert max(strengths(1)) == 1.0
    assert strengths(8) == []


def test_a_sim_card_counts_from_its_first_call(world: World) -> None:
    calls = [
        call(3 * i, person(500 + i), person(i), 40, trunk="M", imei_tac="35000000", cell="C1")
        for i in range(8)
    ]
    context = world(*calls)
    assert len(suspects_of(context)) == 8
    found = context.engine.collect(sim_farm.detect(context, sim_farm.Thresholds()))
    assert found["strength"].to_pylist() == [1.0]
