"""What reaches an operator from outside the call records: owners' logs of their own calls, and complaints."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ringfence.simulate.calls import KIND, Calls
from ringfence.simulate.numbering import e164
from ringfence.simulate.organisations import Organisations
from ringfence.simulate.scenario import Scenario

_NUISANCE = ("sales", "survey", "debt", "call_centre", "courier", "cpaas")
_TEXTS = {
    "fraud": (
        "Said he was from my bank's fraud team and that my account was under attack.",
        "Told me to move my savings to a safe account. The number was my bank's.",
        "Asked for the code that came by text.",
        "Claimed to be police and wanted me to help catch a bank employee.",
        "Caller knew my name and bank. Hung up when I asked questions.",
    ),
    "nuisance": (
        "Keeps calling about insulation.",
        "Silent call.",
        "Would not say where they got my number.",
        "Survey again, third time this week.",
        "Recorded message about an unpaid bill.",
    ),
}


class Evidence:
    """Collects declared.csv and reports.csv while the days go by."""

    def __init__(self, scenario: Scenario, world: Organisations) -> None:
        self.scenario = scenario
        owned = world.enrolled_numbers()
        self._owner = owned
        self._numbers = np.array(sorted(owned), np.int64)
        self._declared: list[tuple[str, str, str, str]] = []
        self._reports: list[tuple[str, str, str, str]] = []

    def day(self, calls: Calls, rng: np.random.Generator) -> None:
        """calls: one day of visible calls."""
        self._declare(calls, rng)
        self._report(calls, rng)

    def _declare(self, calls: Calls, rng: np.random.Generator) -> None:
        """Owners log the calls that they and their outsourcers made; outsourcers forget some."""
        genuine = np.isin(calls.kind, [KIND["bank_team"], KIND["call_centre"], KIND["divert"]])
        rows = np.flatnonzero(genuine & np.isin(calls.caller, self._numbers))
        outsourced = calls.kind[rows] == KIND["call_centre"]
        missing = np.where(outsourced, self.scenario.declared_missing, self.scenario.declared_missing / 10)
        rows = rows[rng.random(len(rows)) >= missing]
        # clocks differ by seconds, and for a few logs by an hour
        skew = rng.standard_normal(len(rows)) * 8 + np.where(rng.random(len(rows)) < 0.005, 3600, 0)
        for i, off in zip(rows, skew, strict=True):
            called = int(calls.diverted[i]) or int(calls.called[i])
            number = int(calls.caller[i])
            when = _time(int(calls.start[i]) + int(off * 1e6))
            self._declared.append((self._owner[number], e164(number), e164(called), when))

    def _report(self, calls: Calls, rng: np.random.Generator) -> None:
        s = self.scenario
        fraud = calls.kind == KIND["fraud"]
        nuisance = np.isin(calls.kind, [KIND[k] for k in _NUISANCE])
        share = np.where(fraud, s.report_rate, np.where(nuisance, s.nuisance_report_rate, 0.0))
        rows = np.flatnonzero((calls.caller > 10_000) & (rng.random(len(calls)) < share))
        for i in rows:
            words = _TEXTS["fraud" if fraud[i] else "nuisance"]
            delay = float(np.exp(rng.standard_normal() * 1.3 + 9.5))  # hours to days
            called = e164(int(calls.called[i])) if rng.random() < 0.2 else ""
            text = words[int(rng.integers(len(words)))]
            when = _time(int(calls.end[i]) + int(delay * 1e6))
            self._reports.append((e164(int(calls.caller[i])), called, when, text))

    def write(self, folder: Path) -> None:
        _write(folder / "declared.csv", ("owner", "number", "called", "time"), self._declared, 3)
        _write(folder / "reports.csv", ("number", "called", "time", "text"), self._reports, 2)


def _time(microseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(microseconds // 1_000_000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], time: int) -> None:
    ordered = sorted(rows, key=lambda row: (row[time], row))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(ordered)
