import random

import phonenumbers
import pyarrow as pa
import pytest

from ringfence.numbers.world import classify

_KINDS = {
    0: "geographic",
    1: "mobile",
    2: "geographic",
    3: "freephone",
    4: "premium",
    5: "non_geographic",
    6: "non_geographic",
    7: "personal",
    8: "pager",
    9: "non_geographic",
    10: "non_geographic",
}


def _samples() -> dict[int, list[str]]:
    """Every plan's own examples, and the same with their ends changed: valid and nearly valid numbers."""
    draw = random.Random(5)
    by_code: dict[int, list[str]] = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        for number_type in _KINDS:
            example = phonenumbers.example_number_for_type(region, number_type)
            if example is None:
                continue
            national = phonenumbers.national_significant_number(example)
            for keep in (len(national), *(draw.randint(1, len(national)) for _ in range(3))):
                tail = "".join(draw.choice("0123456789") for _ in national[keep:])
                by_code.setdefault(example.country_code, []).append(national[:keep] + tail)
    return by_code


def test_agrees_with_phonenumbers_everywhere() -> None:
    compared = 0
    for code, nationals in _samples().items():
        regions, kinds = classify(code, pa.array(nationals))
        for national, region, kind in zip(nationals, regions.to_pylist(), kinds.to_pylist(), strict=True):
            try:
                number = phonenumbers.parse(f"+{code}{national}")
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.national_significant_number(number) != national:
                continue  # parse took a trunk prefix off
            valid = phonenumbers.is_valid_number(number)
            expected = (
                phonenumbers.region_code_for_number(number) if valid else None,
                _KINDS[phonenumbers.number_type(number)] if valid else None,
            )
            assert (region, kind) == expected, f"+{code}{national}"
            compared += 1
    assert compared > 3000


@pytest.mark.parametrize("code", [800, 979, 881])
def test_worldwide_services_have_no_country(code: int) -> None:
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None
    regions, _ = classify(code, pa.array([phonenumbers.national_significant_number(example)]))
    assert regions.to_pylist() == ["001"]


def test_no_such_country_and_no_numbers() -> None:
    assert classify(999, pa.array(["1234567"]))[1].to_pylist() == [None]
    assert len(classify(44, pa.array([], pa.string()))[0]) == 0
