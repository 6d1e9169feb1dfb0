from __future__ import annotations

from ringfence.model.rejected import Rejected


def test_no_answer_is_due_unless_said() -> None:
    assert Rejected("truncated_head").status is None
