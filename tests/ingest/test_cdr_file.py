from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest import cdr_file
from ringfence.ingest.cdr_file import Record, framed, record_at, records

ONE = bytes.fromhex("a3 06 80 01 03 8b 01 00")
OTHER = bytes.fromhex("bf52 03 80 01 52")


def read(tmp_path: Path, data: bytes) -> list[tuple[int, int | str]]:
    file = tmp_path / "file.ber"
    file.write_bytes(data)
    return [
        (found.offset, found.kind) if isinstance(found, Record) else (found.position, found.reason)
        for found in records(file)
    ]


def frame(record: bytes, second: int = 0x21) -> bytes:
    """TS 32.297 §6.1.2: length, release, then data record format (BER is 1) and TS number."""
    return len(record).to_bytes(2) + bytes([0x65, second]) + record


def header(length: int) -> bytes:
    """TS 32.297 §6.1.1 without a routeing filter: file length, header length, the rest zero."""
    return (50 + length).to_bytes(4) + (50).to_bytes(4) + bytes(42)


def test_one_after_the_other_with_padding(tmp_path: Path) -> None:
    assert read(tmp_path, ONE + b"\0\xff" + OTHER) == [(1, 3), (11, 0x52)]


def test_rubbish_between(tmp_path: Path) -> None:
    assert read(tmp_path, b"rubbish" + ONE + b"\xa3\x7f" + OTHER + ONE[:-1]) == [
        (1, "bad_ber"),
        (8, 3),
        (16, "bad_ber"),
        (18, 0x52),
        (24, "bad_ber"),
    ]


def test_framed_files(tmp_path: Path) -> None:
    body = frame(ONE) + frame(OTHER, 0x41) + frame(OTHER)
    data = header(len(body)) + body
    assert framed(data) == 50
    assert read(tmp_path, data) == [(55, 3), (63, "bad_ber"), (77, 0x52)]
    assert read(tmp_path, data[:-1])[-1] == (73, "bad_ber")
    assert framed(ONE * 20) is None


def test_a_sequence_or_set_with_a_record_type(tmp_path: Path) -> None:
    assert read(tmp_path, b"\x31" + ONE[1:] + b"\x30" + ONE[1:]) == [(1, 3), (9, 3)]
    assert record_at(b"\x30\x03\x80\x01\x63", 0) is not None
    assert record_at(b"\x30\x03\x80\x01\x7f", 0) is None


@pytest.mark.parametrize("block", [4, 64])
def test_blocks_do_not_matter(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdr_file, "BLOCK", block)
    monkeypatch.setattr(cdr_file, "LONGEST", 40)
    data = (ONE + OTHER + b"\0") * 30
    assert [kind for _, kind in read(tmp_path, data)] == [3, 0x52] * 30


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(ONE), st.just(OTHER)), max_size=12))
def test_any_bytes_and_offsets_rise(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]) -> None:
    found = read(tmp_path_factory.mktemp("ber"), b"".join(parts))
    assert [at for at, _ in found] == sorted({at for at, _ in found})
