from __future__ import annotations

import time
from pathlib import Path

from tests.serve.screens import PERSON, invite, screening

from ringfence.model.indicator import Indicator
from ringfence.screen.indicators import Indicators
from ringfence.serve import screening as screening_module
from ringfence.serve.screen_metrics import exposition, snapshot
from ringfence.serve.screen_page import view_of

ASKER = ("127.0.0.1", 5060)


def test_what_the_page_knows(tmp_path: Path) -> None:
    screen = screening(tmp_path)
    now = time.time()
    known = [
        Indicator(kind="account", value="A"),
        Indicator(kind="account", value="B", expires="2020-01-01T00:00:00Z"),
    ]
    screen.screen.knowledge.indicators = Indicators(known)
    for i in range(3):
        screen.handle(invite(call_id=str(i)), ASKER, "udp", now)
    screen.handle(invite(PERSON, "X-Ringfence-Trunk: T9"), ASKER, "udp", now)
    view = view_of(screen, snapshot(screen, None), now)
    assert (view.calls, view.stopped, len(view.indicators)) == (4, 3, 1)
    assert {t.name for t in view.trunks} == {"", "T9"}
    state = {name: (value, bad) for name, value, bad in view.state}
    assert state["Decision log"] == ("written", False) and state["Register"] == ("1 entry", False)
    screen.happened["log_failures"] = 2
    state = {name: (value, bad) for name, value, bad in view_of(screen, snapshot(screen, None), now).state}
    assert state["Decision log"] == ("2 decisions not written", True)


def test_trunks_that_are_made_up_are_counted_together(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(screening_module, "TRUNKS", 3)
    screen = screening()
    for i in range(10):
        screen.handle(invite(PERSON, f"X-Ringfence-Trunk: T{i}", call_id=str(i)), ASKER, "udp", time.time())
    counts = snapshot(screen, None)
    assert sorted((trunk, n) for trunk, _, _, n in counts.trunks) == [
        ("T0", 1),
        ("T1", 1),
        ("T2", 1),
        ("others", 7),
    ]
    assert (
        'ringfence_screen_trunk_verdicts_total{trunk="others",action="allow",would="allow"} 7'
        in exposition(counts)
    )
