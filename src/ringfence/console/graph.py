"""The network as columns: trunk, platform, campaign, presented identity, impersonated owner.

A narrow page shows a picture of its own with fewer columns: one scaled down would lose its labels.

Every link is drawn as a band as wide as its calls allow. Each node and band carries the numbers of the flows
that run through it (`data-f`), so that pointing at one lights up everything it shares calls with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from markupsafe import Markup

from ringfence.console import display

#: Column heading and the field of a flow that it shows.
COLUMNS = (
    ("Trunk", "trunk"),
    ("Platform", "platform"),
    ("Campaign", "campaign"),
    ("Presented number", "caller"),
    ("Impersonated owner", "owner"),
)

#: The fields of `Run.tally` whose rows are flows.
FIELDS = tuple(field for _, field in COLUMNS)


class Shape(msgspec.Struct, frozen=True):
    """One drawing: its columns, its width and that of the last column's labels, in pixels at full size."""

    name: str
    fields: tuple[str, ...]
    width: int
    label: int


FULL = Shape("full", FIELDS, 1160, 186)
BRIEF = Shape("brief", ("trunk", "platform", "owner"), 700, 190)

_MOST_NODES = 14

#: Width of a letter in a label, with something to spare.
_LETTER = 7.4
_MORE = "\0more"

_TOP, _GAP, _NODE_WIDTH = 34, 8, 10
_TITLES = {field: title for title, field in COLUMNS}


class _Node(msgspec.Struct):
    label: str
    calls: int
    colour: int
    flows: set[int]
    y: float = 0.0
    height: float = 0.0


def network(flows: Sequence[Mapping[str, Any]], colours: Mapping[str, int], shape: Shape = FULL) -> Markup:
    """Flows are rows of `Run.tally(FIELDS)`; colours: platform to 0..7. Empty without flows.

    At most 14 nodes a column; the rest are drawn as one node that says how many it stands for.
    """
    if not flows:
        return Markup("")
    fields = shape.fields
    folded = _fold(flows, fields)
    columns = [_nodes(folded, field, colours) for field in fields]
    shown = max(len(column) for column in columns)
    height = max(shown * 34, 160) + _TOP
    total = sum(flow["calls"] for flow in folded)
    for column in columns:
        _place(column, total, height)
    pitch = (shape.width - shape.label - _NODE_WIDTH) / (len(fields) - 1)
    parts: list[Markup] = [
        Markup('<text class="column" x="{:.0f}" y="14">{}</text>').format(i * pitch, _TITLES[field])
        for i, field in enumerate(fields)
    ]
    for i, ends in enumerate(pairwise(fields)):
        parts += _bands(folded, ends, columns[i], columns[i + 1], i * pitch, pitch, colours)
    for i, column in enumerate(columns):
        room = (shape.label if i == len(fields) - 1 else pitch - 24) - 6
        parts += [_node(node, i * pitch, room) for node in column.values()]
    return Markup(
        '<svg class="chart network {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(
        shape.name,
        shape.width,
        height + 6,
        "Which trunks carried which platform, and whom they presented",
        Markup("").join(parts),
    )


