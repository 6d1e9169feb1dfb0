"""Which shapes are one software's before and after a change."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from tests.hunt.conftest import World

from ringfence.hunt.context import Context
from ringfence.hunt.shapes import Family, near_shapes, read_parts
from ringfence.hunt.signal import call, office, person

PARTS = {
    "before": ["cseq:1", "mf:70", "ua:Web"],
    "after": ["cseq:1", "mf:69", "ua:Web"],
    "more": ["cseq:1", "mf:70", "ua:Web", "via:branch"],
    "other": ["cseq:7", "mf:69", "ua:Desk"],
    "bare": [],
}


def used(context: Context) -> tuple[pd.DataFrame, dict[str, list[str]], dict[str, int]]:
    """The suspects, the parts of the shapes, and the shapes' units; the world gives its shapes a prefix."""
    found = context.engine.collect(context.suspects).to_pandas()
    units = (
        context.sources[context.sources["shape"] >= 0]
        .drop_duplicates("shape")
        .set_index("fingerprint")["shape"]
    )
    short = {text: text.rpartition(":")[2] for text in units.index}
    parts = {text: PARTS[name] for text, name in short.items() if name in PARTS}
    return found, parts, {name: int(units[text]) for text, name in short.items()}


def calls(*shapes: str, innocents: int = 0) -> list[dict[str, object]]:
    crowd = [
        call(i / 10, person(i % 90), person(5000 + i), 60, trunk="BIG", fingerprint="crowd")
        for i in range(3000)
    ]
    alike = [
        call(i, person(100 + i), person(9000 + i), 60, trunk="PBX", fingerprint="before")
        for i in range(innocents)
    ]
    found = [
        call(9 * i + 3000 * j, office(i), person(200 + 10 * j + i), 60, trunk=f"T{j}", fingerprint=shape)
        for j, shape in enumerate(shapes)
        for i in range(6)
    ]
    return [*crowd, *alike, *found]


BANKS = tuple((office(i), f"Bank {i}", "inbound_only") for i in range(6))


def test_one_part_changed_or_added_is_near(world: World) -> None:
    context = world(*calls("before", "after", "more", "other", "bare"), register=BANKS)
    found, parts, unit = used(context)
    near = near_shapes(context, found, parts, Family(most_share=0.02))
    pairs = {frozenset((unit["before"], unit["after"])), frozenset((unit["before"], unit["more"]))}
    assert {frozenset(pair) for pair in near} == pairs
    # the family of the three: 18 calls of 3,030
    assert list(near.values()) == pytest.approx([18 / 3030] * 2)
    assert near_shapes(context, found.iloc[:0], parts) == near_shapes(context, found, {}) == {}


def test_of_a_large_family_nothing_is_near(world: World) -> None:
    context = world(*calls("before", "after", innocents=600), register=BANKS)
    found, parts, _units = used(context)
    assert near_shapes(context, found, parts, Family(most_share=0.02)) == {}
    assert len(near_shapes(context, found, parts, Family(most_share=0.5))) == 1


def test_parts_are_read_from_one_call_each(world: World) -> None:
    context = world(*calls("before"), register=BANKS)
    raw = pa.table(
        {
            "call_id": ["1", "2", "3", "4", "1"],
            "fingerprint": ["b", "a", "b", None, "b"],
            "fingerprint_parts": pa.array(
                [["z", None, "y", "y"], None, ["z", "y"], None, None], pa.list_(pa.string())
            ),
        }
    )
    assert read_parts(context, context.engine.upload(raw, "some_records")) == {"a": [], "b": ["y", "z"]}
    bare = context.engine.upload(raw.drop_columns("fingerprint_parts"), "bare_records")
    assert read_parts(context, bare) == {}
