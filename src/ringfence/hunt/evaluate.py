"""How well a hunt did against what is known to be true: every number, always together.

A **platform is found** when most of the flagged calls under one platform of the hunt are its calls. A **false
source** is a trunk and account under which calls were flagged although none of its calls is fraudulent.
**Calls to detection** counts a platform's calls, in order of time, up to the first that was flagged; a hunt
looks back, so this tells how early its evidence reaches and not when an alarm would have rung (for that,
`benchmarks.hunt --daily` hunts on records that end day by day). **Campaigns** are compared with paying
customers over the calls that were rightly flagged: adjusted Rand index (Hubert and Arabie 1985), homogeneity
and completeness (Rosenberg and Hirschberg 2007). **Calibration error** is the expected calibration error
(Naeini 2015) over ten equal bins of the score. **Victims**: a tier's precision and recall against the same
rule applied to the true calls, and against reported losses, where these are known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from ringfence.store.truth import Findings, Truth

_WEEK = dt.timedelta(days=7)


class Clusters(msgspec.Struct, frozen=True):
    """Agreement of campaigns with customers. None: nothing to compare."""

    ari: float | None
    homogeneity: float | None
    completeness: float | None


class PlatformScore(msgspec.Struct, frozen=True):
    """One true platform. precision: over the hunt's platforms that are mostly this one."""

    platform: str
    found: bool
    found_as: list[str]
    calls: int
    flagged: int
    precision: float | None
    recall: float
    calls_to_detection: int | None
    first_day: int | None  # day of its own activity, from 1, of its first flagged call
    campaign: Clusters
    calibration_error: float | None
    victims_recall: float | None  # of its likely victims, by rule


class TierScore(msgspec.Struct, frozen=True):
    """One tier of victims, by rule and by loss; None: not known or nothing to divide by."""

    tier: str
    found: int
    true: int | None
    precision: float | None
    recall: float | None
    loss_precision: float | None
    loss_recall: float | None


class LookAlikeScore(msgspec.Struct, frozen=True):
    """Innocent calls of one kind of traffic that were flagged, of all of that kind."""

    kind: str
    calls: int | None
    flagged: int
    share: float | None
    false_sources: int


class Score(msgspec.Struct, frozen=True):
    """Everything that is reported of one hunt. None: not known, or nothing to divide by."""

    precision: float | None
    recall: float | None
    flagged_calls: int
    true_calls: int
    true_calls_absent: int  # in the truth and not in the records: outside every other number
    network_calls: int | None
    base_rate: float | None
    weeks: float | None
    platforms: dict[str, Any]  # present, found, invented, by_platform
    false_sources: dict[str, Any]  # count, per_week, sources
    calls_to_detection: float | None  # median over the platforms found
    campaign_ari: float | None
    homogeneity: float | None
    completeness: float | None
    calibration_error: float | None
    calibration_error_all_calls: float | None
    calibration: list[dict[str, float]]  # bins: calls, score, fraudulent
    victims: dict[str, TierScore]
    look_alikes: dict[str, LookAlikeScore]


def evaluate(
    findings: Findings, truth: Truth, *, likely_seconds: float = 300.0, possible_seconds: float = 60.0
) -> Score:
    """Compare. The seconds are the rule of the tiers with which the hunt ran."""
    true = truth.calls.to_pandas()
    flagged = findings.flagged.to_pandas()
    flagged = flagged.merge(
        true[["call_id", "platform", "customer"]], on="call_id", how="left", suffixes=("", "_true")
    ).rename(columns={"customer": "customer_true"})
    flagged["right"] = flagged["platform_true"].notna()
    right = int(flagged["right"].sum())
    majority = _majority(flagged)
    weeks = _weeks(truth)
    ruled = _tiers(true, likely_seconds, possible_seconds) if "talk_seconds" in true else None
    victims = findings.victims.to_pandas()
    clusters = _clusters(flagged)
    false_sources, look_alikes = _innocents(flagged, true, truth, weeks)
    error, bins = calibration(flagged["score"].to_numpy(float), flagged["right"].to_numpy(bool))
    by_platform = [
        _platform(str(name), group, flagged, majority, victims, likely_seconds)
        for name, group in true.groupby("platform", sort=True)
    ]
    reached = [p.calls_to_detection for p in by_platform if p.found and p.calls_to_detection]
    return Score(
        precision=_share(right, len(flagged)),
        recall=_share(right, len(true)),
        flagged_calls=len(flagged),
        true_calls=len(true),
        true_calls_absent=truth.absent,
        network_calls=truth.network_calls,
        base_rate=_share(len(true), truth.network_calls or 0),
        weeks=weeks,
        platforms={
            "present": len(by_platform),
            "found": sum(p.found for p in by_platform),
            "invented": sorted(name for name, of in majority.items() if of is None),
            "by_platform": by_platform,
        },
        false_sources=false_sources,
        calls_to_detection=float(np.median(reached)) if reached else None,
        campaign_ari=clusters.ari,
        homogeneity=clusters.homogeneity,
        completeness=clusters.completeness,
        calibration_error=error,
        calibration_error_all_calls=_over_all(error, len(flagged), len(true) - right, truth.network_calls),
        calibration=bins,
        victims=_victims(victims, ruled, truth),
        look_alikes=look_alikes,
    )


