from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.config import FetchSettings
from ringfence.model.rejected import Rejected
from ringfence.serve.fetch_target import Target, follow, read_url

DEFAULT = FetchSettings()


def _target(url: str, settings: FetchSettings = DEFAULT) -> Target:
    found = read_url(url, settings)
    assert isinstance(found, Target), found
    return found


def _why(url: str, settings: FetchSettings = DEFAULT) -> str:
    found = read_url(url, settings)
    assert isinstance(found, Rejected)
    assert (found.reason, found.status) == ("bad_url", 436)
    return found.detail


def test_a_url_is_taken_apart() -> None:
    assert _target("https://certs.example/a/b.pem") == Target("https", "certs.example", 443, "/a/b.pem")
    assert _target("HTTPS://Certs.Example:8443/x%20y") == Target("https", "certs.example", 8443, "/x%20y")
    assert _target("https://certs.example") == Target("https", "certs.example", 443, "/")
    assert _target("https://certs.example./") == Target("https", "certs.example", 443, "/")
    assert _target("https://8.8.8.8/c.pem") == Target("https", "8.8.8.8", 443, "/c.pem", literal=True)
    six = _target("https://[2606:4700:0::1111]:8443/c")
    assert six == Target("https", "2606:4700::1111", 8443, "/c", literal=True)
    assert six.authority == "[2606:4700::1111]:8443"
    assert _target("https://certs.example:443/c").authority == "certs.example"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://certs.example/c.pem", "is http"),
        ("file:///etc/passwd", "is file"),
        ("gopher://certs.example/", "is gopher"),
        ("/etc/stir/cert.pem", "names no host"),
        ("certs.example/c.pem", "names no host"),
        ("https:certs.example", "names no host"),
        ("https://", "names no host"),
        ("https:///c.pem", "names no host"),
        ("", "names no host"),
        ("https://user@certs.example/", "user part"),
        ("https://user:secret@certs.example/", "user part"),
        ("https://certs.example@10.0.0.1/", "user part"),
        ("https://certs.example/c.pem#top", "fragment"),
        ("https://certs.example/c.pem#", "fragment"),
        ("https://certs.example/c.pem?id=1", "query"),
        ("https://certs.example/c.pem?", "query"),
        ("https://certs.example:80/", "port 80"),
        ("https://certs.example:22/", "port 22"),
        ("https://certs.example:0/", "port"),
        ("https://certs.example:0443/", "port"),
        ("https://certs.example:/", "port"),
        ("https://certs.example:99999/", "port 99999"),
        ("https://certs.example:443:443/", "port"),
        ("https://127.1/", "four decimal"),
        ("https://2130706433/", "four decimal"),
        ("https://0x7f000001/", "four decimal"),
        ("https://0x7f.0.0.0x1/", "four decimal"),
        ("https://0177.0.0.1/", "four decimal"),
        ("https://127.0.0.01/", "four decimal"),
        ("https://1.2.3.4.5/", "four decimal"),
        ("https://example.1/", "four decimal"),
        ("https://[::1/", "names no host"),
        ("https://[fe80::1%25eth0]/", "names no host"),
        ("https://[::1::2]/", "brackets"),
        ("https://[127.0.0.1]/", "brackets"),
        ("https://a..example/", "no name of the DNS"),
        ("https://-a.example/", "no name of the DNS"),
        (f"https://{'a' * 64}.example/", "no name of the DNS"),
        (f"https://{'a.' * 127}example/", "no name of the DNS"),
        ("https://exa%6dple.org/", "names no host"),
        ("https://ex\u00e4mple.org/", "characters"),
        ("https://certs\u3002example/", "characters"),
        ("https://certs.example\\@evil.example/", "user part"),
        ("https://certs.example\\.evil.example/", "names no host"),
        ("https://certs.example/a\\b", "no path has"),
        ("https://certs.example/%zz", "no path has"),
        ("https://certs.example/a b", "characters"),
        ("https://certs.example/\r\nHost: x", "characters"),
        ("https://certs.example/\x00", "characters"),
        ("https://certs.example/" + "a" * 2048, "limit"),
    ],
)
def test_what_is_refused_says_why(url: str, why: str) -> None:
    assert why in _why(url)


