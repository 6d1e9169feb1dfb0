from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.ingest.wire import (
    SDP,
    ethernet,
    hep,
    ipv4,
    ipv6,
    pcap,
    request,
    response,
    tcp,
    udp,
    whole_call,
    written,
)

from ringfence.ingest import capture as module
from ringfence.ingest.format import Batch
from ringfence.ingest.formats import formats, recognise
from ringfence.ingest.pcap import FORMAT
from ringfence.model.record import CALL_RECORD


def read(folder: Path, frames: list[tuple[float, bytes]]) -> Batch:
    (batch,) = FORMAT.read(written(folder, pcap(frames)))
    return batch


def over_udp(messages: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    return [(after, ethernet(ipv4(udp(data)))) for after, data in messages]


def test_rows_have_the_call_records_columns_and_types(tmp_path: Path) -> None:
    batch = read(tmp_path, over_udp(whole_call()))
    for field in batch.rows.schema:
        if field.name != "source_row":
            assert field.equals(CALL_RECORD.field(field.name)), field.name
    (row,) = batch.rows.to_pylist()
    assert row["call_id"] == "call-1@192.0.2.1#1" and row["sip_call_id"] == "call-1@192.0.2.1"
    assert row["source_row"] == 1 and row["source_ip"] == "192.0.2.1" and row["status"] == 200
    assert len(row["fingerprint"]) == 16 and row["fingerprint_parts"][0].startswith("headers:")


def test_the_formats_are_found_by_content() -> None:
    assert {"pcap", "pcapng", "hep"} <= formats().keys()
    for head, name in ((pcap([]), "pcap"), (hep(b"x"), "hep")):
        found = recognise(head, Path("x.csv"))
        assert found is not None and found.name == name


def test_a_call_over_tcp_in_ipv6_with_vlan(tmp_path: Path) -> None:
    out, back, frames = 1000, 5000, []
    for after, data in whole_call():
        if data.startswith(b"SIP"):
            packet = tcp(data, back, ports=(5061, 5060))
            back += len(data)
        else:
            packet = tcp(data, out)
            out += len(data)
        frames.append((after, ethernet(ipv6(packet, 6), 100)))
    (row,) = read(tmp_path, frames).rows.to_pylist()
    assert (row["end_time"] - row["answer_time"]).total_seconds() == 60
    assert row["source_ip"] == "2001:db8::1"


def test_a_fragmented_invite(tmp_path: Path) -> None:
    datagram = udp(request(body=SDP))
    parts = [
        ipv4(datagram[160:], offset=160),
        ipv4(datagram[:160], more=True),
    ]
    frames = [(0.0, ethernet(part)) for part in parts] + over_udp(whole_call()[1:])
    (row,) = read(tmp_path, frames).rows.to_pylist()
    assert row["status"] == 200 and row["fingerprint"]
    batch = read(tmp_path, [(0.0, ethernet(parts[1]))])
    assert [r.reason for r in batch.rejects] == ["missing_fragment"]


def test_hep_inside_captured_packets(tmp_path: Path) -> None:
    inner = [(after, hep(data, 1_650_000_000_000_000 + round(after * 1e6))) for after, data in whole_call()]
    frames = [(after, ethernet(ipv4(udp(data, 40000, 9060), source=b"\x0a\0\0\1"))) for after, data in inner]
    (row,) = read(tmp_path, frames).rows.to_pylist()
    assert row["start_time"].timestamp() == 1_650_000_000
    assert row["source_ip"] == "192.0.2.1"


def test_the_same_message_seen_twice_is_one(tmp_path: Path) -> None:
    twice = [item for item in over_udp(whole_call()) for _ in range(2)]
    assert read(tmp_path, twice).rows.num_rows == 1


def test_voice_and_other_traffic_is_passed_over(tmp_path: Path) -> None:
    noise = [b"\x80\x08" + bytes(160), b"GET / HTTP/1.1\r\n\r\n", b"\0" * 30, b"", b"\r\n\r\n", b"INVITE"]
    frames = [(0.0, ethernet(ipv4(udp(data)))) for data in noise]
    batch = read(tmp_path, frames + over_udp(whole_call()))
    assert batch.rows.num_rows == 1 and not batch.rejects


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (request().replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), "unsupported_version"),
        (response(200).replace(b"SIP/2.0 200", b"SIP/2.0 999"), "bad_status_code"),
        (request()[:-40], "truncated_message"),
        (request().replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999 INVITE"), "bad_cseq"),
        (request(uri="sip:192.0.2.2"), "no_called_number"),
        (request("BYE", to_tag="x"), "no_invite"),
        (hep(b"x")[:-3], "bad_hep"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_place(tmp_path: Path, data: bytes, reason: str) -> None:
    batch = read(
        tmp_path,
        [*over_udp(whole_call()[:1]), (1.0, ethernet(ipv4(udp(data.replace(b"call-1", b"call-2")))))],
    )
    assert [(r.reason, r.position) for r in batch.rejects] == [(reason, 2)]
    assert batch.rows.num_rows == 1
    (reject,) = batch.rejects
    # `raw` says which message it was; the detail goes into reports and quotes none of it
    assert reject.raw and not any(word in reject.detail for word in ("call-2", "sip:", "7700", "999"))


def test_a_snapped_invite_gives_a_call_without_fingerprint(tmp_path: Path) -> None:
    frames = over_udp(whole_call())
    frames[0] = (0.0, frames[0][1][:-30])
    (row,) = read(tmp_path, frames).rows.to_pylist()
    assert row["fingerprint"] is None and row["caller"] == "+447700900001"


def test_impossible_times(tmp_path: Path) -> None:
    frame = over_udp(whole_call()[:1])[0][1]
    data = pcap([]) + struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    (batch,) = FORMAT.read(written(tmp_path, data))
    assert [r.reason for r in batch.rejects] == ["bad_time"]


def test_a_gap_in_a_stream_is_told(tmp_path: Path) -> None:
    one, two = request(), response(200)
    frames = [
        (0.0, ethernet(ipv4(tcp(one, 1), 6))),
        (1.0, ethernet(ipv4(tcp(two, 1 + len(one) + 500), 6))),
        (9.0, ethernet(ipv4(tcp(two, 1 + len(one) + 500 + len(two)), 6))),
    ]
    batch = read(tmp_path, frames)
    assert [(r.reason, r.position) for r in batch.rejects] == [("tcp_gap", 3)]
    assert batch.rows.to_pylist()[0]["status"] == 200


def test_batches_come_as_the_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKETS", 10)
    frames = []
    for index in range(20):
        call = [
            (after + index * 100, data.replace(b"call-1", b"c%d" % index)) for after, data in whole_call()
        ]
        frames += over_udp(call)
    batches = list(FORMAT.read(written(tmp_path, pcap(frames))))
    assert len(batches) > 10 and sum(batch.rows.num_rows for batch in batches) == 20
    progress = [batch.bytes_read for batch in batches]
    assert progress == sorted(progress) and progress[-1] == (tmp_path / "capture").stat().st_size