def _majority(flagged: pd.DataFrame) -> dict[str, str | None]:
    """The hunt's platform -> the true one that most of its flagged calls belong to, or None."""
    found: dict[str, str | None] = {}
    for name, group in flagged.dropna(subset=["platform"]).groupby("platform", sort=True):
        counts = group["platform_true"].value_counts()
        mostly = len(counts) > 0 and counts.iloc[0] * 2 > len(group)
        found[str(name)] = str(counts.index[0]) if mostly else None
    return found


def _platform(
    name: str,
    calls: pd.DataFrame,
    flagged: pd.DataFrame,
    majority: dict[str, str | None],
    victims: pd.DataFrame,
    likely_seconds: float,
) -> PlatformScore:
    mine = flagged[flagged["platform_true"] == name]
    found_as = [found for found, of in majority.items() if of == name]
    under = flagged[flagged["platform"].isin(found_as)]
    to_detection = first_day = recall = None
    if "start_time" in calls and len(mine):
        order = calls.sort_values(["start_time", "call_id"]).reset_index(drop=True)
        first = int(order["call_id"].isin(mine["call_id"]).to_numpy().argmax())
        to_detection = first + 1
        first_day = (order["start_time"][first] - order["start_time"][0]).days + 1
    if "talk_seconds" in calls:
        likely = _talk(calls)
        likely = set(likely[likely >= likely_seconds].index)
        named = set(victims.loc[victims["tier"] == "likely", "called"])
        recall = _share(len(likely & named), len(likely))
    error, _ = calibration(mine["score"].to_numpy(float), mine["right"].to_numpy(bool))
    return PlatformScore(
        platform=name,
        found=bool(found_as),
        found_as=found_as,
        calls=len(calls),
        flagged=len(mine),
        precision=_share(int((under["platform_true"] == name).sum()), len(under)),
        recall=len(mine) / len(calls),
        calls_to_detection=to_detection,
        first_day=first_day,
        campaign=_clusters(mine),
        calibration_error=error,
        victims_recall=recall,
    )


def _innocents(
    flagged: pd.DataFrame, true: pd.DataFrame, truth: Truth, weeks: float | None
) -> tuple[dict[str, Any], dict[str, LookAlikeScore]]:
    wrong = flagged[~flagged["right"]]
    if truth.kinds is not None:
        kinds = truth.kinds.to_pandas().drop_duplicates("call_id").set_index("call_id")["kind"]
        wrong = wrong.assign(kind=wrong["call_id"].map(kinds).fillna("unknown"))
    else:
        wrong = wrong.assign(kind="unknown")
    # a trunk that also carries a service is no innocent source, even where this one call was innocent
    guilty = set(_sources(flagged[flagged["right"]])) | set(_sources(true) if "trunk" in true else [])
    sources = pd.Series(_sources(wrong), index=wrong.index, dtype=object)
    # assigned first: pandas would give an empty frame the rows of what is assigned to it
    innocent = wrong.assign(source=sources)[np.array([s not in guilty for s in sources], bool)]
    count = int(innocent["source"].nunique())
    listed = [
        {"trunk": source[0], "account": source[1], "flagged": len(group), "kind": group["kind"].mode()[0]}
        for source, group in innocent.groupby("source", sort=False)
    ]
    look_alikes = {
        str(kind): LookAlikeScore(
            kind=str(kind),
            calls=truth.calls_by_kind.get(str(kind)),
            flagged=len(group),
            share=_share(len(group), truth.calls_by_kind.get(str(kind), 0)),
            false_sources=int(innocent.loc[innocent["kind"] == kind, "source"].nunique()),
        )
        for kind, group in wrong.groupby("kind", sort=True)
    }
    return {
        "count": count,
        "per_week": None if not weeks else count / max(weeks, 1.0),
        "sources": sorted(listed, key=lambda s: (-s["flagged"], str(s["trunk"]), str(s["account"]))),
    }, look_alikes


