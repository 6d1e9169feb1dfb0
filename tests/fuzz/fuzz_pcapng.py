"""Any bytes as a pcapng file. Fuzz it with: python tests/fuzz/fuzz_pcapng.py (needs atheris)."""

from __future__ import annotations

import io
import sys

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import Capture, Fault
from ringfence.ingest.pcapng import packets, recognises


def one_input(data: bytes) -> None:
    """Read `data` as a capture; nothing may escape, and rows and rejects must be writable."""
    if not recognises(data):
        return
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
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
