from __future__ import annotations

from ringfence.console.screen_view import MOST, figures, page, screen_view
from ringfence.model.indicator import Indicator

VERDICTS = [
    ("block", "block", "do not originate", "live", 3),
    ("allow", "block", "no such number", "shadow", 2),
    ("label", "label", "like a known service", "live", 1),
    ("allow", "allow", "", "live", 10),
]
TRUNKS = [("T1", "block", "block", 3), ("T1", "allow", "block", 2), ("<script>", "allow", "allow", 10)]
NUMBER = Indicator(
    kind="number",
    value="+442079460001",
    with_={"trunk": "T1"},
    expires="2026-12-01T00:00:00Z",
    reason="shown to +44 7700 900123",
)


def test_what_it_adds_up() -> None:
    view = screen_view(
        "gb", {"do not originate": "never calls"}, VERDICTS, TRUNKS, [NUMBER],
        {"strangers": 2, "not_judged": 9}, [],
    )  # fmt: skip
    assert (view.calls, view.stopped, view.would, view.labelled, view.unjudged) == (16, 3, 5, 1, 2)
    assert [(r.name, r.calls, r.enforced) for r in view.rules] == [
        ("do not originate", 3, 3), ("no such number", 2, 0), ("like a known service", 1, 1), ("", 10, 0),
    ]  # fmt: skip
    assert [(t.name, t.calls, t.stopped, t.would) for t in view.trunks] == [
        ("T1", 5, 3, 5), ("<script>", 10, 0, 0),
    ]  # fmt: skip
    one = view.indicators[0]
    assert "9460" not in one.value and (one.company, one.until) == ("trunk T1", "1 Dec 2026")
    assert one.reason == "shown to +4477••••••23"


def test_hostile_names_and_long_lists() -> None:
    many = [(f"T{i}", "allow", "allow", 1) for i in range(MOST + 7)]
    ring = [Indicator(kind="account", value=f"<b>{i}", reason="<img src=x>") for i in range(MOST + 3)]
    view = screen_view("<i>", {}, VERDICTS, [*TRUNKS, *many], ring, {}, [("Log", "<u>", True)])
    assert view.more_trunks == 8 and view.indicator_count == MOST + 3
    for text in (page(view), figures(view)):
        for tag in ("<b>0", "<img src=x", "<u>", "<i>", "<script>"):
            assert tag not in text.replace("<script src=", "")
        assert "and 8 more" in text and "and 3 more" in text


def test_nothing_yet() -> None:
    text = page(screen_view("gb", {}, [], [], [], {}, []))
    assert "No call yet." in text and "ringfence indicators add" in text
