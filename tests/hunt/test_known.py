from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd
import pytest

from ringfence.errors import ConfigError, InputError, RingfenceError
from ringfence.hunt.known import (
    SAME,
    TRAITS,
    best_match,
    marking_shapes,
    profile,
    read_profiles,
    similarity,
    write_profiles,
)
from ringfence.model.profile import PlatformProfile

PARTS = [f"part{i}:value" for i in range(20)]
BEFORE = PlatformProfile(
    id="P-00000001",
    shapes={"aaaa": PARTS},
    identities=["+442079460001", "+442079460002", "+442079460003"],
    owners=["Example Bank", "Example Police"],
    talk=[0.3, 0.3, 0.2, 0.1, 0.1],
    hours=[0.0] * 9 + [0.125] * 8 + [0.0] * 7,
    trunks=["A"],
    addresses=["192.0.2.1"],
)
#: A service of other make that rings other people at other hours in other names.
STRANGER = PlatformProfile(
    id="P-00000002",
    shapes={"bbbb": PARTS[:10] + [f"other{i}:value" for i in range(10)]},
    identities=["+442079460101"],
    owners=["Example Bank"],
    talk=[0.6, 0.2, 0.1, 0.1, 0.0],
    hours=[0.0] * 17 + [0.25] * 4 + [0.0] * 3,
    trunks=["A"],
    addresses=["192.0.2.1"],
)


def test_a_platform_is_like_itself() -> None:
    assert similarity(BEFORE, BEFORE) == pytest.approx(1.0)
    assert sum(TRAITS.values()) == pytest.approx(1.0)


def test_a_service_that_comes_back_is_named_again() -> None:
    # one header changed with the new version; new trunks and addresses; some of its numbers kept
    back = msgspec.structs.replace(
        BEFORE,
        id="P-00000009",
        shapes={"cccc": [*PARTS[:-1], "part19:changed"]},
        identities=["+442079460003", "+442079460009"],
        trunks=["Z"],
        addresses=["198.51.100.1"],
    )
    match = best_match(back, [STRANGER, BEFORE])
    assert match is not None
    assert match[0] == BEFORE.id
    assert SAME <= match[1] < 1


def test_strangers_on_the_same_trunk_and_address_stay_strangers() -> None:
    assert similarity(BEFORE, STRANGER) < SAME
    assert similarity(BEFORE, STRANGER) == pytest.approx(similarity(STRANGER, BEFORE))
    assert best_match(STRANGER, [BEFORE]) is None
    assert best_match(STRANGER, []) is None


def test_without_a_shape_nothing_is_called_the_same() -> None:
    blind = msgspec.structs.replace(BEFORE, shapes={})
    assert similarity(blind, BEFORE) < SAME
    assert similarity(PlatformProfile(id="x"), BEFORE) == 0.0
    assert similarity(blind, msgspec.structs.replace(blind, name="Alpha", saved="2026-01-05")) == 1.0


def test_between_equal_matches_the_first_id_wins() -> None:
    twin = msgspec.structs.replace(BEFORE, id="P-00000000")
    assert best_match(BEFORE, [BEFORE, twin]) == ("P-00000000", 1.0)


def test_a_profile_of_calls() -> None:
    calls = pd.DataFrame(
        {
            "t": [1_767_603_600_000_000 + i * 3_600_000_000 for i in range(4)],  # 2026-01-05 from 09:00
            "talk": [0.0, 15.0, 100.0, 400.0],
            "caller_text": ["+442079460001", None, "+442079460001", "+442079460002"],
            "owner_text": ["Example Bank", None, None, None],
            "trunk_text": ["A", "A", "B", None],
            "source_ip_text": [None] * 4,
        }
    )
    made = profile("P-1", calls, {"aaaa": ["b", "a"]}, {"aaaa": 0.001})
    assert (made.first_seen, made.last_seen, made.calls) == ("2026-01-05", "2026-01-05", 4)
    assert made.talk == [0.25, 0.25, 0.0, 0.25, 0.25]
    assert made.hours[9:13] == [0.25] * 4 and sum(made.hours) == 1.0
    assert made.identities == ["+442079460001", "+442079460002"]
    assert (made.owners, made.trunks, made.addresses) == (["Example Bank"], ["A", "B"], [])


def test_shapes_that_mark_a_platform_are_used_far_more_by_it_than_by_others() -> None:
    calls = pd.DataFrame(
        {
            "shape": [1] * 5 + [2] * 5 + [3] * 2 + [-1] * 4,
            "fingerprint_text": ["web"] * 5 + ["common"] * 5 + ["seldom"] * 2 + [None] * 4,
        }
    )
    seen = pd.Series({1: 600, 2: 500_000, 3: 2, 4: 499_398})
    assert marking_shapes(calls, seen) == {"web": 0.000595007}  # of the calls of others
    alone = pd.Series({1: 5, 2: 5, 3: 2, 4: 30})  # a small capture, and a shape that nobody else has
    assert marking_shapes(calls, alone) == {"web": 0.0, "common": 0.0}
    assert marking_shapes(calls[calls["shape"] < 0], seen) == {}


def test_a_shape_that_others_have_too_counts_by_its_rarity() -> None:
    def back(share: float) -> float:
        shares = {"aaaa": share}
        once, again = (
            msgspec.structs.replace(BEFORE, id=i, identities=[f"+4420794601{i}"], shape_shares=shares)
            for i in ("10", "11")
        )
        return similarity(once, again)

    assert back(0.00001) > back(0.001) > SAME > back(0.03) > back(0.5)


def test_profiles_are_kept_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    write_profiles(file, [BEFORE, STRANGER])
    file.write_bytes(file.read_bytes() + b"\n\n")
    assert read_profiles(file) == [BEFORE, STRANGER]


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"id": 3}', b'{"id": "x", "calls": "many"}', b"\xff\xfe"])
def test_a_bad_line_is_named(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "known.jsonl"
    file.write_bytes(msgspec.json.encode(BEFORE) + b"\n" + line + b"\n")
    with pytest.raises(ConfigError, match=r"known\.jsonl, line 2: not a platform profile"):
        read_profiles(file)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_profiles(tmp_path / "absent.jsonl")
    with pytest.raises(RingfenceError, match="cannot write"):
        write_profiles(tmp_path / "absent" / "known.jsonl", [])
