from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ringfence.cli.screen_options import load_knowledge, load_screen_policy
from ringfence.errors import RingfenceError
from ringfence.numbers.allocation import ALLOCATION
from ringfence.numbers.published import load_numbering


def test_packs_and_files(tmp_path: Path) -> None:
    assert load_screen_policy("us").country == "US"
    file = tmp_path / "p.toml"
    file.write_bytes(b'\xef\xbb\xbfbase = "fr"\n')
    assert load_screen_policy(str(file)).country == "FR"
    file.write_bytes(b"\xff")
    with pytest.raises(RingfenceError, match="UTF-8"):
        load_screen_policy(str(file))
    for name in ("nowhere.toml", str(tmp_path)):
        with pytest.raises(RingfenceError, match="no such file"):
            load_screen_policy(name)


def test_numbering_as_published_or_imported(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("prefix,types,operator,format\n120100,geo,Example,4+6\n")
    assert len(load_numbering(table, "GB")) == 1
    pq.write_table(ALLOCATION.empty_table(), tmp_path / "b.parquet")
    assert len(load_numbering(tmp_path / "b.parquet", "GB")) == 0


def test_bad_rows_of_a_register_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "n.csv"
    file.write_text("number,owner,use\nrubbish,Bank,inbound_only\n+442079460001,Bank,inbound_only\n")
    known = load_knowledge(load_screen_policy("gb"), numbers=file)
    assert known.register is not None and len(known.register) == 1
    assert "1 rows left out, the first on line 2" in capsys.readouterr().err
