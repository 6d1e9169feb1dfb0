from __future__ import annotations

from ringfence.serve.room import NavEntry, Room


def test_a_room_needs_a_name_entries_and_handlers() -> None:
    room = Room("Cases", [NavEntry("Open", "/cases")], [])
    assert room.note == []
    assert room.nav[0].count is None
