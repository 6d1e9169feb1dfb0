from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.wire import SDP, A, B, hep, request, response

from ringfence.ingest import streams as module
from ringfence.ingest.packets import FIN, RST, SYN, Segment
from ringfence.ingest.streams import Streams

ONE, TWO, THREE = request(body=SDP), response(100), response(200)
ALL = ONE + TWO + THREE


def segment(data: bytes, sequence: int, flags: int = 0x10, cut: bool = False, port: int = 5060) -> Segment:
    return Segment(6, A, port, B, 5060, data, sequence % 2**32, flags, cut)


def feed(streams: Streams, *segments: Segment) -> list[bytes]:
    return [message for item in segments for message in streams.add(item, 0)]


def test_several_messages_in_one_segment_and_one_across_several() -> None:
    streams = Streams()
    assert feed(streams, segment(b"", 99, SYN), segment(ALL, 100)) == [ONE, TWO, THREE]
    pieces = [segment(ONE[i : i + 40], 100 + len(ALL) + i) for i in range(0, len(ONE), 40)]
    assert feed(streams, *pieces) == [ONE]


def test_keep_alives_between_messages() -> None:
    data = b"\r\n\r\n" + ONE + b"\r\n\r\n" + TWO
    assert feed(Streams(), segment(b"", 99, SYN), segment(data, 100)) == [ONE, TWO]


@given(st.data())
def test_any_cut_order_and_repetition_gives_the_same_messages(data: st.DataObject) -> None:
    first = data.draw(st.sampled_from([100, 2**32 - 5, 2**32 - 300]))  # numbers wrap around
    cuts = sorted({0, len(ALL), *data.draw(st.lists(st.integers(1, len(ALL) - 1), max_size=8))})
    pieces = [segment(ALL[a:b], first + a) for a, b in itertools.pairwise(cuts)]
    repeated = pieces + data.draw(st.lists(st.sampled_from(pieces), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    assert feed(Streams(), segment(b"", first - 1, SYN), *shuffled) == [ONE, TWO, THREE]


def test_retransmission_that_brings_more_is_joined() -> None:
    streams = Streams()
    feed(streams, segment(b"", 99, SYN), segment(ONE[:100], 100))
    assert feed(streams, segment(ONE[50:], 150)) == [ONE]


def test_a_stream_joined_in_the_middle_is_followed_from_a_message_on() -> None:
    streams = Streams()
    assert feed(streams, segment(ONE[50:], 50)) == []
    assert feed(streams, segment(TWO + THREE[:20], 500), segment(THREE[20:], 520 + len(TWO))) == [TWO, THREE]


def test_other_protocols_are_not_followed() -> None:
    streams = Streams()
    feed(streams, segment(b"", 99, SYN), segment(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 100))
    assert not streams._open
    assert feed(streams, segment(b"\x16\x03\x01" + bytes(100), 9, port=5061)) == [] and not streams._open


def test_a_gap_is_given_up_and_counted() -> None:
    streams = Streams()
    feed(streams, segment(b"", 99, SYN), segment(ONE, 100))
    beyond = 100 + len(ONE) + 1000
    assert streams.add(segment(TWO, beyond), 0) == []
    assert streams.add(segment(THREE, beyond + len(TWO)), module.MAX_GAP + 1) == [TWO, THREE]
    assert streams.gaps == 1


def test_a_cut_segment_is_a_gap() -> None:
    streams = Streams()
    assert feed(streams, segment(b"", 99, SYN), segment(ONE[:80], 100, cut=True)) == []
    assert streams.gaps == 1
    assert feed(streams, segment(TWO, 100 + len(ONE))) == [TWO]


def test_hep_over_tcp() -> None:
    packet = hep(ONE)
    streams = Streams()
    assert feed(streams, segment(packet[:5], 0), segment(packet[5:] + packet, 5)) == [packet, packet]


@pytest.mark.parametrize("flags", [FIN, RST])
def test_closing_frees_the_stream(flags: int) -> None:
    streams = Streams()
    feed(streams, segment(b"", 99, SYN), segment(ONE[:50], 100), segment(b"", 150, flags))
    assert not streams._open and streams._bytes == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 10)
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    streams = Streams()
    for port in range(100):
        feed(streams, segment(ONE[:200], 100, port=port))
        assert len(streams._open) <= 10 and streams._bytes <= 1000
        assert streams._bytes == sum(stream.size() for stream in streams._open.values())
