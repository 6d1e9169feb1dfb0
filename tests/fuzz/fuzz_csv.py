"""Any bytes as a table with a mapping. Fuzz it with: python tests/fuzz/fuzz_csv.py (needs atheris)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ringfence.errors import InputError
from ringfence.ingest.checks import check
from ringfence.ingest.dialect import sniff
from ringfence.ingest.mapped import MappedTable
from ringfence.ingest.mapping import Column, FileOptions, Mapping

MAPPING = Mapping(
    {
        "start_time": Column(["a", "b"]),
        "end_time": Column("c", after="start_time"),
        "called": Column("b"),
        "status": Column("c", values={"x": 486}),
        "source_ip": Column("a", format="signed_le"),
    },
    FileOptions(header=False, columns=["a", "b", "c"]),
)


def one_input(data: bytes) -> None:
    """Read `data` as a table; nothing may escape but the one line of an InputError."""
    sniff(data)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.csv"
        file.write_bytes(data)
        try:
            for batch in MappedTable(MAPPING).read(file):
                assert len(check(batch.rows).reasons) == len(batch.rows)
                for reject in batch.rejects:
                    (reject.detail + reject.raw).encode()
                for row in batch.rows["source_row"].to_pylist():
                    assert batch.raw is not None
                    batch.raw(row).encode()
        except InputError as error:
            assert "\n" not in str(error)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
