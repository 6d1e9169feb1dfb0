"""The hunt as one job: records in, the files of the contract out."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ringfence.config import HuntSettings
from ringfence.errors import RingfenceError, UsageError
from ringfence.hunt import findings
from ringfence.hunt.context import Context, build_context
from ringfence.hunt.indicators import indicators
from ringfence.hunt.inputs import country_code, load_numbers, load_told, with_hidden
from ringfence.hunt.known import best_match, marking_shapes, profile, read_profiles, write_profiles
from ringfence.hunt.linking import JOINED, link
from ringfence.hunt.protected import protected_of
from ringfence.hunt.reading import Reading, better_reading, load, words_of_unreadable
from ringfence.hunt.scoring import score
from ringfence.hunt.second_look import look_again
from ringfence.hunt.shapes import near_shapes, read_parts
from ringfence.hunt.summary import limits_of_files, summarise, used_of_files
from ringfence.hunt.weights import probability, shipped_weights
from ringfence.ingest.writer import no_empty_leftover
from ringfence.model.profile import PlatformProfile
from ringfence.numbers.published import load_numbering
from ringfence.store.engines import open_engine

Progress = Callable[[str, int, int], None]  # stage, done, total


class Files(msgspec.Struct, frozen=True):
    """What a hunt may be given beside the records."""

    numbers: Path | None = None  # register of protected numbers
    known: Path | None = None  # profiles of known platforms
    reports: Path | None = None
    declared: Path | None = None
    indicators: Path | None = None  # where to write indicators
    allocation: Path | None = None  # who holds which block of numbers

    def given(self) -> dict[str, Path]:
        """Those of the register, declared calls and reports that were given, by name."""
        named = {"numbers": self.numbers, "declared": self.declared, "reports": self.reports}
        return {name: path for name, path in named.items() if path is not None}


class Where(msgspec.Struct, frozen=True):
    """On which engine, and where it may work."""

    engine: str
    master: str | None = None
    workdir: Path | None = None


def hunt(
    inputs: Sequence[Path],
    out: Path,
    *,
    settings: HuntSettings,
    where: Where,
    files: Files | None = None,
    reading: Reading | None = None,
    settings_digest: str = "",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Hunt in `inputs` (any supported format) and write the findings into `out`; returns summary.json.

    Raises InputError if nothing is readable. An older hunt's findings in `out` are replaced. A hunt that
    fails leaves no empty folder behind that it made.
    """
    files, reading = files or Files(), reading or Reading()
    with no_empty_leftover(out):
        try:
            return _hunt(inputs, out, settings, where, files, reading, settings_digest, progress)
        except RingfenceError as error:
            better = better_reading(reading, error, inputs)
            if better is None:
                raise
        return hunt(
            inputs,
            out,
            settings=settings,
            where=where,
            files=files,
            reading=better,
            settings_digest=settings_digest,
            progress=progress,
        )


