"""What a hunt says of itself: summary.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ringfence import __version__
from ringfence.config import HuntSettings
from ringfence.hunt.context import FEW_DAYS, Context
from ringfence.hunt.findings import Tiers
from ringfence.hunt.inputs import Told
from ringfence.hunt.scoring import Scores
from ringfence.hunt.signal import all_detectors
from ringfence.numbers.register import Register


def summarise(
    context: Context,
    scores: Scores,
    tables: dict[str, pa.Table],
    inputs: Sequence[Path],
    settings: HuntSettings,
    tiers: Tiers,
) -> dict[str, Any]:
    """The hunt in one object: counts, signals, limits and rules, for summary.json."""
    victims = Counter(tables["victims"]["tier"].to_pylist())
    return {
        "version": __version__,
        "region": settings.region,
        "inputs": [str(p) for p in inputs],
        # the simulator leaves its scenario beside the calls
        "simulated": any((p.resolve().parent / "scenario.toml").exists() for p in inputs),
        "period": _period(context),
        "counts": {
            "flagged_calls": tables["flagged_calls"].num_rows,
            "campaigns": tables["campaigns"].num_rows,
            "platforms": tables["platforms"].num_rows,
            "victims": {t: victims[t] for t in ("likely", "possible", "contacted")},
            "suspect_calls": len(scores.evidence.calls),
        },
        "signals": _signal_states(context, scores, tables["flagged_calls"]),
        "limits": _limits(context),
        "calibration": (
            "Scores were calibrated on simulated networks: "
            "of calls scored 0.9, nine in ten were fraudulent there."
        ),
        "tiers": {
            "likely": f"{_minutes(tiers.likely_seconds)} of talk or more in one call",
            "possible": f"{_minutes(tiers.possible_seconds)} of talk or more in one call",
            "contacted": "reached, or rung, with less talk than that",
        },
    }


def _minutes(seconds: float) -> str:
    return "1 minute" if seconds == 60 else f"{seconds / 60:g} minutes"


def _period(context: Context) -> dict[str, str]:
    first, last = (
        pd.Timestamp(t, unit="us", tz="UTC").isoformat()
        for t in (context.records.first, context.records.last)
    )
    return {"first": first, "last": last}


def _signal_states(context: Context, scores: Scores, flagged: pa.Table) -> list[dict[str, Any]]:
    spoke = Counter(s for names in flagged["signals"].to_pylist() for s in names)
    states = []
    for detector in all_detectors():
        name = detector.SIGNAL.name
        why = scores.evidence.aside.get(name)
        state = "stood_aside" if why else "spoke" if spoke[name] else "silent"
        states.append(
            {"name": name, "status": state, "why": why or detector.SIGNAL.words, "calls": spoke[name]}
        )
    return states


def _limits(context: Context) -> list[str]:
    fields = context.fields
    limits = [
        "Findings name sources, never the owner of a number that was presented: the owner is a victim too.",
        "A victim's tier says how strong the contact was, not whether money was lost.",
        "Weights were set on simulated networks; no public call records of real spoofing exist.",
    ]
    if "fingerprint" not in fields:
        limits.append(
            "The records hold no INVITE fingerprints: "
            "services that share trunks with others are harder to tell apart."
        )
    if "register" not in fields:
        limits.append(
            "There is no register of protected numbers that fits the records: "
            "which numbers never call was learned from the records."
        )
    if context.records.tokens is not None:
        limits.append(
            "Numbers are hidden as tokens: their order, blocks and countries could not be seen, "
            "so signals built on these were silent."
        )
    if "register" in fields and context.days < FEW_DAYS:
        limits.append(
            f"The records span {context.days:.0f} day{'s' * (context.days >= 1.5)}: which entries of the "
            "register went stale shows only in the habits of two weeks, so its numbers accuse less here."
        )
    if "trunk" not in fields:
        limits.append("The records name no trunks: accounts, addresses and fingerprints tell sources apart.")
    return limits


def used_of_files(paths: dict[str, Path], numbers: Register, told: dict[str, Told]) -> dict[str, Any]:
    """What of the files beside the records was used: file, read, used, rejected by reason, zoneless."""
    given: dict[str, Any] = {}
    if "numbers" in paths:
        given["numbers"] = {
            "file": str(paths["numbers"]),
            "read": len(numbers) + len(numbers.bad_rows),
            "used": len(numbers),
            "rejected": dict(numbers.rejected()),
        }
    for name, of in told.items():
        given[name] = {
            "file": str(paths[name]),
            "read": of.read,
            "used": of.table.num_rows,
            "rejected": of.rejected,
            "zoneless": of.zoneless,
        }
    return given


def limits_of_files(given: dict[str, Any]) -> list[str]:
    """What of these files a reader should know to be missing or uncertain, a sentence each."""
    limits = []
    for of in given.values():
        name = Path(of["file"]).name
        if bad := of["read"] - of["used"]:
            reasons = ", ".join(f"{why} {n:,}" for why, n in sorted(of["rejected"].items()))
            limits.append(f"{bad:,} of {of['read']:,} rows of {name} could not be used ({reasons}).")
        if of.get("zoneless"):
            limits.append(
                f"{of['zoneless']:,} times in {name} name no zone and were read as UTC: "
                "they may be some hours off."
            )
    return limits
