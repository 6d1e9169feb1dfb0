from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ingest import bytestream
from ringfence.ingest.bytestream import ByteStream


@given(st.binary(max_size=300), st.lists(st.integers(0, 50), max_size=20), st.integers(1, 40))
def test_pieces_are_those_of_the_file(data: bytes, sizes: list[int], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bytestream, "BLOCK", block)
        stream, expected = ByteStream(io.BytesIO(data)), io.BytesIO(data)
        for size in sizes:
            assert stream.take(size) == expected.read(size)


def test_skipping() -> None:
    stream = ByteStream(io.BytesIO(b"0123456789"))
    assert stream.skip(4) and stream.take(2) == b"45"
    assert not stream.skip(5)
