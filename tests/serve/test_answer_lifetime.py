from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ringfence.config import FetchSettings
from ringfence.serve.answer_lifetime import Lifetime, cache_directives, end_of_validity, joined, lifetime

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT
SETTINGS = FetchSettings(
    default_seconds=5_000,
    least_seconds=60,
    most_seconds=100_000,
    renew_seconds=300,
    error_seconds=900,
)


def _fresh(**headers: str) -> float:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lifetime(named, NOW, SETTINGS).fresh_until - NOW


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 5_000),
        ({"cache_control": "public"}, 5_000),
        ({"cache_control": "max-age=600"}, 600),
        ({"cache_control": "Max-Age = 600 , public"}, 600),
        ({"cache_control": 'max-age="600"'}, 600),
        ({"cache_control": "max-age=600, s-maxage=700"}, 700),
        ({"cache_control": "max-age=600, max-age=500"}, 500),
        ({"cache_control": "max-age=600", "age": "100"}, 500),
        ({"cache_control": "max-age=600", "age": "700"}, 60),
        ({"cache_control": "max-age=600", "expires": "Wed, 15 Nov 2023 22:13:20 GMT"}, 600),
        ({"cache_control": "max-age=1"}, 60),
        ({"cache_control": "max-age=99999999999999999999999"}, 100_000),
        ({"cache_control": "max-age=-5"}, 60),
        ({"cache_control": "max-age=soon"}, 60),
        ({"cache_control": "max-age"}, 60),
        ({"cache_control": "no-store, max-age=600"}, 60),
        ({"cache_control": "no-cache"}, 60),
        ({"cache_control": 'private="set-cookie", max-age=600'}, 60),
        ({"cache_control": 'other="no-store, max-age=1", max-age=600'}, 600),
        ({"expires": "Tue, 14 Nov 2023 22:23:20 GMT"}, 600),
        ({"expires": "Tue, 14 Nov 2023 22:23:20 GMT", "date": "Tue, 14 Nov 2023 22:18:20 GMT"}, 300),
        ({"expires": "Tuesday, 14-Nov-23 22:23:20 GMT"}, 600),
        ({"expires": "Tue Nov 14 22:23:20 2023"}, 600),
        ({"expires": "0"}, 60),
        ({"expires": "-1"}, 60),
        ({"expires": "Tue, 99 Nov 2023 99:99:99 GMT"}, 60),
        ({"expires": "9" * 5_000}, 60),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: float) -> None:
    assert _fresh(**headers) == seconds


def test_stale_answers_serve_a_while_longer() -> None:
    assert lifetime({}, NOW, SETTINGS) == Lifetime(NOW + 5_000, NOW + 5_300, NOW + 5_900)
    told = lifetime(
        {"cache-control": "max-age=100, stale-while-revalidate=10, stale-if-error=99999"}, NOW, SETTINGS
    )
    assert told == Lifetime(NOW + 100, NOW + 110, NOW + 1_000)
    for strict in ("must-revalidate", "proxy-revalidate", "no-cache"):
        span = lifetime({"cache-control": f"{strict}, max-age=600"}, NOW, SETTINGS)
        assert span.fresh_until == span.renew_until == span.error_until
        assert span.storable


@pytest.mark.parametrize("directive", ["no-store", "private", "No-Store, max-age=9"])
def test_what_is_not_to_be_stored_is_not_written(directive: str) -> None:
    assert lifetime({"cache-control": directive}, NOW, SETTINGS).storable is False


def test_the_end_of_the_certificate_is_the_end() -> None:
    assert lifetime({}, NOW, SETTINGS, NOW + 200) == Lifetime(NOW + 200, NOW + 200, NOW + 200)
    assert lifetime({}, NOW, SETTINGS, NOW + 5_100) == Lifetime(NOW + 5_000, NOW + 5_100, NOW + 5_100)
    assert lifetime({}, NOW, SETTINGS, NOW - 1e6) == Lifetime(NOW + 60, NOW + 60, NOW + 60)


def test_the_end_of_certificates_and_lists_is_read_from_them() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY")])
    start = datetime(2023, 11, 14, tzinfo=UTC)
    end = start + timedelta(days=3)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end).sign(
        key, hashes.SHA256()
    )
    revoked = x509.CertificateRevocationListBuilder(name, start, end).sign(key, hashes.SHA256())
    for thing in (certificate, revoked):
        assert end_of_validity(thing.public_bytes(serialization.Encoding.DER)) == end.timestamp()
        assert end_of_validity(b"text\n" + thing.public_bytes(serialization.Encoding.PEM)) == end.timestamp()
    for nothing in (b"", b"-----BEGIN CERTIFICATE-----\n", b"-----BEGIN X509 CRL-----", b"0\x82\xff\xff"):
        assert end_of_validity(nothing) is None


def test_directives_are_read() -> None:
    assert cache_directives("") == {}
    assert cache_directives('A, b=1 ,c="d, e=2", ,;=, f=') == {"a": "", "b": "1", "c": "d, e=2", "f": ""}


def test_repeated_headers_are_one() -> None:
    assert joined([(b"Cache-Control", b"public"), (b"cache-control", b"max-age=5"), (b"Age", b"1")]) == {
        "cache-control": "public, max-age=5",
        "age": "1",
    }


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=40), st.none() | st.floats(0, 4e9))
def test_whatever_a_server_says_the_bounds_hold(
    control: str, age: str, expires: str, ends: float | None
) -> None:
    headers = {"cache-control": control, "age": age, "expires": expires}
    span = lifetime(headers, NOW, SETTINGS, ends)
    assert NOW + 60 <= span.fresh_until <= NOW + 100_000
    assert span.fresh_until <= span.renew_until <= span.error_until <= span.fresh_until + 900


_DIRECTIVES = st.dictionaries(
    st.sampled_from(["max-age", "s-maxage", "public", "stale-if-error", "x-other"]), st.integers(0, 10**6)
)


@given(_DIRECTIVES, st.sampled_from([", ", ",", " ,\t"]), st.booleans())
def test_directives_written_are_read_again(wanted: dict[str, int], between: str, quoted: bool) -> None:
    form = '{}="{}"' if quoted else "{}={}"
    text = between.join(form.format(name.upper(), number) for name, number in wanted.items())
    assert cache_directives(text) == {name: str(number) for name, number in wanted.items()}


@given(st.binary(max_size=300))
def test_any_bytes_have_an_end_or_none(body: bytes) -> None:
    assert end_of_validity(body) is None
    end_of_validity(b"-----BEGIN CERTIFICATE-----\n" + body)
