from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.errors import InputError
from ringfence.ingest.source import Reader, find, head

DATA = b"0123456789" * 20_000


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lambda d: pa.compress(d, "zstd", asbytes=True)]
)
def test_compressed_files_read_alike(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "file"
    file.write_bytes(pack(DATA))  # type: ignore[operator]
    with Reader(file) as reader:
        assert reader.read(7) == DATA[:7]
        assert reader.read(150_000) == DATA[7:150_007]
        assert reader.read(-1) == DATA[150_007:]
        assert reader.read(5) == b""
        assert reader.damage is None
        assert reader.position == file.stat().st_size
    assert head(file) == DATA[:65_536]


def test_members_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "file.gz"
    file.write_bytes(gzip.compress(b"a" * 10) + gzip.compress(b"b" * 10))
    with Reader(file) as reader:
        assert reader.read(100) == b"a" * 10 + b"b" * 10


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_cut_file_ends_with_the_damage_named(tmp_path: Path, pack: object) -> None:
    file = tmp_path / "file"
    packed = pack(bytes(range(256)) * 9_000)  # type: ignore[operator]
    file.write_bytes(packed[:-9])
    with Reader(file) as reader:
        reader.read(-1)
        assert reader.damage is not None
        assert "\n" not in reader.damage


def test_labels_tell_files_apart(tmp_path: Path) -> None:
    for name in ("a/x.csv", "b/x.csv", "b/y.csv", ".hidden", "_temporary/z", "b/_SUCCESS"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [source.label for source in find([tmp_path])] == ["a/x.csv", "b/x.csv", "y.csv"]
    assert [source.label for source in find([tmp_path / "b", tmp_path / "b/x.csv"])] == ["x.csv", "y.csv"]


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        find([tmp_path / "absent"])
    with pytest.raises(InputError, match="cannot be read"):
        Reader(tmp_path / "absent")


def test_a_file_that_is_named_twice_is_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    given = [tmp_path / "b", tmp_path / "a", tmp_path, tmp_path / "x" / ".." / "b"]
    (tmp_path / "x").mkdir()
    assert [source.path.name for source in find(given)] == ["b", "a"]


def test_a_link_to_itself_is_found_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (source,) = find([tmp_path])
    assert (source.path, source.size) == (tmp_path / "loop", 0)
    with pytest.raises(InputError, match="loop: cannot be read"):
        Reader(source.path)
