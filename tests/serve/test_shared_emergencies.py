from __future__ import annotations

from pathlib import Path

from ringfence.serve.shared_emergencies import SharedEmergencies

LINE, OTHER = "+447700900001", "+447700900002"


def test_each_process_knows_what_all_saw(tmp_path: Path) -> None:
    one, other = SharedEmergencies(tmp_path / "rang"), SharedEmergencies(tmp_path / "rang")
    one.rang(LINE, 100.5)
    assert one.lately(LINE, 60, 120) and not other.lately(LINE, 60, 120)
    other.read()
    assert other.lately(LINE, 60, 120) and not other.lately(OTHER, 60, 120)
    other.rang(OTHER, 130)
    one.read()
    other.read()
    assert one.lately(OTHER, 60, 140) and not one.lately(LINE, 60, 170)
    late = SharedEmergencies(tmp_path / "rang")  # a worker that was begun again
    late.read()
    assert late.lately(LINE, 60, 120) and late.lately(OTHER, 60, 140)
    for lines in (one, other, late):
        lines.close()


def test_a_row_that_is_being_written(tmp_path: Path) -> None:
    lines = SharedEmergencies(tmp_path / "rang")
    with (tmp_path / "rang").open("ab", buffering=0) as file:
        file.write(b"100.0 " + LINE.encode()[:5])
        lines.read()
        assert not lines.lately(LINE, 60, 120)
        file.write(LINE.encode()[5:] + b"\n")
    lines.read()
    assert lines.lately(LINE, 60, 120)
    assert (tmp_path / "rang").stat().st_mode & 0o777 == 0o600
    lines.close()
