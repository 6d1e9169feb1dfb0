from __future__ import annotations

from ringfence.verify.reasons import REASONS, rejected


def test_statuses_are_rfc_8224s() -> None:
    assert {r.status for r in REASONS.values()} == {None, 403, 428, 436, 437, 438}
    assert rejected("stale", "why").status == 403


def test_what_was_never_tested_did_not_fail() -> None:
    untested = {word for word, reason in REASONS.items() if not reason.checked}
    assert untested == {"no_identity", "unsupported", "anonymous", "bad_url", "no_certificate"}
