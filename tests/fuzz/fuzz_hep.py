"""Any bytes as a hep file. Fuzz it with: python tests/fuzz/fuzz_hep.py (needs atheris)."""

from __future__ import annotations

import io
import sys

if __name__ == "__main__":  # before the modules under test are loaded, so that their branches are seen
    import atheris

    with atheris.instrument_imports(include=["ringfence.sip", "ringfence.ingest"]):
        import ringfence.ingest.hep  # noqa: F401

from ringfence.ingest.bytestream import ByteStream
from ringfence.ingest.capture import Capture, Fault
from ringfence.ingest.hep import packets
from ringfence.ingest.homer import is_hep


def one_input(data: bytes) -> None:
    """Read `data` as a capture; nothing may escape, and rows and rejects must be writable."""
    if not is_hep(data):
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
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
