from __future__ import annotations

from pathlib import Path

import pytest
from tests.serve.servers import answering, resolving, serving

from ringfence.config import FetchSettings
from ringfence.errors import InputError
from ringfence.serve.fetching import HttpFetcher
from ringfence.serve.prewarming import prewarm, read_urls

NOW = 1_772_366_400.0


def test_a_list_of_addresses(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_bytes(
        b"\xef\xbb\xbf# ours\nhttps://a.example/1\r\n\n  https://b.example/2 \nhttps://a.example/1\n"
    )
    assert read_urls(file) == ["https://a.example/1", "https://b.example/2"]
    file.write_bytes(b"https://a.example/\xff")
    with pytest.raises(InputError, match="not UTF-8 at byte 18"):
        read_urls(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_urls(tmp_path / "absent")


def test_certificates_are_there_before_the_first_call() -> None:
    with serving(answering()) as server:
        settings = FetchSettings(allow_http=True, ports=(server.port,), allow_networks=("127.0.0.0/8",))
        urls = [server.url(f"/{n}.pem") for n in range(20)]
        ticks: list[None] = []
        with HttpFetcher(settings, resolve=resolving(["127.0.0.1"])) as fetcher:
            done = prewarm(fetcher, [*urls, "file:///etc/passwd"], lambda: NOW, lambda: ticks.append(None))
            assert done.had == 20 and len(ticks) == 21
            assert {url: fault.reason for url, fault in done.failed.items()} == {
                "file:///etc/passwd": "bad_url"
            }
            assert all(fetcher.cached(url, NOW) for url in urls)
            assert len(server.requests) == 20
