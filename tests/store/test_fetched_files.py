from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.errors import ConfigError
from ringfence.store.fetched_files import FetchedFiles, Kept

NOW = 1_700_000_000.0
URL = "https://certs.example/c.pem"


def _kept(url: str = URL, body: bytes = b"chain\nof\ncertificates", at: float = NOW) -> Kept:
    return Kept(url, body, at, at + 10, at + 20, at + 30)


def _only(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_is_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    assert FetchedFiles(tmp_path / "deep" / "cache", 10**6).write(_kept())
    again = FetchedFiles(tmp_path / "deep" / "cache", 10**6)
    assert again.read(URL, NOW) == _kept()
    assert again.read(URL + "x", NOW) is None
    assert again.write(_kept(body=b"other")) and again.read(URL, NOW) == _kept(body=b"other")
    assert len(list((tmp_path / "deep" / "cache").iterdir())) == 1


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        FetchedFiles(tmp_path / "cache", 10**6).write(_kept())
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    assert stat.S_IMODE(_only(tmp_path / "cache").stat().st_mode) == 0o600


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with pytest.raises(ConfigError, match="chmod 700"):
        FetchedFiles(tmp_path, 10**6)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="no folder for fetched certificates"):
        FetchedFiles(tmp_path / "file" / "cache", 10**6)
    with pytest.raises(ConfigError, match="no folder for fetched certificates"):
        FetchedFiles(tmp_path / "file", 10**6)


def test_damage_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    files = FetchedFiles(tmp_path, 10**6)
    files.write(_kept())
    file = _only(tmp_path)
    good = file.read_bytes()
    for position in range(0, len(good), 7):
        file.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        assert files.read(URL, NOW) is None
        file.write_bytes(good[:position])
        assert files.read(URL, NOW) is None
    assert files.write(_kept()) and files.read(URL, NOW) == _kept()


def test_what_is_no_file_of_ours_is_left_alone(tmp_path: Path) -> None:
    files = FetchedFiles(tmp_path, 10**6)
    files.write(_kept())
    file = _only(tmp_path)
    elsewhere = file.rename(tmp_path / "elsewhere")
    file.symlink_to(elsewhere)
    assert files.read(URL, NOW) is None
    file.unlink()
    os.mkfifo(file)
    assert files.read(URL, NOW) is None
    file.unlink()
    file.mkdir()
    assert files.read(URL, NOW) is None
    assert files.write(_kept()) is False
    file.rmdir()
    # another URL's answer under this one's name
    files.write(_kept(URL + "x"))
    next(path for path in tmp_path.iterdir() if path.name != "elsewhere").rename(file)
    assert files.read(URL, NOW) is None


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    files = FetchedFiles(tmp_path, 20 * 4_096)
    urls = [f"https://certs.example/{number}" for number in range(200)]
    for number, url in enumerate(urls):
        assert files.write(_kept(url, b"x" * 2_000, NOW + number))
        assert files.read(urls[0], NOW + number) is not None  # in use all the time
    held = [url for url in urls if files.read(url, NOW + 1_000)]
    assert 10 <= len(held) <= 20
    assert held[0] == urls[0] and held[1:] == urls[-len(held) + 1 :]


def test_a_second_process_counts_what_the_first_wrote(tmp_path: Path) -> None:
    first = FetchedFiles(tmp_path, 10**6)
    for number in range(50):
        first.write(_kept(f"{URL}{number}", b"x" * 2_000, NOW + number))
    FetchedFiles(tmp_path, 10 * 4_096).write(_kept(at=NOW + 100))
    assert len(list(tmp_path.iterdir())) <= 10


def test_what_a_process_left_unfinished_is_cleared_away(tmp_path: Path) -> None:
    old, young = tmp_path / ".unfinished-old", tmp_path / ".unfinished-young"
    for path, age in ((old, 7_200), (young, 10)):
        path.write_bytes(b"half")
        os.utime(path, (NOW - age, NOW - age))
    FetchedFiles(tmp_path, 10**6).write(_kept())
    assert not old.exists() and young.exists()


def test_a_disk_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    files = FetchedFiles(tmp_path / "cache", 10**6)
    files.write(_kept())
    (tmp_path / "cache").rename(tmp_path / "gone")
    assert files.write(_kept()) is False
    assert files.read(URL, NOW) is None


@given(st.binary(max_size=200), st.text(max_size=50), st.floats(0, 4e9))
def test_any_answer_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, url: str, at: float
) -> None:
    files = FetchedFiles(tmp_path_factory.getbasetemp() / "any", 10**6)
    kept = _kept(url, body, at)
    assert files.write(kept)
    assert files.read(url, at) == kept
