from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest

from ringfence.cli.screen_loading import ScreenLoader
from ringfence.errors import ConfigError, InputError
from ringfence.verify.authority import issue_test_authority
from ringfence.verify.tenants import new_api_key


def configured(folder: Path, *more: str) -> ScreenLoader:
    for name, octets in issue_test_authority(time.time()).items():
        (folder / name).write_bytes(octets)
    _, stored = new_api_key("bank")
    (folder / "tenants.toml").write_text(
        f'[[tenants]]\nname = "bank"\nkeys = ["{stored}"]\nnumbers = ["+442079460000-+442079460999"]\n'
    )
    (folder / "keys.toml").write_text(
        '[[keys]]\nkey = "tn.key"\ncertificate = "tn-chain.pem"\nx5u = "https://certs.example.org/tn.pem"\n'
    )
    (folder / "seed").write_text(f"{uuid.UUID(int=7)}\n")
    config = folder / "screen.toml"
    config.write_text(
        '[screen]\ntrust = ["root.pem"]\nkeys = "keys.toml"\ntenants = "tenants.toml"\norigid_seed = "seed"\n'
        + "\n".join(more)
    )
    return ScreenLoader(config)


def test_everything_is_read_and_read_again(tmp_path: Path) -> None:
    loader = configured(tmp_path, '[screen.trunks.BANK]\ntenant = "bank"')
    screening = loader.screening("0")
    assert screening.verifier is not None and screening.signing is not None and screening.log is None
    assert screening.edges.named("BANK").tenant == "bank" and loader.stream() is None
    config = tmp_path / "screen.toml"
    config.write_text(config.read_text().replace("BANK", "OTHER").replace("keys.toml", "nowhere.toml"))
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        loader.reload(screening)
    assert screening.edges.named("BANK").tenant == "bank"  # as it was
    config.write_text(config.read_text().replace("nowhere.toml", "keys.toml"))
    assert loader.reload(screening).startswith("reloaded: gb")
    assert screening.edges.named("BANK").tenant == "" and screening.edges.named("OTHER").tenant == "bank"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[screen.trunks.A]\ntenant = "nobody"', "'nobody' is not in tenants.toml"),
        ('crls = ["root.key"]', "root.key"),
        ('crls = ["none.crl"]', "none.crl"),
        ('trust_signer = "none.pem"\n[screen.trunks.A]', ""),
        ('redis = "http://127.0.0.1"', "write redis://"),
        ('announcement = "nonsense"', "announcement"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, line: str, said: str) -> None:
    loader = configured(tmp_path, line)
    if not said:  # nothing is a CA list: its signer is not looked at
        loader.screening("0")
        return
    with pytest.raises((ConfigError, InputError), match=said.replace(".", r"\.")) as caught:
        loader.screening("0")
    assert "\n" not in str(caught.value)
