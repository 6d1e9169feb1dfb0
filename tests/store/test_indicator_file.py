from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import InputError, RingfenceError
from ringfence.model.indicator import Indicator
from ringfence.store.indicator_file import moment, read_indicators, update_indicators

GOOD = '{"kind":"account","value":"7","with":null,"score":0.9,"expires":"2026-03-01T12:00:00Z","newer":1}'


def test_bad_lines_are_told_and_survive(tmp_path: Path) -> None:
    file = tmp_path / "i.jsonl"
    lines = [GOOD, "{half", "", '{"kind":"number","value":"+442079460001"}', '{"kind":"account","value":""}',
             '{"kind":"account","value":"1","score":2}',
             '{"kind":"trunk","value":"T","expires":"soon"}']  # fmt: skip
    file.write_text("\ufeff" + "\n".join(lines), "utf-8")
    read = read_indicators(file)
    assert [e.value for e in read.entries] == ["7"] and [b.line for b in read.bad] == [2, 4, 5, 6, 7]
    assert "its owner is hit" in read.bad[1].reason and "write 2026" in read.bad[4].reason
    update_indicators(file, lambda before: [*before, Indicator(kind="source", value="192.0.2.1")])
    again = read_indicators(file)
    assert len(again.entries) == 2 and [b.text for b in again.bad] == [b.text for b in read.bad]


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "i.jsonl"

    def write(name: int) -> None:
        for i in range(10):
            entry = Indicator(kind="account", value=f"{name}-{i}")
            update_indicators(file, lambda before, entry=entry: [*before, entry])  # type: ignore[misc]

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_indicators(file).entries) == 30


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_indicators(tmp_path / "nowhere")
    with pytest.raises(RingfenceError, match="cannot be written"):
        update_indicators(tmp_path / "nowhere" / "i.jsonl", lambda before: before)


def test_times() -> None:
    assert (
        moment("2026-03-01T12:00:00") == moment("2026-03-01T12:00:00Z") == moment("2026-03-01T13:00:00+01:00")
    )
    assert moment("soon") is None


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(GOOD.encode())), max_size=8))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    file = tmp_path_factory.mktemp("i") / "i.jsonl"
    file.write_bytes(b"\n".join(lines))
    read = read_indicators(file)
    assert all(json.loads(GOOD)["value"] == e.value for e in read.entries if e.score == 0.9)
