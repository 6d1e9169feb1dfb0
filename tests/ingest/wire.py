"""Packets as tests need them: SIP in UDP or TCP in IP in frames in capture files."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

A, B, C = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02", b"\xc0\x00\x02\x03"  # 192.0.2.0/24
A6, B6 = bytes.fromhex("20010db8" + "0" * 23 + "1"), bytes.fromhex("20010db8" + "0" * 23 + "2")
START = 1_700_000_000_000_000  # µs

SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


def request(
    method: str = "INVITE",
    *,
    cseq: int = 1,
    call_id: str = "call-1@192.0.2.1",
    from_tag: str = "caller",
    to_tag: str = "",
    branch: str = "z9hG4bKone",
    more_vias: Sequence[str] = (),
    called: str = "+442079460123",
    caller: str = "+447700900001",
    headers: Sequence[str] = (),
    cseq_method: str | None = None,
    body: str = "",
    uri: str | None = None,
) -> bytes:
    """A request; more_vias come above the caller's own, as proxies put them."""
    lines = [
        f"{method} {uri or f'sip:{called}@192.0.2.2;user=phone'} SIP/2.0",
        *(f"Via: SIP/2.0/UDP 192.0.2.9;branch={b}" for b in more_vias),
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}",
        "Max-Forwards: 70",
        f"From: <sip:{caller}@192.0.2.1>;tag={from_tag}",
        f"To: <sip:{called}@192.0.2.2>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {cseq_method or method}",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def response(
    status: int,
    *,
    method: str = "INVITE",
    cseq: int = 1,
    call_id: str = "call-1@192.0.2.1",
    from_tag: str = "caller",
    to_tag: str = "callee",
    branch: str = "z9hG4bKone",
    more_vias: Sequence[str] = (),
) -> bytes:
    lines = [
        f"SIP/2.0 {status} Text",
        *(f"Via: SIP/2.0/UDP 192.0.2.9;branch={b}" for b in more_vias),
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}",
        f"From: <sip:+447700900001@192.0.2.1>;tag={from_tag}",
        "To: <sip:+442079460123@192.0.2.2>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def udp(payload: bytes, source_port: int = 5060, destination_port: int = 5060) -> bytes:
    return struct.pack(">HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(payload: bytes, sequence: int, flags: int = 0x18, ports: tuple[int, int] = (5060, 5061)) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, sequence % 2**32, 0, 5 << 4, flags, 65535, 0, 0) + payload


def ipv4(
    payload: bytes,
    protocol: int = 17,
    source: bytes = A,
    destination: bytes = B,
    identity: int = 7,
    offset: int = 0,
    more: bool = False,
) -> bytes:
    place = offset // 8 | (0x2000 if more else 0)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), identity, place, 64, protocol, 0)
    return head + source + destination + payload


def ipv6(
    payload: bytes, protocol: int = 17, source: bytes = A6, destination: bytes = B6, extensions: bytes = b""
) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(extensions) + len(payload), protocol, 64)
    return head + source + destination + extensions + payload


def ethernet(packet: bytes, *vlans: int) -> bytes:
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return bytes(12) + tags + kind + packet


def pcap(
    packets: Iterable[tuple[float, bytes]], *, order: str = "<", nanoseconds: bool = False, link: int = 1
) -> bytes:
    """A classic pcap of (seconds after START, frame)."""
    magic, unit = (0xA1B23C4D, 1000) if nanoseconds else (0xA1B2C3D4, 1)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for after, frame in packets:
        seconds, rest = divmod(START + round(after * 1e6), 1_000_000)
        out.append(struct.pack(order + "IIII", seconds, rest * unit, len(frame), len(frame)) + frame)
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", options: bytes = b"", snap: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def enhanced(frame: bytes, ticks: int, index: int = 0, order: str = "<") -> bytes:
    head = struct.pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


def hep(payload: bytes, time: int = START, source: bytes = A, compressed: bool = False) -> bytes:
    def chunk(number: int, value: bytes) -> bytes:
        return struct.pack(">HHH", 0, number, 6 + len(value)) + value

    seconds, rest = divmod(time, 1_000_000)
    body = b"".join(
        (
            chunk(1, b"\x02" if len(source) == 4 else b"\x0a"),
            chunk(2, b"\x11"),
            chunk(3 if len(source) == 4 else 5, source),
            chunk(4 if len(source) == 4 else 6, B if len(source) == 4 else B6),
            chunk(9, struct.pack(">I", seconds)),
            chunk(10, struct.pack(">I", rest)),
            chunk(11, b"\x01"),
            chunk(16 if compressed else 15, payload),
        )
    )
    return b"HEP3" + struct.pack(">H", 6 + len(body)) + body


def whole_call(end: bool = True) -> list[tuple[float, bytes]]:
    """One answered call as (seconds, SIP message): answered after 2 s, ended after 62 s."""
    call = [
        (0.0, request(body=SDP)),
        (0.1, response(100, to_tag="")),
        (0.5, response(180)),
        (2.0, response(200)),
        (2.1, request("ACK", to_tag="callee", branch="z9hG4bKack")),
    ]
    if end:
        call.append((62.0, request("BYE", cseq=2, to_tag="callee", branch="z9hG4bKbye")))
        call.append((62.1, response(200, method="BYE", cseq=2, branch="z9hG4bKbye")))
    return call


def written(folder: Path, data: bytes, name: str = "capture") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
