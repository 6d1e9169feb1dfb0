from __future__ import annotations

import itertools

import pytest
from tests.ingest.wire import SDP, ipv4, ipv6, request, udp

from ringfence.ingest import fragments as module
from ringfence.ingest.fragments import Fragments
from ringfence.ingest.packets import RAW, Fragment, dissect

REQUEST = request(body=SDP)
MESSAGE = udp(REQUEST)


def pieces(identity: int = 7, size: int = 160) -> list[Fragment]:
    found = []
    for at in range(0, len(MESSAGE), size):
        more = at + size < len(MESSAGE)
        piece = dissect(RAW, ipv4(MESSAGE[at : at + size], identity=identity, offset=at, more=more))
        assert isinstance(piece, Fragment)
        found.append(piece)
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_pieces_in_any_order_make_the_datagram(order: tuple[int, ...]) -> None:
    fragments, parts = Fragments(), pieces()
    assert len(parts) == 3
    results = [fragments.add(parts[i], 0) for i in order]
    assert results[:2] == [None, None]
    assert results[2] is not None and results[2].payload == REQUEST


def test_duplicates_change_nothing() -> None:
    fragments, parts = Fragments(), pieces()
    assert fragments.add(parts[0], 0) is None
    assert fragments.add(parts[0], 0) is None
    assert fragments.add(parts[2], 0) is None
    whole = fragments.add(parts[1], 0)
    assert whole is not None and whole.payload == REQUEST


def test_overlapping_pieces_are_refused_in_ipv6() -> None:
    def piece(offset: int, data: bytes, more: int) -> Fragment:
        head = b"\x11\x00" + (offset | more).to_bytes(2, "big") + b"\0\0\0\1"
        found = dissect(RAW, ipv6(data, 44, extensions=head))
        assert isinstance(found, Fragment)
        return found

    fragments = Fragments()
    assert fragments.add(piece(0, MESSAGE[:160], 1), 0) is None
    assert fragments.add(piece(152, MESSAGE[152:], 0), 0) is None


def test_memory_is_bounded_and_loss_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DATAGRAMS", 10)
    fragments = Fragments()
    for identity in range(50):
        fragments.add(pieces(identity)[0], 0)
    assert fragments.lost == 40
    assert len(fragments._waiting) == 10
    fragments.close()
    assert fragments.lost == 50 and fragments._bytes == 0


def test_old_pieces_do_not_join_new_ones() -> None:
    fragments, parts = Fragments(), pieces()
    fragments.add(parts[0], 0)
    fragments.add(parts[1], 0)
    assert fragments.add(parts[2], module.MAX_AGE + 1) is None
    assert fragments.lost == 1


def test_a_cut_fragment_costs_the_datagram() -> None:
    cut = dissect(RAW, ipv4(MESSAGE[:160], more=True)[:-8])
    assert isinstance(cut, Fragment)
    fragments = Fragments()
    assert fragments.add(cut, 0) is None
    assert fragments.lost == 1


def test_other_traffic_is_not_counted_as_lost() -> None:
    piece = dissect(RAW, ipv4(udp(bytes(160)), more=True))
    assert isinstance(piece, Fragment)
    fragments = Fragments()
    fragments.add(piece, 0)
    fragments.close()
    assert fragments.lost == 0
