from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.config import HuntSettings, Settings, digest, load_settings
from ringfence.errors import ConfigError


def _load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "ringfence.toml"
    file.write_text(text)
    return load_settings(file)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    assert load_settings(None) == Settings() == _load(tmp_path, "")
    settings = _load(tmp_path, '[hunt]\nregion = "FR"\nlikely_seconds = 120\nmemory = "4GB"\n')
    assert settings.hunt == HuntSettings(region="FR", likely_seconds=120.0, memory="4GB")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert _load(tmp_path, '\ufeff[hunt]\nregion = "US"\n').hunt.region == "US"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hunt]\nregoin = 'GB'", r"ringfence\.toml: hunt\.regoin: no such setting; did you mean region\?"),
        ("colour = 1", r"colour: no such setting; known here: .*hunt"),
        ("[hunt]\nflag_threshold = 2", r"hunt\.flag_threshold: Expected `float` <= 1"),
        ("[hunt]\nregion = 'gb'", r"hunt\.region: Expected `str` matching regex"),
        ("[hunt]\nthreads = 'all'", r"hunt\.threads: Expected `int \| null`, got `str`"),
        ("hunt = 3", r"hunt: Expected `object`, got `int`"),
        ("[hunt]\npossible_seconds = 600", r"hunt: possible_seconds must not be above likely_seconds"),
        ("[hunt\n", r"ringfence\.toml: not TOML: .*line 1"),
    ],
)
def test_a_fault_is_one_line_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        _load(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("[hunt] # caf\xe9".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8 at byte 12"):
        load_settings(tmp_path / "latin.toml")


@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(data)
    try:
        assert isinstance(load_settings(file), Settings)
    except ConfigError as error:
        assert "\n" not in str(error)


def test_the_digest_tells_settings_apart() -> None:
    assert digest(Settings()) == digest(Settings(hunt=HuntSettings()))
    assert digest(Settings()) != digest(Settings(hunt=HuntSettings(region="FR")))
