from __future__ import annotations

import random
import uuid

import pytest

from ringfence.sip.shape import identifier_shape, number_shape, product


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1-28934", "d1..7-1..7"),
        ("4294967295", "d8..11"),
        ("as7d3b0c11", "a10"),
        ("SZm05p9gv7ZBN", "m13"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "x8-4-4-4-12"),
        ("0F8FAD5B-D9CB-469F-A165-70867728950E", "X8-4-4-4-12"),
        ("16415SIPpTag1", "dSIPpTagd"),
        ("", "a0"),
    ],
)
def test_shapes(text: str, shape: str) -> None:
    assert identifier_shape(text) == shape


@pytest.mark.parametrize(
    "generator",
    [
        lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4)),
        lambda r: f"{r.getrandbits(32):08x}",
        lambda r: f"{r.getrandbits(64):x}",
        lambda r: f"as{r.getrandbits(32):08x}",
        lambda r: str(r.getrandbits(31) + 10**8),
        lambda r: f"{r.randrange(1, 10**5)}-{r.randrange(100, 32768)}",
        lambda r: "".join(r.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=16)),
        lambda r: f"{r.randrange(100, 32768)}SIPpTag0{r.randrange(1, 10**5)}",
    ],
)
def test_a_generator_keeps_its_shape(generator) -> None:  # type: ignore[no-untyped-def]
    source = random.Random(4475)
    shapes = [identifier_shape(generator(source)) for _ in range(2000)]
    commonest = max(set(shapes), key=shapes.count)
    assert shapes.count(commonest) >= 0.98 * len(shapes), set(shapes)


def test_number_shapes_go_by_length_alone() -> None:
    assert number_shape("12345678") == "d8..11" and number_shape("x1") == "a2"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Asterisk PBX 18.2.0", "Asterisk PBX"),
        ("FreeSWITCH-mod_sofia/1.10.9-release", "FreeSWITCH-mod_sofia"),
        ("FPBX-16.0.40(18.12)", "FPBX"),
        ("Z 5.5.12 v2.10.18", "Z"),
        ("MicroSIP/3.21.3", "MicroSIP"),
        ("Yealink SIP-T46S 66.84.0.15 001565abcdef", "Yealink SIP-T46S"),
        ("kamailio (5.6.3 (x86_64/linux))", "kamailio"),
        ("Grandstream HT802 v1.0 (build 7)", "Grandstream HT802"),
        ("drama", "drama"),
        ("", ""),
    ],
)
def test_products_without_version(agent: str, name: str) -> None:
    assert product(agent) == name