def test_settings_allow_more() -> None:
    plain = FetchSettings(allow_http=True)
    assert _target("http://certs.example/c", plain).port == 80
    assert _target("http://certs.example:8443/c", plain).port == 8443
    assert "port 80" in _why("https://certs.example:80/", plain)
    assert "port 8080" in _why("http://certs.example:8080/", plain)
    assert _target("https://certs.example:5000/", FetchSettings(ports=(5000,))).port == 5000
    asked = FetchSettings(allow_query=True)
    assert _target("https://certs.example?a=/b?c", asked).path == "/?a=/b?c"
    assert "no path" in _why("https://certs.example/?<>", asked)


def test_redirects_lead_under_the_same_rules() -> None:
    here = _target("https://certs.example/a/b.pem")
    assert follow(here, "c.pem", DEFAULT) == Target("https", "certs.example", 443, "/a/c.pem")
    assert follow(here, "//other.example:8443/c", DEFAULT) == Target("https", "other.example", 8443, "/c")
    for location in ("http://certs.example/", "/c?x", "https://certs.example:22/", "file:///etc/passwd"):
        assert isinstance(follow(here, location, DEFAULT), Rejected), location
    for odd in ("http://[", "https://[::1]x/", "//\t//", "\x00"):
        follow(here, odd, DEFAULT)
    down = follow(here, "http://certs.example/", FetchSettings(allow_http=True))
    assert isinstance(down, Rejected) and "from https to http" in down.detail


@pytest.mark.corpus
def test_real_addresses_of_certificates(corpus: Path) -> None:
    """All 8,919 are accepted but those with http or another port, which ATIS-1000074 rules out."""
    urls = (corpus / "certificates" / "x5u-urls.txt").read_text().splitlines()
    refused = {url: found.detail for url in urls if isinstance(found := read_url(url, DEFAULT), Rejected)}
    for url, detail in refused.items():
        parts = urlsplit(url)
        assert parts.scheme == "http" or parts.port not in (None, 443, 8443), (url, detail)
    assert (len(urls), len(refused)) == (8_919, 26)
    wide = FetchSettings(allow_http=True, ports=(443, 8443, 8080, 5000, 1443, 8077))
    assert not [url for url in urls if isinstance(read_url(url, wide), Rejected)]


@given(st.text(max_size=80) | st.text(max_size=60).map("https://".__add__))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    found = read_url(text, DEFAULT)
    if isinstance(found, Target):
        assert found.scheme == "https" and found.port in (443, 8443) and found.path.startswith("/")
        assert found.url.isascii() and found.url.isprintable()


@given(st.from_regex(r"https://[0-9a-fxA-FX.:\[\]%@\\]{1,24}(:[0-9]{1,5})?/?", fullmatch=True))
def test_hosts_that_the_system_takes_for_addresses_are_known_as_addresses(text: str) -> None:
    found = read_url(text, DEFAULT)
    if not isinstance(found, Target):
        return
    # another reader of URLs finds the same host
    assert urlsplit(text).hostname is not None
    if found.literal:
        assert str(ip_address(found.host)) == found.host
        return
    try:
        socket.inet_aton(found.host)
    except OSError:
        return
    raise AssertionError(f"{found.host} is an address to the system")


_LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(
    st.lists(_LABEL, min_size=1, max_size=4),
    st.sampled_from([443, 8443]),
    st.text("abz09._~-/%2F:@!", max_size=20),
)
def test_what_is_read_says_the_same_when_read_again(labels: list[str], port: int, path: str) -> None:
    found = read_url(f"https://{'.'.join(labels)}:{port}/{path}", DEFAULT)
    if isinstance(found, Target):
        assert read_url(found.url, DEFAULT) == found
    else:
        assert "%" in path
