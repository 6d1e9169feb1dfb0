from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest
from tests.hunt.conftest import World

from ringfence.errors import InputError
from ringfence.hunt.context import Context
from ringfence.hunt.evidence import TOGETHER, Evidence, gather, missing_fields, surprise, unit_strengths
from ringfence.hunt.signal import all_detectors, call, office, person

DETECTORS = {d.SIGNAL.name: d for d in all_detectors()}


def evidence(on_calls: dict[str, list[float]], talk: float = 60.0, **on_units: dict[int, float]) -> Evidence:
    size = len(next(iter(on_calls.values())))
    calls = pd.DataFrame({"call_id": [f"c{i}" for i in range(size)], "answered": True, "talk": talk})
    return Evidence(
        calls=calls,
        on_calls={name: np.array(values, float) for name, values in on_calls.items()},
        on_units={name: {"entry": pd.Series(values, dtype=float)} for name, values in on_units.items()},
        aside={},
    )


def strengths(given: Evidence, units: list[int], sizes: dict[int, int], base: float = 0.01) -> pd.DataFrame:
    return unit_strengths(given, "entry", np.array(units), pd.Series(sizes), base)


def test_a_small_unit_does_not_speak_loudly() -> None:
    one = strengths(evidence({"redial_chain": [1.0]}), [4], {4: 1})
    many = strengths(evidence({"redial_chain": [1.0] * 97}), [4] * 97, {4: 97})
    assert one["redial_chain"].tolist() == [1 / 4]
    assert many["redial_chain"].tolist() == [97 / 100]


def test_calls_that_are_no_suspects_count_as_silent() -> None:
    table = strengths(evidence({"redial_chain": [1.0, 1.0, 0.5]}), [4, 4, -1], {4: 37})
    assert table.index.tolist() == [4]
    assert table["redial_chain"].tolist() == [2 / 40]


def test_people_who_rang_for_help_count_by_how_surprising_that_is() -> None:
    def of(rang: int, size: int, base: float) -> float:
        given = evidence({"owner_callback": [1.0] * rang + [0.0] * (size - rang)})
        return float(strengths(given, [0] * size, {0: size}, base)["owner_callback"].iloc[0])

    assert of(1, 10, 0.001) == 0.0  # one is chance
    assert of(2, 10, 0.01) < of(3, 10, 0.01) < of(6, 10, 0.01) <= 1.0
    assert of(3, 10, 0.01) > of(3, 10, 0.1)  # where everybody rings their bank, nobody stands out
    assert of(30, 3000, 0.01) < 0.2
    assert of(10, 10, 1e-9) == 1.0


def test_a_large_unit_with_hardly_more_calls_for_help_than_usual_says_little() -> None:
    def of(rang: int, size: int) -> float:
        given = evidence({"owner_callback": [1.0] * rang + [0.0] * (size - rang)})
        return float(strengths(given, [0] * size, {0: size}, 0.005)["owner_callback"].iloc[0])

    assert surprise(np.array([60.0]), np.array([15.0])).tolist() == [1.0]
    assert of(60, 3000) < 0.5  # sure, but twice what is usual is not much
    assert of(300, 3000) == 1.0


def test_surprise_is_that_of_two_or_more_where_few_were_expected() -> None:
    hits, expected = np.array([0.0, 1, 2, 2, 5, 50]), np.array([1e-9, 1e-9, 1e-9, 1.0, 1.0, 1.0])
    found = surprise(hits, expected)
    assert found[:2].tolist() == [0.0, 0.0]
    assert found[2] == found[5] == 1.0
    assert 0.0 < found[3] < found[4] < 1.0


def test_a_signal_on_units_passes_as_it_is() -> None:
    given = evidence({"redial_chain": [0.0, 0.0]}, identity_churn={7: 0.6})
    table = strengths(given, [7, 8], {7: 1, 8: 1})
    assert table["identity_churn"].tolist() == [0.6, 0.0]


def test_signals_together_are_as_strong_as_both() -> None:
    one, two = TOGETHER[0]
    calls = {name: [0.0] for name in (one, two) if DETECTORS[name].SIGNAL.level == "call"}
    units = {name: {7: 0.64} for name in (one, two) if DETECTORS[name].SIGNAL.level == "unit"}
    table = strengths(evidence({"redial_chain": [0.0], **calls}, **units), [7], {7: 1})
    assert table[f"{one}+{two}"].tolist() == [0.0]  # one of them is silent
    for name in (n for pair in TOGETHER for n in pair):
        assert name in DETECTORS, name


def test_a_signal_whose_fields_are_missing_stands_aside_and_says_why(world: World) -> None:
    found = gather(world(call(0, office(0), person(0), 60, trunk="A")))
    assert {"undeclared", "near_report", "protected_identity", "rare_fingerprint"} <= set(found.aside)
    assert found.aside["undeclared"] == "needs declared"
    assert all(why.startswith("needs ") for why in found.aside.values())
    assert not set(found.aside) & (set(found.on_calls) | set(found.on_units))


def test_one_of_several_fields_is_enough() -> None:
    class Detector:
        SIGNAL = DETECTORS["undeclared"].SIGNAL.__class__(
            name="x", number=1, level="call", needs=("caller", "trunk|source_ip"), words="x"
        )

    assert missing_fields(Detector, frozenset({"caller", "source_ip"})) == []  # type: ignore[arg-type]
    assert missing_fields(Detector, frozenset({"trunk"})) == ["caller"]  # type: ignore[arg-type]
    assert missing_fields(Detector, frozenset({"caller"})) == ["trunk|source_ip"]  # type: ignore[arg-type]


def test_evidence_is_in_the_order_of_call_id_and_within_bounds(small_context: Context) -> None:
    found = gather(small_context)
    assert found.calls["call_id"].is_monotonic_increasing
    for name, strength in found.on_calls.items():
        assert len(strength) == len(found.calls), name
        assert ((strength >= 0) & (strength <= 1)).all(), name
    for name, kinds in found.on_units.items():
        for by_unit in kinds.values():
            assert by_unit.between(0, 1).all() and by_unit.index.is_unique, name
    assert set(found.aside) == {"undeclared", "near_report"}


def test_the_same_record_twice_is_the_operators_fault(world: World) -> None:
    context = world(
        call(0, office(0), person(0), 60, trunk="A"), register=((office(0), "B", "inbound_only"),)
    )
    twice = context.suspects.union(context.suspects)
    context.engine.keep(twice, "twice")

    with pytest.raises(InputError, match=r"0000-000000 occurs more than once: .*ingest"):
        gather(msgspec.structs.replace(context, suspects=twice))
