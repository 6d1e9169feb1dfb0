from ringfence.verify.lint.countries import COUNTRIES


def test_the_codes_that_iso_3166_assigns() -> None:
    assert len(COUNTRIES) == 249
    assert {"US", "CA", "FR", "GB", "AX", "SS"} <= COUNTRIES
    assert not {"UK", "EU", "XK", "AN", "SU", "us"} & COUNTRIES
