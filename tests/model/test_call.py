from __future__ import annotations

from ringfence.model.call import Call


def test_a_call_may_say_nothing() -> None:
    assert Call().identity == ()
    assert Call().date is None
