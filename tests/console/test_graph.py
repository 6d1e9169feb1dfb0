from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from ringfence.console.graph import BRIEF, FIELDS, network


def _flow(*values: Any, calls: int = 1) -> dict[str, Any]:
    return {**dict(zip(FIELDS, values, strict=True)), "calls": calls}


FLOWS = [
    _flow("TG-1", "P-1", "C-1", "+442079460101", "Example Bank", calls=60),
    _flow("TG-2", "P-1", "C-2", "+442079460101", "Example Bank", calls=30),
    _flow("TG-2", "P-2", "C-3", "+442079460102", None, calls=10),
]
COLOURS = {"P-1": 0, "P-2": 1}


def _nodes(markup: str) -> dict[str, set[str]]:
    tree = ET.fromstring(markup)
    return {g.get("data-tip", ""): set(g.get("data-f", "").split()) for g in tree.iter("g")}


def test_every_value_is_a_node_that_knows_its_flows() -> None:
    nodes = _nodes(network(FLOWS, COLOURS))
    assert len(nodes) == 2 + 2 + 3 + 2 + 2
    assert nodes["TG-2: 40 calls"] == {"1", "2"}
    assert nodes["+442079460101: 90 calls"] == {"0", "1"}
    assert nodes["in no register: 10 calls"] == {"2"}


def test_bands_say_from_where_to_where() -> None:
    tips = {p.get("data-tip") for p in ET.fromstring(network(FLOWS, COLOURS)).iter("path")}
    assert {"TG-2 → P-1: 30 calls", "C-3 → +442079460102: 10 calls"} <= tips


def test_a_crowd_is_folded_and_no_call_is_lost() -> None:
    crowd = [_flow("TG-1", "P-1", "C-1", f"+44770090{i:04}", None, calls=100 - i) for i in range(60)]
    nodes = _nodes(network(crowd, {"P-1": 0}))
    callers = {tip for tip in nodes if tip.startswith(("+44770090", "others"))}
    assert len(callers) == 14
    assert sum(int(tip.split(": ")[1].split()[0].replace(",", "")) for tip in callers) == sum(
        f["calls"] for f in crowd
    )


def test_the_same_flows_give_the_same_picture_and_none_gives_none() -> None:
    assert network(FLOWS, COLOURS) == network(list(FLOWS), dict(COLOURS))
    assert network([], {}) == ""


def test_hostile_names_are_escaped() -> None:
    drawn = network([_flow("<script>x</script>", "P-1", "C", "\u202e+44", '"><b>')], {"P-1": 0})
    assert "<script>" not in drawn
    assert "\u202e" not in drawn
    ET.fromstring(drawn)


def test_the_brief_picture_leaves_columns_out_and_no_call() -> None:
    nodes = _nodes(network(FLOWS, COLOURS, BRIEF))
    assert set(nodes) == {
        "TG-1: 60 calls", "TG-2: 40 calls", "P-1: 90 calls", "P-2: 10 calls",
        "Example Bank: 90 calls", "in no register: 10 calls",
    }  # fmt: skip
    tree = ET.fromstring(network(FLOWS, COLOURS, BRIEF))
    assert [t.text for t in tree.iter("text")][:3] == ["Trunk", "Platform", "Impersonated owner"]