def _hunt(
    inputs: Sequence[Path],
    out: Path,
    settings: HuntSettings,
    where: Where,
    files: Files,
    reading: Reading,
    settings_digest: str,
    progress: Progress | None,
) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    stages = (
        "read records",
        "choose suspects",
        "weigh evidence",
        "look again",
        "link calls",
        "write findings",
    )

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        if progress:
            progress(name, stages.index(name), len(stages))
        began = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - began, 3)

    _check_places(out, where.workdir, files.indicators)
    numbers = load_numbers(files.numbers, settings.region)
    told = {
        name: load_told(path, settings.region) for name, path in files.given().items() if name != "numbers"
    }
    known = read_profiles(files.known) if files.known else []
    allocation = load_numbering(files.allocation, settings.region) if files.allocation else None
    with (
        tempfile.TemporaryDirectory(prefix="ringfence-", dir=where.workdir) as work,
        open_engine(
            where.engine,
            workdir=Path(work),
            memory=settings.memory,
            threads=settings.threads,
            master=where.master,
        ) as engine,
    ):
        with stage("read records"):
            loaded = load(engine, inputs, Path(work) / "ingested", settings.region, reading)
            protected = protected_of(engine, loaded.raw, loaded.records, numbers, allocation, settings.region)
            told = {name: with_hidden(engine, of, loaded.records.tokens) for name, of in told.items()}
        with stage("choose suspects"):
            context = build_context(
                engine,
                loaded.records,
                protected.table,
                country_code(settings.region),
                **{name: of.table for name, of in told.items()},
            )
        with stage("weigh evidence"):
            scores = score(context, shipped_weights())
        with stage("look again"):
            found = scores.evidence.calls[scores.score >= settings.flag_threshold]
            again = look_again(context, found)
            if again is not context:
                context, scores = again, score(again, shipped_weights())
        with stage("link calls"):
            joined = np.round(probability(scores.log_odds + JOINED), 9)
            likely = np.flatnonzero(joined >= settings.flag_threshold)
            calls = scores.evidence.calls.iloc[likely].assign(
                score=np.round(scores.score[likely], 9),
                joined=joined[likely],
                signals=findings.call_signals(scores, likely),
            )
            parts = read_parts(context, loaded.raw)
            linked = link(context, calls, near=near_shapes(context, calls, parts))
            linked = findings.describe(context, linked.assign(score=linked["joined"]))
            profiles = _profiles(context, linked, parts)
        with stage("write findings"):
            matches = {p.id: m for p in profiles if (m := best_match(p, known))}
            tiers = findings.Tiers(settings.likely_seconds, settings.possible_seconds)
            tables = {
                "flagged_calls": findings.flagged_table(linked),
                "campaigns": findings.campaign_table(linked),
                "platforms": findings.platform_table(linked, matches),
                "victims": findings.victim_table(linked, tiers),
                "sources": findings.source_table(context, linked),
                "considered": findings.considered_table(scores, context, set(linked["entry"])),
                "rejected": loaded.rejected,
            }
            for name, table in tables.items():
                pq.write_table(table, out / f"{name}.parquet")
            write_profiles(out / "profiles.jsonl", profiles)
            if files.indicators:
                rows = indicators(context, linked, parts)
                files.indicators.write_bytes(b"".join(msgspec.json.encode(r) + b"\n" for r in rows))
        summary = summarise(context, scores, tables, inputs, settings, tiers)
        summary |= {"engine": where.engine, "settings_digest": settings_digest, "seconds": seconds}
        summary |= {"rows": loaded.rows, "notes": loaded.notes}
        summary["unreadable"] = [{"file": f, "error": why} for f, why in loaded.unreadable.items()]
        summary["files"] = used_of_files(files.given(), numbers, told)
        if allocation is not None:
            summary["files"]["allocation"] = {
                "file": str(files.allocation),
                "read": len(allocation),
                "used": len(allocation),
                "unallocated": protected.unallocated,
            }
        summary["notices"] = [
            *loaded.notices,
            *protected.notices,
            *limits_of_files(summary["files"]),
        ]
        summary["limits"] += words_of_unreadable(loaded.unreadable) + summary["notices"]
    (out / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")
    return summary


def _check_places(out: Path, workdir: Path | None, indicators: Path | None) -> None:
    """Whatever is written can be written: better to know before the work than after it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write into {out}: {error.strerror}; name another folder") from error
    if workdir is not None and not workdir.is_dir():
        raise UsageError(f"{workdir}: no such folder; make it or leave --workdir out")
    if indicators is not None and not indicators.parent.is_dir():
        raise UsageError(f"{indicators}: no folder {indicators.parent}; make it or name another file")
    if indicators is not None and indicators.is_dir():
        raise UsageError(f"{indicators} is a folder; name a file for the indicators")


def _profiles(context: Context, calls: pd.DataFrame, parts: dict[str, list[str]]) -> list[PlatformProfile]:
    """One profile per platform, with the parts of the shapes that mark it."""
    profiles = []
    for platform, group in calls.groupby("platform", sort=True):
        marks = marking_shapes(group, context.shapes["calls"])
        own = {name: parts.get(name, []) for name in marks}
        profiles.append(profile(str(platform), group, own, marks))
    return profiles
