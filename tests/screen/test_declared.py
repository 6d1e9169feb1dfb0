from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.errors import InputError
from ringfence.model.attempt import Attempt
from ringfence.screen.declared import DeclaredCall, DeclaredCalls, load_declared

BANK, VICTIM, OTHER = "+442079460001", "+447700900123", "+447700900124"
NOON = 1_772_366_400.0


def asked(time: float, called: str = VICTIM, caller: str | None = BANK) -> bool | None:
    logs = DeclaredCalls([DeclaredCall(BANK, VICTIM, NOON), DeclaredCall(BANK, VICTIM, NOON + 7200)])
    return logs.declared(Attempt(caller=caller, called=called, time=time), time)


@pytest.mark.parametrize(
    ("time", "called", "says"),
    [
        (NOON, VICTIM, True), (NOON + 590, VICTIM, True), (NOON - 590, VICTIM, True),
        (NOON + 3600, VICTIM, False), (NOON, OTHER, False),
        (NOON + 7200 + 601, VICTIM, None),  # the log may be late
        (NOON - 86_400, VICTIM, None),  # a day of which it has nothing
    ],
)  # fmt: skip
def test_what_a_log_says(time: float, called: str, says: bool | None) -> None:
    assert asked(time, called) is says


def test_numbers_that_nobody_enrolled() -> None:
    assert asked(NOON, caller=OTHER) is None and asked(NOON, caller=None) is None


def test_a_log_that_does_not_say_whom() -> None:
    logs = DeclaredCalls([DeclaredCall(BANK, None, NOON), DeclaredCall(BANK, None, NOON + 7200)])
    assert logs.declared(Attempt(caller=BANK, called=OTHER, time=NOON + 60), NOON) is True
    assert logs.declared(Attempt(caller=BANK, called=OTHER, time=NOON + 3600), NOON) is False


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "declared.csv"
    file.write_text(
        "owner,number,called,time\nBank,020 7946 0001,07700 900123,2026-03-01T12:00:00Z\n"
        "Bank,020 7946 0001,,2026-03-01T13:00:00\nBank,nobody,,2026-03-01T13:00:00Z\n"
        "Bank,020 7946 0001,,soon\n"
    )
    calls, bad = load_declared(file, "GB")
    assert calls == [DeclaredCall(BANK, VICTIM, NOON), DeclaredCall(BANK, None, NOON + 3600)]
    assert [(row.line, row.reason) for row in bad] == [(4, "number_not_a_number"), (5, "bad_time")]
    assert len(DeclaredCalls(calls)) == 1
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="number, called and time"):
        load_declared(file, "GB")
