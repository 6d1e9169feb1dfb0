"""Shapes: fingerprints made from parts, common defaults, rare variants."""

from __future__ import annotations

import numpy as np

from ringfence.simulate.shapes import EXCHANGES, FAMILIES, ShapeBook, user_agent, vary


def test_a_shape_is_kept_once_and_its_fingerprint_is_sixteen_hex_digits() -> None:
    book = ShapeBook()
    first, again = book.default("asterisk"), book.default("asterisk")
    assert first == again == 1
    fingerprint = book.fingerprints[1]
    assert fingerprint is not None and len(fingerprint) == 16 and int(fingerprint, 16)
    assert book.fingerprints[0] is None and book.parts[0] is None


def test_families_have_distinct_shapes_of_a_dozen_parts() -> None:
    book = ShapeBook()
    assert len({book.default(family) for family in FAMILIES}) == len(FAMILIES)
    for parts in book.parts[1:]:
        assert parts is not None and 10 <= len(parts) <= 14
        assert all(":" in part for part in parts)
    assert set(EXCHANGES) <= set(FAMILIES) and abs(sum(EXCHANGES.values()) - 1) < 1e-9


def test_a_variant_differs_in_as_many_parts_as_were_changed() -> None:
    rng = np.random.default_rng(1)
    default = tuple(FAMILIES["asterisk"].parts)
    for changes in (1, 2, 3):
        varied = vary(default, rng, changes)
        assert len(varied) == len(default)
        assert sum(a != b for a, b in zip(varied, default, strict=True)) <= changes


def test_variants_are_nearly_unique() -> None:
    book, rng = ShapeBook(), np.random.default_rng(2)
    assert len({book.variant("pjsip", rng, 3) for _ in range(200)}) > 180


def test_the_version_shows_in_the_agent_and_not_in_the_shape() -> None:
    rng = np.random.default_rng(3)
    agents = {user_agent("asterisk", rng) for _ in range(50)}
    assert len(agents) > 1 and "Asterisk PBX 16.28.0" in agents
    assert user_agent("border", rng) is None
    assert all("16.28.0" not in part for part in FAMILIES["asterisk"].parts)
