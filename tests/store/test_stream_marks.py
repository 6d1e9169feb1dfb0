from __future__ import annotations

import os
from pathlib import Path

import pytest

from ringfence.errors import RingfenceError
from ringfence.store.stream_marks import alone, mark, marks, unsent


def test_marks(tmp_path: Path) -> None:
    segment = tmp_path / "decisions-1.log"
    segment.write_bytes(b"x" * 10)
    assert marks(tmp_path) is None and not unsent(tmp_path, segment)
    mark(tmp_path, {"decisions-1": 9})
    assert marks(tmp_path) == {"decisions-1": 9} and unsent(tmp_path, segment)
    mark(tmp_path, {"decisions-1": 10})
    assert not unsent(tmp_path, segment)
    (tmp_path / "stream.json").write_text("[1]")
    with pytest.raises(RingfenceError, match="remove it"):
        marks(tmp_path)


def test_one_at_a_time(tmp_path: Path) -> None:
    held = alone(tmp_path / "new")
    with pytest.raises(RingfenceError, match="another process"):
        alone(tmp_path / "new")
    os.close(held)
    os.close(alone(tmp_path / "new"))
    (tmp_path / "file").write_text("")
    with pytest.raises(RingfenceError, match="another folder"):
        alone(tmp_path / "file")
