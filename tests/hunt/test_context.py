from __future__ import annotations

import pyarrow as pa
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.signal import call, office, person
from ringfence.hunt.units import KINDS


def test_the_context_knows_which_fields_and_files_there_are(world: World) -> None:
    context = world(
        call(0, office(0), person(0), 60, trunk="A"),
        call(1440 * 2, office(0), person(1), 400, trunk="A"),
        register=((office(0), "Bank", "inbound_only"),),
        reports=({"number": office(0), "minute": 5},),
    )
    assert {"caller", "trunk", "register", "reports"} <= context.fields
    assert not {"declared", "fingerprint", "source_ip"} & context.fields
    assert context.kinds == KINDS
    assert context.owners == ["e0:Bank"]
    assert context.days == 2.0
    reports = context.engine.collect(context.reports)
    assert reports.schema == pa.schema([(c, pa.int64()) for c in ("number", "called", "t")])
    assert reports["called"].to_pylist() == [None]
    assert context.engine.collect(context.declared).num_rows == 0


def test_the_shares_of_a_network_are_smoothed(world: World) -> None:
    context = world(call(0, person(0), person(1), 400, trunk="A"))
    # one long call of one does not make all calls long
    assert 0 < context.long_share < 0.05
    assert 0 < context.heard_base < 0.01
    assert context.days == 1.0


def test_counts_of_a_simulated_network(small_context: Context) -> None:
    inbound = small_context.engine.collect(small_context.inbound)
    assert sum(inbound["n_in"].to_pylist()) == small_context.records.accepted
    assert set(small_context.sizes) == set(KINDS)
    shapes = small_context.shapes
    assert (shapes["trunks"] >= 1).all()
    assert shapes["calls"].sum() <= small_context.records.accepted
    assert small_context.sources["source"].is_unique
