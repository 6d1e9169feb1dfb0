from __future__ import annotations

import re
from pathlib import Path

from ringfence.verify.reasons import REASONS, rejected

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "verification.md"


def test_statuses_are_rfc_8224s() -> None:
    assert {r.status for r in REASONS.values()} == {None, 403, 428, 436, 437, 438}
    assert rejected("stale", "why").status == 403


def test_what_was_never_tested_did_not_fail() -> None:
    untested = {word for word, reason in REASONS.items() if not reason.checked}
    assert untested == {"no_identity", "unsupported", "anonymous", "bad_url", "no_certificate"}


def test_the_reference_tells_each_reason() -> None:
    told = {
        word: (status, verstat, means)
        for word, status, verstat, means in re.findall(
            r"^\| `(\w+)` \| (\d*) \| (failed|none) \| (.*) \|$", PAGE.read_text("utf-8"), re.M
        )
    }
    assert told == {
        word: (str(r.status or ""), "failed" if r.checked else "none", r.means) for word, r in REASONS.items()
    }