def _fold(flows: Sequence[Mapping[str, Any]], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """Values beyond the most frequent of each column become one value that stands for the rest."""
    kept = {field: _most_frequent(flows, field) for field in fields}
    merged: dict[tuple[Any, ...], int] = {}
    for flow in flows:
        key = tuple(flow[field] if flow[field] in kept[field] else _MORE for field in fields)
        merged[key] = merged.get(key, 0) + flow["calls"]
    return [{**dict(zip(fields, key, strict=True)), "calls": calls} for key, calls in merged.items()]


def _most_frequent(flows: Sequence[Mapping[str, Any]], field: str) -> set[Any]:
    calls: dict[Any, int] = {}
    for flow in flows:
        calls[flow[field]] = calls.get(flow[field], 0) + flow["calls"]
    ranked = sorted(calls, key=lambda value: (-calls[value], str(value)))
    return set(ranked if len(ranked) <= _MOST_NODES else ranked[: _MOST_NODES - 1])


def _nodes(flows: Sequence[Mapping[str, Any]], field: str, colours: Mapping[str, int]) -> dict[Any, _Node]:
    nodes: dict[Any, _Node] = {}
    for index, flow in enumerate(flows):
        value = flow[field]
        if value not in nodes:
            # a platform's own colour; elsewhere the platform that brings most of the calls
            nodes[value] = _Node(_name(field, value), 0, colours.get(flow["platform"], 0), set())
        nodes[value].calls += flow["calls"]
        nodes[value].flows.add(index)
    for value, node in nodes.items():
        if field != "platform":
            node.colour = _leading([flows[i] for i in node.flows], colours)
        if value == _MORE:
            node.label = "others"
    # order by platform first, so that bands cross as little as they can
    return dict(
        sorted(nodes.items(), key=lambda kv: (kv[0] == _MORE, kv[0] is None, kv[1].colour, -kv[1].calls))
    )


def _leading(flows: Sequence[Mapping[str, Any]], colours: Mapping[str, int]) -> int:
    calls: dict[int, int] = {}
    for flow in flows:
        colour = colours.get(flow["platform"], 0)
        calls[colour] = calls.get(colour, 0) + flow["calls"]
    return max(calls, key=lambda colour: (calls[colour], -colour))


def _name(field: str, value: object) -> str:
    if value is None:
        return {"caller": "withheld", "owner": "in no register"}.get(field, "not known")
    return display.clean(str(value), 40)


def _place(nodes: Mapping[Any, _Node], total: int, height: float) -> None:
    """Heights in proportion to calls, but tall enough for a label; the column is centred."""
    room = height - _TOP - _GAP * (len(nodes) - 1)
    least = 20.0
    spare = max(room - least * len(nodes), 0)
    y = float(_TOP)
    for node in nodes.values():
        node.height = least + spare * 0.9 * node.calls / total
        node.y = y
        y += node.height + _GAP
    shift = max((height - (y - _GAP)) / 2, 0)
    for node in nodes.values():
        node.y += shift


def _bands(
    flows: Sequence[Mapping[str, Any]],
    ends: tuple[str, str],
    left: Mapping[Any, _Node],
    right: Mapping[Any, _Node],
    x: float,
    pitch: float,
    colours: Mapping[str, int],
) -> list[Markup]:
    from_field, to_field = ends
    links: dict[tuple[Any, Any], set[int]] = {}
    for i, flow in enumerate(flows):
        links.setdefault((flow[from_field], flow[to_field]), set()).add(i)
    order: Callable[[tuple[Any, Any]], tuple[float, float]] = lambda key: (left[key[0]].y, right[key[1]].y)  # noqa: E731
    used_left = dict.fromkeys(left, 0.0)
    used_right = dict.fromkeys(right, 0.0)
    drawn = []
    for key in sorted(links, key=order):
        through = links[key]
        calls = sum(flows[i]["calls"] for i in through)
        start, end = left[key[0]], right[key[1]]
        wide_left = start.height * calls / start.calls
        wide_right = end.height * calls / end.calls
        y1, y2 = start.y + used_left[key[0]], end.y + used_right[key[1]]
        used_left[key[0]] += wide_left
        used_right[key[1]] += wide_right
        drawn.append(
            Markup('<path class="band c{}" d="{}" data-f="{}" data-tip="{}"/>').format(
                _leading([flows[i] for i in through], colours),
                _ribbon(x + _NODE_WIDTH, x + pitch, y1, wide_left, y2, wide_right),
                " ".join(map(str, sorted(through))),
                f"{start.label} → {end.label}: {display.plural(calls, 'call')}",
            )
        )
    return drawn


def _ribbon(x1: float, x2: float, y1: float, wide1: float, y2: float, wide2: float) -> str:
    middle = (x1 + x2) / 2
    return (
        f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        f"V{y2 + wide2:.1f}C{middle:.1f} {y2 + wide2:.1f} {middle:.1f} {y1 + wide1:.1f} "
        f"{x1:.1f} {y1 + wide1:.1f}Z"
    )


def _node(node: _Node, x: float, room: float) -> Markup:
    longest = int(room / _LETTER)
    label = node.label if len(node.label) <= longest else node.label[: longest - 1] + "…"
    return Markup(
        '<g class="node" data-f="{}" data-tip="{}"><rect class="mark c{}" x="{:.1f}" y="{:.1f}" width="{}" '
        'height="{:.1f}" rx="3"/><text x="{:.1f}" y="{:.1f}">{}</text></g>'
    ).format(
        " ".join(map(str, sorted(node.flows))),
        f"{node.label}: {display.plural(node.calls, 'call')}",
        node.colour,
        x,
        node.y,
        _NODE_WIDTH,
        node.height,
        x + _NODE_WIDTH + 6,
        node.y + node.height / 2 + 4,
        label,
    )
