from __future__ import annotations

from ringfence.serve.listing import PAGE_ROWS, Query, given

QUERY = Query("/calls", {"trunk": "TG&1", "platform": "P-1"}, "-score", 3)


def test_addresses_keep_what_was_asked() -> None:
    assert QUERY.at(page=4) == "/calls?trunk=TG%261&platform=P-1&sort=-score&page=4"
    assert QUERY.at(trunk="", platform="P-2") == "/calls?platform=P-2&sort=-score"
    assert Query("/calls", {}, "", 1).at() == "/calls"


def test_a_head_sorts_and_then_turns_round() -> None:
    assert "sort=-talk_seconds" in QUERY.sorted_by("talk_seconds")
    assert "sort=score" in QUERY.sorted_by("score")
    assert QUERY.aria("score") == "descending"
    assert QUERY.aria("called") == ""
    assert Query("/calls", {}, "score", 1).aria("score") == "ascending"


def test_pages() -> None:
    assert QUERY.offset == 2 * PAGE_ROWS
    assert [QUERY.pages(n) for n in (0, 1, PAGE_ROWS, PAGE_ROWS + 1)] == [1, 1, 1, 2]


def test_given_drops_what_is_empty() -> None:
    assert given(a=" x ", b="", c=None, d="  ") == {"a": "x"}
