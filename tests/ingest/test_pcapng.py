from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_pcapng import one_input
from tests.ingest.wire import (
    START,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    option,
    section,
    udp,
    whole_call,
    written,
)

from ringfence.ingest.pcapng import FORMAT

CALL = whole_call()


def ticks(after: float, per_second: int) -> int:
    return (START + round(after * 1e6)) * per_second // 1_000_000


def simple_file(order: str = "<", power: int | None = None) -> bytes:
    options = b"" if power is None else option(9, bytes([power]), order) + option(0, b"", order)
    per_second = 1_000_000
    if power is not None:
        per_second = 1 << (power & 127) if power & 128 else 10**power
    frames = [
        enhanced(ethernet(ipv4(udp(message))), ticks(after, per_second), 0, order) for after, message in CALL
    ]
    return section(order) + interface(1, order, options) + b"".join(frames)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("power", [None, 6, 9, 3, 0x80 | 20])
def test_orders_and_resolutions(tmp_path: Path, order: str, power: int | None) -> None:
    data = simple_file(order, power)
    assert FORMAT.recognises(data[:64], Path("x"))
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert not batch.rejects
    (row,) = batch.rows.to_pylist()
    assert abs(row["start_time"].timestamp() - START / 1e6) < 2e-3
    assert abs((row["end_time"] - row["answer_time"]).total_seconds() - 60) < 2e-3


def test_interfaces_sections_and_unknown_blocks(tmp_path: Path) -> None:
    (a, invite), (b, trying), *rest = CALL
    data = (
        section()
        + block(0x0BAD, b"custom")
        + interface(101)
        + interface(1, options=option(14, struct.pack("<q", 60)))
    )
    data += enhanced(ipv4(udp(invite)), ticks(a, 10**6), 0)
    data += enhanced(ethernet(ipv4(udp(trying)), 7), ticks(b - 60, 10**6), 1) + block(5, bytes(12))
    data += section(">") + interface(229, ">")
    data += b"".join(enhanced(ipv6(udp(m)), ticks(after, 10**6), 0, ">") for after, m in rest)
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert not batch.rejects
    (row,) = batch.rows.to_pylist()
    assert (row["end_time"] - row["start_time"]).total_seconds() == 62
    assert row["source_ip"] == "192.0.2.1"


def test_packets_without_time_are_rejected_if_they_are_sip(tmp_path: Path) -> None:
    frame = ethernet(ipv4(udp(CALL[0][1])))
    other = ethernet(ipv4(udp(b"\x80\x00" + bytes(160))))
    data = section() + interface()
    data += b"".join(block(3, struct.pack("<I", len(f)) + f) for f in (frame, other))
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert [(r.reason, r.position) for r in batch.rejects] == [("no_time", 1)]


def test_the_obsolete_packet_block(tmp_path: Path) -> None:
    data = section() + interface()
    for after, message in CALL:
        frame = ethernet(ipv4(udp(message)))
        when = ticks(after, 10**6)
        head = struct.pack("<HHIIII", 0, 0, when >> 32, when & 0xFFFFFFFF, len(frame), len(frame))
        data += block(2, head + frame)
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert batch.rows.num_rows == 1 and not batch.rejects


@pytest.mark.parametrize("missing", [1, 3, 8, 100])
def test_a_file_cut_in_a_packet_gives_the_packets_before(tmp_path: Path, missing: int) -> None:
    (batch,) = FORMAT.read(written(tmp_path, simple_file()[:-missing]))
    assert batch.rows.num_rows == 1
    assert [(r.reason, r.position) for r in batch.rejects] == [("truncated_packet", len(CALL))]


def test_faults_inside_are_told_and_passed_where_possible(tmp_path: Path) -> None:
    stray = enhanced(b"frame", 0, index=9)
    data = simple_file() + stray + block(6, b"short") + struct.pack("<II", 6, 13)
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert batch.rows.num_rows == 1
    assert [r.reason for r in batch.rejects] == ["corrupt_packet"] * 3


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    one_input(data)
    one_input(section() + interface() + data)


@given(st.integers(12, 1500), st.binary(min_size=1, max_size=6))
def test_damaged_captures_are_survived(at: int, damage: bytes) -> None:
    data = simple_file()
    one_input(data[:at] + damage + data[at + len(damage) :])
