"""The configuration of docs/how-to/identity-beside-kamailio.md, as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.peers.identity.kamailio import missing

pytestmark = pytest.mark.peers

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "identity-beside-kamailio.md"


@pytest.fixture(scope="module")
def configuration() -> str:
    if absent := missing("http_client", "jansson"):
        pytest.skip(f"not installed: {', '.join(absent)}")
    found = re.search(r"^```kamailio\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_it_parses(configuration: str, tmp_path: Path) -> None:
    (tmp_path / "kamailio.cfg").write_text(configuration)
    done = subprocess.run(
        ["kamailio", "-c", "-f", "kamailio.cfg"], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
