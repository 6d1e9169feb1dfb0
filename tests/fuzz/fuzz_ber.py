"""Any bytes as 3GPP charging records. Fuzz it with: python tests/fuzz/fuzz_ber.py (needs atheris)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ringfence.ingest.threegpp import FORMAT


def one_input(data: bytes) -> None:
    """Read `data` as a file of records; nothing may escape, and every row can be written."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.ber"
        # a gateway record's frame round it now and then, so that the decoder is reached
        wrapped = b"\xa3" + bytes([min(len(data) + 3, 127)]) + b"\x80\x01\x03" + data[:124]
        file.write_bytes(data + wrapped)
        for batch in FORMAT.read(file):
            batch.rows.validate(full=True)
            for reject in batch.rejects:
                assert reject.position > 0
                (reject.detail + reject.raw).encode()


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
