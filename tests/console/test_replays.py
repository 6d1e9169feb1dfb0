from __future__ import annotations

import io

from rich.console import Console

from ringfence.console.replays import print_replay
from ringfence.screen.replay import Difference, Replay, RuleReplay


def shown(replay: Replay, width: int = 80, **options: bool) -> str:
    out = io.StringIO()
    print_replay(replay, Console(file=out, width=width, highlight=False), **options)
    return out.getvalue()


RULE = RuleReplay("do not originate", "block", "shadow", 2, 0, {"T1": 2}, {"+442079460001": 2}, {}, ["c0"])
REPLAY = Replay(
    "gb 1 abc", 4, "2026-03-01T12:00:00+00:00", "2026-03-01T12:00:03+00:00", {"block": 2, "allow": 2},
    {"allow": 4}, rules=[RULE, RuleReplay("other", "label", "live")],
    trunks={f"T{i}": {"block": 1} for i in range(20)}, kinds={"fraud": {"block": 2}},
    against="us 1 def", differs=[Difference("block", "allow", "do not originate", 2, ["c0"])],
)  # fmt: skip


def test_what_an_analyst_reads() -> None:
    text = shown(REPLAY)
    for words in (
        "4 calls",
        "gb 1 abc",
        "50.000%",
        "as it stands 0",
        "do not originate",
        "c0",
        "and 8 more",
        "fraud",
    ):
        assert words in text
    assert "+4420" not in text and "us 1 def" in text


def test_callers_are_masked_unless_asked_for() -> None:
    assert "+442079460001" not in shown(REPLAY, 160)
    assert "+442079460001" in shown(REPLAY, 160, show_numbers=True)


def test_nothing_to_show() -> None:
    assert "No calls" in shown(Replay("gb 1 abc"))
    assert "says the same" in shown(Replay("a", 1, against="b"))
