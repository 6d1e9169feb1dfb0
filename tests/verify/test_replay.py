from __future__ import annotations

from ringfence.verify.replay import ReplayMemory


def test_forks_repeat_and_thieves_replay() -> None:
    memory = ReplayMemory()
    assert memory.seen(b"t", "10.0.0.1", "c1", 0) is None
    assert memory.seen(b"t", "10.0.0.2", "c2", 1) == "repeated"
    memory.answered("c1")
    assert memory.seen(b"t", "10.0.0.1", "c3", 2) == "repeated"
    assert memory.seen(b"t", "10.0.0.2", "c4", 3) == "replayed"
    memory.answered("unheard of")


def test_it_forgets_in_time_and_by_number() -> None:
    memory = ReplayMemory(seconds=10, most=3)
    for i in range(100):
        assert memory.seen(b"%d" % i, "s", f"c{i}", i / 100) is None
    assert len(memory) == 3
    assert len(memory._calls) == 3
    assert memory.seen(b"99", "s", "c", 100) is None
    assert len(memory) == 1


def test_each_token_of_a_call_and_each_call_of_a_token() -> None:
    memory = ReplayMemory()
    assert memory.seen(b"shaken", "a", "1", 0) is None and memory.seen(b"rcd", "a", "1", 0) is None
    assert memory.seen(b"shaken", "a", "2", 1) == "repeated"  # a fork
    memory.answered("2")
    assert memory.seen(b"shaken", "b", "3", 2) == "replayed"
    assert memory.seen(b"rcd", "b", "4", 2) == "repeated"
    memory.answered("1")
    assert memory.seen(b"rcd", "b", "5", 3) == "replayed"
    assert memory.seen(b"new", "b", "6", 1000) is None and len(memory) == 1
    memory.answered("1")
