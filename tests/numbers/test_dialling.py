import pytest

from ringfence.numbers.dialling import country_code_of, dialling, read_digits, read_international


@pytest.mark.parametrize(
    ("region", "family", "code"),
    [
        ("GB", "GB", 44),
        ("JE", "GB", 44),
        ("us", "US", 1),
        ("CA", "US", 1),
        ("FR", "other", 33),
        ("001", "001", 0),
    ],
)
def test_rules_of_a_region(region: str, family: str, code: int) -> None:
    assert dialling(region)[1:] == (family, code)


def test_country_codes_are_prefix_free() -> None:
    assert [country_code_of(d) for d in ("442079", "1202", "35312", "7495", "999")] == [44, 1, 353, 7, None]
    assert country_code_of("") is None


def test_closed_plans_have_fixed_lengths() -> None:
    assert read_international("4420794601234").reason == "too_long"
    assert read_international("1202555012").reason == "too_short"
    assert read_international("44020794601")[0] == "+4420794601"


def test_without_prefix_is_not_guessed() -> None:
    assert read_digits("9460123", dialling("GB")).reason == "no_area_code"
    assert read_digits("33199001234", dialling("GB")).reason == "no_country_code"
