import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus_numbers() -> Path:
    """The corpus' folder of UK numbers, or a skip that says what to set."""
    root = os.environ.get("RINGFENCE_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus"
    folder = Path(root) / "numbers"
    if not folder.is_dir():
        pytest.skip("no corpus: set RINGFENCE_CORPUS to its folder")
    return folder
