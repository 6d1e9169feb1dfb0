from __future__ import annotations

import pytest

from ringfence.serve.listing import PAGE_ROWS, Query, given, order, page_number, quoted
from ringfence.serve.problems import AstrayError

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
    assert given("/calls", a=" x ", b="", c=None, d="  ") == {"a": "x"}


def test_what_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(AstrayError, match="trunk is longer than 400 characters") as refused:
        given("/calls", trunk="x" * 401)
    assert refused.value.status_code == 400
    assert refused.value.way.href == "/calls"


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "9" * 30, "\u0663"])
def test_a_page_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(AstrayError, match="pages count from 1") as refused:
        page_number("/calls", text)
    assert refused.value.status_code == 400


def test_page_numbers() -> None:
    assert [page_number("/calls", text) for text in (None, "", "1", "007")] == [1, 1, 1, 7]


def test_the_page_after_the_last_is_not_found_and_the_last_one_is_offered() -> None:
    QUERY.within(2 * PAGE_ROWS + 1)
    with pytest.raises(AstrayError, match="There is no page 3: there are 2 pages") as absent:
        QUERY.within(2 * PAGE_ROWS)
    assert absent.value.status_code == 404
    assert absent.value.way.href == "/calls?trunk=TG%261&platform=P-1&sort=-score&page=2"
    assert QUERY.span(2 * PAGE_ROWS + 1) == (2 * PAGE_ROWS + 1, 2 * PAGE_ROWS + 1)


def test_an_order_is_a_column_of_the_list() -> None:
    assert order("/calls", None, ["score"], "-score") == "-score"
    assert order("/calls", "score", ["score"], "-score") == "score"
    for text in ("nope", "--score", "score; drop"):
        with pytest.raises(AstrayError, match="there is no column") as refused:
            order("/calls", text, ["score"], "-score")
        assert refused.value.status_code == 400


def test_the_list_as_csv_keeps_filters_and_order() -> None:
    query = Query("/calls", {"trunk": "TG&1"}, "-score", 3, "flagged_calls")
    assert query.csv() == "/downloads/csv/flagged_calls?trunk=TG%261&sort=-score"


def test_a_readers_words_are_repeated_harmlessly() -> None:
    assert quoted("a\n\x1b") == "“a \ufffd”"
    assert len(quoted("x" * 5000)) < 100
