"""How fast captures are read, and in how much memory.

    python -m benchmarks.capture [--calls 20000 200000]

Writes a capture of synthetic calls of seven SIP packets each, reads it in a
process of its own and prints one JSON object per size: packets and megabytes per second of one core, peak
memory.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

AGENTS = ("Asterisk PBX 18.2.0", "FreeSWITCH-mod_sofia/1.10.9", "MicroSIP/3.21.3", "Z 5.5.12 v2.10.18")

OFFER = (
    "v=0\r\no=root {session} {session} IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)


def messages(index: int) -> Iterator[tuple[bool, float, bytes]]:
    """One call: (from the caller, seconds after its start, bytes)."""
    caller, called = f"+4477009{index % 1000:05d}", f"+442079460{index % 1000:03d}"
    call_id, tag, reply_tag = f"{index:08x}4b76c9@192.0.2.1", f"as{index:08x}", f"r{index:07x}"
    offer = OFFER.format(session=100_000_000 + index, port=10_000 + index % 40_000)
    agent = AGENTS[index % len(AGENTS)]

    def request(method: str, cseq: int, to_tag: str, extra: str = "", body: str = "") -> bytes:
        return (
            f"{method} sip:{called}@192.0.2.2:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{index:07x}{method.lower()};rport\r\n"
            f'Max-Forwards: 70\r\nFrom: "Caller" <sip:{caller}@192.0.2.1>;tag={tag}\r\n'
            f"To: <sip:{called}@192.0.2.2>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"User-Agent: {agent}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def response(status: str, cseq: int, method: str, body: str = "") -> bytes:
        return (
            f"SIP/2.0 {status}\r\n"
            f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{index:07x}{method.lower()};rport=5060\r\n"
            f'From: "Caller" <sip:{caller}@192.0.2.1>;tag={tag}\r\n'
            f"To: <sip:{called}@192.0.2.2>;tag={reply_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:{called}@192.0.2.2:5060>\r\nServer: Test/1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    extra = (
        f"Contact: <sip:{caller}@192.0.2.1:5060>\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER\r\n"
        f"Supported: replaces, timer\r\nP-Asserted-Identity: <sip:+442079460999@192.0.2.1>\r\n"
        f"Content-Type: application/sdp\r\n"
    )
    yield True, 0.0, request("INVITE", 102, "", extra, offer)
    yield False, 0.01, response("100 Trying", 102, "INVITE")
    yield False, 0.5, response("180 Ringing", 102, "INVITE")
    yield False, 4.0, response("200 OK", 102, "INVITE", offer)
    yield True, 4.01, request("ACK", 102, f";tag={reply_tag}")
    yield True, 60.0, request("BYE", 103, f";tag={reply_tag}")
    yield False, 60.01, response("200 OK", 103, "BYE")


def frame(outward: bool, payload: bytes) -> bytes:
    a, b = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
    source, destination = (a, b) if outward else (b, a)
    udp = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + source + destination
    return bytes(12) + b"\x08\x00" + ip + udp


def write(path: Path, calls: int, per_second: int = 100) -> int:
    """A classic pcap of `calls` calls, started one after the other and interleaved; the number of packets."""
    count = 0
    waiting: dict[int, list[bytes]] = {}
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        last = calls * 1000 // per_second + 70_000
        for tick in range(0, last, 10):  # ms
            first = tick * per_second // 1000
            for index in range(first, min((tick + 10) * per_second // 1000, calls)):
                for outward, after, payload in messages(index):
                    due = tick + int(after * 100) * 10
                    waiting.setdefault(due, []).append(frame(outward, payload))
            for data in waiting.pop(tick, ()):
                seconds, rest = divmod(tick, 1000)
                out.write(
                    struct.pack("<IIII", 1_700_000_000 + seconds, rest * 1000, len(data), len(data)) + data
                )
                count += 1
    return count


READ = """
import json, resource, sys, time
from pathlib import Path
from ringfence.ingest.pcap import FORMAT
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
rows = rejects = 0
for batch in FORMAT.read(Path(sys.argv[1])):
    rows += batch.rows.num_rows
    rejects += len(batch.rejects)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.process_time() - started, "calls": rows, "rejects": rejects,
                  "base_mb": base >> 10, "peak_mb": peak >> 10}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, nargs="+", default=[20_000, 200_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.pcap"
        for calls in options.calls:
            packets = write(path, calls)
            size = path.stat().st_size / 1e6
            output = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True)
            result = json.loads(output.stdout)
            seconds = result["seconds"]
            result |= {
                "packets": packets,
                "megabytes": round(size),
                "packets_per_second": round(packets / seconds),
                "megabytes_per_second": round(size / seconds, 1),
            }
            print(json.dumps(result))


if __name__ == "__main__":
    main()
