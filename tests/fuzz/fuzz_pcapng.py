"""Any bytes as a pcapng file. Fuzz it with: python tests/fuzz/fuzz_pcapng.py (needs atheris)."""

from __future__ import annotations

import io
import struct
import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip", "ringfence.ingest"]):
        import ringfence.ingest.pcapng  # noqa: F401

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import Capture, Fault
from ringfence.ingest.pcapng import packets, recognises


def one_input(data: bytes) -> None:
    """Read `data` as a capture; nothing may escape, and rows and rejects must be writable."""
    if not recognises(data):  # spend no effort on guessing the section header
        order = "<>"[len(data) % 2]
        section = struct.pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        data = section + struct.pack(order + "IIHHII", 1, 20, 1, 0, 0, 20) + data
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
