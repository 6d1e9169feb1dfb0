import msgspec

from ringfence.model.indicator import Indicator


def test_the_file_says_with_and_from() -> None:
    line = b'{"kind":"number","value":"+442079460001","with":{"trunk":"T1"},"from":"2026-01-01T00:00:00Z"}'
    read = msgspec.json.decode(line, type=Indicator)
    assert read.with_ == {"trunk": "T1"}
    assert read.from_ == "2026-01-01T00:00:00Z"
    assert msgspec.json.encode(read) == line
