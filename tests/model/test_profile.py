from __future__ import annotations

import msgspec
import pytest

from ringfence.model.profile import PlatformProfile


def test_a_profile_survives_its_file() -> None:
    profile = PlatformProfile(id="P-1", name="the handset", shapes={"a": ["x:1"]}, talk=[1.0, 0, 0, 0, 0])
    assert msgspec.json.decode(msgspec.json.encode(profile), type=PlatformProfile) == profile


def test_only_the_id_is_needed_and_newer_fields_are_let_pass() -> None:
    assert msgspec.json.decode(b'{"id": "P-1", "newer": 1}', type=PlatformProfile) == PlatformProfile(
        id="P-1"
    )
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"{}", type=PlatformProfile)


def test_profiles_share_nothing() -> None:
    one, two = PlatformProfile(id="P-1"), PlatformProfile(id="P-2")
    one.identities.append("+442079460001")
    assert two.identities == []
