"""Any bytes as a pcap file. Fuzz it with: python tests/fuzz/fuzz_pcap.py (needs atheris)."""

from __future__ import annotations

import io
import struct
import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip", "ringfence.ingest"]):
        import ringfence.ingest.pcap  # noqa: F401

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import Capture, Fault
from ringfence.ingest.pcap import packets, recognises

_STARTS = (("<", 0xA1B2C3D4), (">", 0xA1B2C3D4), ("<", 0xA1B23C4D), (">", 0xA1B23C4D))


def one_input(data: bytes) -> None:
    """Read `data` as a capture; nothing may escape, and rows and rejects must be writable."""
    if not recognises(data):  # spend no effort on guessing the magic number
        order, magic = _STARTS[len(data) % 4]
        data = (
            struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, (1, 101, 113, 276)[len(data) // 4 % 4])
            + data
        )
    capture = Capture("fuzz")
    for item in packets(ByteStream(io.BytesIO(data))):
        if isinstance(item, Fault):
            capture.fault(item)
        else:
            capture.packet(item)
    capture.close()
    batch = capture.batch(len(data))
    assert batch.rows.column("call_id").null_count == 0
    for reject in batch.rejects:
        assert reject.position >= 0
        (reject.detail + reject.raw).encode()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
