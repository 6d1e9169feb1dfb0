from __future__ import annotations

import datetime as dt

import msgspec

from ringfence.model.register import RegisterEntry, Use


def test_an_entry_is_open_unless_it_says_otherwise() -> None:
    entry = RegisterEntry("+442079460159", "Example Bank", Use.INBOUND_ONLY, "bank", "the bank")
    assert (entry.valid_from, entry.valid_until) == (None, None)
    dated = msgspec.structs.replace(entry, valid_until=dt.date(2026, 3, 31))
    assert msgspec.json.decode(msgspec.json.encode(dated), type=RegisterEntry) == dated


def test_the_uses_are_the_contracts_words() -> None:
    assert [use.value for use in Use] == ["inbound_only", "outbound", "unallocated"]