def _sources(calls: pd.DataFrame) -> list[tuple[str | None, str | None]]:
    """(trunk, account) of each call."""
    columns = [
        calls[name] if name in calls else pd.Series(None, calls.index, dtype=object)
        for name in ("trunk", "account")
    ]
    return [
        (None if pd.isna(trunk) else str(trunk), None if pd.isna(account) else str(account))
        for trunk, account in zip(*columns, strict=True)
    ]


def _victims(victims: pd.DataFrame, ruled: pd.Series | None, truth: Truth) -> dict[str, TierScore]:
    lost: set[str] | None = None
    if truth.losses is not None:
        losses = truth.losses.to_pandas()
        lost = set(losses.loc[losses["loss"] > 0, "called"])
        if ruled is not None:
            lost &= set(ruled.index)  # the others were called over trunks that the records do not hold
    scores = {}
    for tier in ("likely", "possible", "contacted"):
        named = set(victims.loc[victims["tier"] == tier, "called"])
        right = None if ruled is None else set(ruled[ruled == tier].index)
        scores[tier] = TierScore(
            tier=tier,
            found=len(named),
            true=None if right is None else len(right),
            precision=None if right is None else _share(len(named & right), len(named)),
            recall=None if right is None else _share(len(named & right), len(right)),
            loss_precision=None if lost is None else _share(len(named & lost), len(named)),
            loss_recall=None if lost is None else _share(len(named & lost), len(lost)),
        )
    return scores


def _talk(calls: pd.DataFrame) -> pd.Series:
    """called -> the longest talk in seconds; 0 where no call was answered."""
    longest = calls.groupby("called")["talk_seconds"].max()
    return longest.fillna(0.0)


def _tiers(true: pd.DataFrame, likely_seconds: float, possible_seconds: float) -> pd.Series:
    """called -> tier by the rule: five minutes of talk or more, one minute or more, else contacted."""
    longest = _talk(true)
    tiers = np.where(longest >= likely_seconds, "likely", "contacted")
    return pd.Series(
        np.where((longest >= possible_seconds) & (longest < likely_seconds), "possible", tiers), longest.index
    )


def _weeks(truth: Truth) -> float | None:
    if truth.first_start is None or truth.last_start is None:
        return None
    return (truth.last_start - truth.first_start) / _WEEK


def calibration(
    scores: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], bins: int = 10
) -> tuple[float | None, list[dict[str, float]]]:
    """Expected calibration error over equal bins of [0, 1], and the bins that hold calls."""
    if not len(scores):
        return None, []
    index = np.clip((scores * bins).astype(int), 0, bins - 1)
    rows, error = [], 0.0
    for b in np.unique(index):
        inside = index == b
        score, share = float(scores[inside].mean()), float(right[inside].mean())
        rows.append({"calls": int(inside.sum()), "score": score, "fraudulent": share})
        error += inside.sum() * abs(score - share)
    return float(error / len(scores)), rows


def _over_all(error: float | None, flagged: int, missed: int, network: int | None) -> float | None:
    """The calibration error with the calls that were not flagged as one bin of score 0."""
    if not network:
        return None
    return ((error or 0.0) * flagged + missed) / network


def _clusters(flagged: pd.DataFrame) -> Clusters:
    right = flagged[flagged["right"]]
    campaigns = right["campaign"].fillna("").to_numpy()
    customers = (right["platform_true"].astype(str) + "\x1f" + right["customer_true"].astype(str)).to_numpy()
    return compare_clusters(customers, campaigns)


def compare_clusters(classes: Sequence[Any], clusters: Sequence[Any]) -> Clusters:
    """Adjusted Rand index, homogeneity and completeness of `clusters` against `classes`, item by item."""
    n = len(classes)
    if n == 0:
        return Clusters(None, None, None)
    _, a = np.unique(np.asarray(classes, dtype=str), return_inverse=True)
    _, b = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    _, cells = np.unique(a.astype(np.int64) * (int(b.max()) + 1) + b, return_counts=True)
    rows, columns = np.bincount(a), np.bincount(b)

    def pairs(counts: npt.NDArray[Any]) -> float:
        return float((counts.astype(float) * (counts - 1) / 2).sum())

    def entropy(counts: npt.NDArray[Any]) -> float:
        p = counts / n
        return float(-(p * np.log(p)).sum())

    together, expected = pairs(cells), pairs(rows) * pairs(columns) / max(n * (n - 1) / 2, 1)
    most = (pairs(rows) + pairs(columns)) / 2
    ari = 1.0 if most == expected else (together - expected) / (most - expected)
    joint, of_rows, of_columns = entropy(cells), entropy(rows), entropy(columns)
    return Clusters(
        ari=ari,
        homogeneity=1.0 if of_rows == 0 else 1 - (joint - of_columns) / of_rows,
        completeness=1.0 if of_columns == 0 else 1 - (joint - of_rows) / of_columns,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
