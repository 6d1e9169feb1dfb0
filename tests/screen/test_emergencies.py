from ringfence.screen import emergencies
from ringfence.screen.emergencies import Emergencies


def test_for_so_long() -> None:
    lines = Emergencies()
    assert not lines.lately("+447700900001", 60, 0)
    lines.rang("+447700900001", 100)
    assert lines.lately("+447700900001", 60, 160) and not lines.lately("+447700900001", 60, 161)
    assert not lines.lately("+447700900002", 60, 100) and not lines.lately(None, 60, 100)


def test_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(emergencies, "MOST", 3)
    lines = Emergencies()
    for i in range(5):
        lines.rang(str(i), i)
    assert [lines.lately(str(i), 9, 5) for i in range(5)] == [False, False, True, True, True]
