"""Each detector's examples: what it must see and what it must not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from tests.hunt.stacked import stack

from ringfence.hunt.evidence import gather
from ringfence.hunt.signal import all_detectors
from ringfence.store.engines import open_engine

CASES = [(d.SIGNAL.name, example) for d in all_detectors() for example in d.EXAMPLES]


@pytest.fixture(scope="module")
def fired() -> dict[tuple[str, int], bool]:
    """(signal, example number) -> whether the signal spoke on any of the example's calls."""
    with tempfile.TemporaryDirectory() as folder, open_engine("duckdb", workdir=Path(folder)) as engine:
        evidence = gather(stack(engine, [example for _name, example in CASES]))
    calls = evidence.calls
    example = calls["call_id"].str[:4].astype(int)
    result: dict[tuple[str, int], bool] = {}
    for name, strength in evidence.on_calls.items():
        for number in example[strength > 0].unique():
            result[name, int(number)] = True
    for name, kinds in evidence.on_units.items():
        for kind, strengths in kinds.items():
            for number in example[calls[kind].isin(strengths.index)].unique():
                result[name, int(number)] = True
    return result


@pytest.mark.parametrize(
    ("number", "name", "fires"),
    [(i, n, e.fires) for i, (n, e) in enumerate(CASES)],
    ids=[f"{n}: {e.name}" for n, e in CASES],
)
def test_examples(fired: dict[tuple[str, int], bool], number: int, name: str, fires: bool) -> None:
    assert fired.get((name, number), False) is fires


def test_each_detector_has_both_kinds_of_example() -> None:
    for detector in all_detectors():
        assert {e.fires for e in detector.EXAMPLES} == {True, False}, detector.SIGNAL.name


def test_each_docstring_has_the_four_headings() -> None:
    for detector in all_detectors():
        for heading in ("Signal:", "Innocent look-alike:", "Reference:", "Cost:"):
            assert heading in (detector.__doc__ or ""), (detector.SIGNAL.name, heading)
