from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.test_decision_export import NOON, record

from ringfence.cli.canonical_files import canonical_files
from ringfence.errors import InputError
from ringfence.store.ordered_records import is_canonical


def test_what_is_canonical_stays_and_the_rest_is_read(tmp_path: Path) -> None:
    call = {"call_id": "1", "start_time": NOON, "called": "+447700900123"}
    ready = record(tmp_path / "ready.parquet", call)
    other = tmp_path / "other.csv"
    other.write_text("call_id,start_time,caller,called\n2,2026-03-01T12:00:00Z,020 7946 0001,07700 900123\n")
    files = canonical_files([ready, other], tmp_path / "work", "GB")
    assert files[0] == ready and len(files) == 2 and all(map(is_canonical, files))
    with pytest.raises(InputError):
        canonical_files([tmp_path / "nowhere"], tmp_path / "work", "GB")
