from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_pcap import one_input
from tests.ingest.wire import START, ethernet, ipv4, pcap, udp, whole_call, written

from ringfence.errors import InputError
from ringfence.ingest.pcap import FORMAT

FRAMES = [(after, ethernet(ipv4(udp(message)))) for after, message in whole_call()]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_both_orders_and_resolutions(tmp_path: Path, order: str, nanoseconds: bool, zipped: bool) -> None:
    data = pcap(FRAMES, order=order, nanoseconds=nanoseconds)
    assert FORMAT.recognises(data[:64], Path("x"))
    path = written(tmp_path, gzip.compress(data) if zipped else data)
    (batch,) = FORMAT.read(path)
    assert not batch.rejects
    (row,) = batch.rows.to_pylist()
    assert row["start_time"].timestamp() == START / 1e6
    assert (row["answer_time"] - row["start_time"]).total_seconds() == 2
    assert (row["end_time"] - row["answer_time"]).total_seconds() == 60
    assert batch.bytes_read == path.stat().st_size


@pytest.mark.parametrize("missing", [1, 20, 40, 250])
def test_a_file_cut_in_a_packet_gives_the_packets_before(tmp_path: Path, missing: int) -> None:
    whole = pcap(FRAMES)
    (batch,) = FORMAT.read(written(tmp_path, whole[:-missing]))
    assert batch.rows.num_rows == 1
    assert [(r.reason, r.position) for r in batch.rejects] == [("truncated_packet", len(FRAMES))]


def test_a_gzip_file_cut_short(tmp_path: Path) -> None:
    (batch,) = FORMAT.read(written(tmp_path, gzip.compress(pcap(FRAMES))[:-30]))
    assert batch.rows.num_rows <= 1
    assert {r.reason for r in batch.rejects} == {"truncated_packet"}


def test_an_impossible_length_ends_the_file(tmp_path: Path) -> None:
    data = pcap(FRAMES[:5]) + b"\xff" * 64
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert batch.rows.num_rows == 1 and batch.notes == {"end_not_captured": 1}
    assert [(r.reason, r.position) for r in batch.rejects] == [("corrupt_packet", 6)]


def test_only_a_header(tmp_path: Path) -> None:
    (batch,) = FORMAT.read(written(tmp_path, pcap([])))
    assert batch.rows.num_rows == 0 and not batch.rejects
    (batch,) = FORMAT.read(written(tmp_path, pcap([])[:10]))
    assert [r.reason for r in batch.rejects] == ["truncated_packet"]


def test_a_link_type_that_is_not_read_is_said_once(tmp_path: Path) -> None:
    (batch,) = FORMAT.read(written(tmp_path, pcap(FRAMES, link=127)))
    assert [(r.reason, r.position) for r in batch.rejects] == [("unsupported_link", 1)]


def test_a_missing_file_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        list(FORMAT.read(tmp_path / "none"))


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    one_input(data)
    one_input(pcap(FRAMES[:2]) + data)


@given(st.integers(24, 1200), st.binary(min_size=1, max_size=6))
def test_damaged_captures_are_survived(at: int, damage: bytes) -> None:
    data = pcap(FRAMES)
    one_input(data[:at] + damage + data[at + len(damage) :])
