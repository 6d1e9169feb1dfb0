"""Accuracy and cost of the hunt: `python -m benchmarks.hunt [--quick] [--rows N,...] [--seeds N,...]`.

Networks are simulated with seeds on which nothing was tuned (500 to 599 are set aside for this), hunted as
separate processes, and scored. Beside each hunt, in the same run: the do-not-originate rule, a page of SQL,
and for the cost DuckDB's own time for one full read and one window per called number.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import baselines
from benchmarks.measure import RINGFENCE, growth, machine, run

SEEDS = (501, 502, 503)
ROWS = (300_000, 1_300_000, 3_000_000, 10_000_000, 20_000_000)
CALLS_PER_SUBSCRIBER = 51.4  # over the fourteen days of a scenario
ACCURACY_ROWS = 3_000_000

#: name of the row -> scenario, changes to it, whether the hunt is given the register
CASES: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "national": ("national", (), True),
    "unknowns drawn": ("random", (), True),
    "no register": ("national", (), False),
    "no fingerprints": ("no_fingerprints", (), True),
    "a fifth of trunks hidden": ("hidden_trunks", (), True),
    "moved to SIM farms": ("sim_farm", (), True),
    "common shapes only": ("common_shape", (), True),
    "no fraud at all": ("quiet", (), True),
}


class Method(msgspec.Struct, frozen=True):
    """Precision and recall over all calls of one way to flag them; None: not applicable."""

    precision: float | None
    recall: float | None


class Accuracy(msgspec.Struct, frozen=True):
    """One network: what the hunt scored, and the two simple methods on the same records."""

    case: str
    seed: int
    score: dict[str, Any]
    rule: Method
    sql: Method


class Speed(msgspec.Struct, frozen=True):
    """One size. floor: seconds of the plain read and window."""

    rows: int
    seconds: float
    peak: int
    floor: float


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    screen = Console(width=None if sys.stdout.isatty() else 200)
    work = Path(options.work or tempfile.mkdtemp(prefix="ringfence-benchmark-"))
    screen.print(f"[bold]Simulated networks[/bold] on {machine()}; seeds {options.seeds}")
    try:
        found = [] if options.only not in (None, "accuracy") else _all_accuracy(options, work, screen)
        cost = [] if options.only not in (None, "cost") else _all_cost(options, work, screen)
        days = _daily(options, work, screen) if options.daily or options.only == "daily" else []
        back = _returning(options, work, screen) if options.only in (None, "returning") else []
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
    if options.json:
        result = {"machine": machine(), "accuracy": found, "cost": cost, "daily": days, "returning": back}
        options.json.write_bytes(msgspec.json.encode(result))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part.replace("_", "")) for part in text.split(",")]

    parser = argparse.ArgumentParser(prog="python -m benchmarks.hunt", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=numbers, default=list(ROWS), help="sizes for the cost, in records")
    parser.add_argument("--seeds", type=numbers, default=list(SEEDS), help="networks for the accuracy")
    parser.add_argument("--cases", default=",".join(CASES), help="which of: " + ", ".join(CASES))
    parser.add_argument(
        "--accuracy-rows", type=int, default=ACCURACY_ROWS, help="records of each such network"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one seed, small networks, 0.3 and 1.3 M records"
    )
    parser.add_argument("--daily", action="store_true", help="also hunt on records that end day by day")
    parser.add_argument(
        "--only", choices=("accuracy", "cost", "daily", "returning"), help="leave the other parts out"
    )
    parser.add_argument("--engine", default="duckdb", help="engine of the hunts")
    parser.add_argument("--work", help="keep the networks in this folder, and use those already there")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args(arguments)
    if options.quick:
        options.seeds, options.rows, options.accuracy_rows = (
            options.seeds[:1],
            [300_000, 1_300_000],
            1_300_000,
        )
    options.cases = [case.strip() for case in options.cases.split(",")]
    if unknown := [case for case in options.cases if case not in CASES]:
        parser.error(f"no case {unknown[0]!r}; the cases: {', '.join(CASES)}")
    return options


def _network(work: Path, scenario: str, seed: int, rows: int, changes: Sequence[str] = ()) -> Path:
    """The folder of a simulated network, made unless it is there."""
    net = work / f"{scenario}-{seed}-{rows}"
    if not (net / "truth.parquet").exists():
        subscribers = str(max(round(rows / CALLS_PER_SUBSCRIBER), 1000))
        command = [RINGFENCE, "simulate", "--out", str(net), "--scenario", scenario, "--seed", str(seed)]
        run([*command, "--subscribers", subscribers, *(part for c in changes for part in ("--set", c))])
    return net


def _hunt(options: argparse.Namespace, inputs: Sequence[Path], out: Path, numbers: Path | None) -> list[str]:
    shutil.rmtree(out, ignore_errors=True)
    command = [RINGFENCE, "hunt", *map(str, inputs), "--out", str(out), "--engine", options.engine]
    return [*command, *(["--numbers", str(numbers)] if numbers else [])]


def _score(out: Path, net: Path) -> dict[str, Any]:
    done = run([RINGFENCE, "score", str(out), "--truth", str(net / "truth.parquet"), "--json"])
    return dict(json.loads(done.out))


def _all_accuracy(options: argparse.Namespace, work: Path, screen: Console) -> list[Accuracy]:
    found = []
    for case in options.cases:
        scenario, changes, register = CASES[case]
        for seed in options.seeds:
            net = _network(work, scenario, seed, options.accuracy_rows, changes)
            numbers = net / "numbers.csv" if register else None
            out = net / ("run" if register else "run-without-register")
            run(_hunt(options, [net / "calls"], out, numbers))
            true = set(pq.read_table(net / "truth.parquet", columns=["call_id"])["call_id"].to_pylist())
            rule = sql = Method(None, None)
            if numbers is not None:
                rule = _method(baselines.do_not_originate(net / "calls", numbers), true)
                sql = _method(baselines.page_of_sql(net / "calls", numbers), true)
            found.append(Accuracy(case, seed, _score(out, net), rule, sql))
            screen.print(f"{case}, seed {seed}: done", style="dim")
            if not options.work:
                shutil.rmtree(net) if case != "national" else None
    _print_accuracy(found, screen)
    _print_look_alikes(found, screen)
    return found


def _method(flagged: set[str], true: set[str]) -> Method:
    right = len(flagged & true)
    return Method(right / len(flagged) if flagged else None, right / len(true) if true else None)


def _print_accuracy(found: list[Accuracy], screen: Console) -> None:
    table = Table(
        title="Accuracy, simulated (P: precision, R: recall; per seed)", title_justify="left", box=SIMPLE_HEAD
    )
    heads = "case|seed|calls|fraud|found|split|invented|false/week|P|R|likely P R|ARI|homog.|compl.|ECE"
    for i, head in enumerate(f"{heads}|rule P R|SQL P R".split("|")):
        table.add_column(head, justify="left" if i == 0 else "right", no_wrap=True)
    for item in found:
        s, likely = item.score, item.score["victims"]["likely"]
        platforms = s["platforms"]
        table.add_row(
            item.case,
            str(item.seed),
            f"{(s['network_calls'] or 0) / 1e6:.1f}M",
            str(s["true_calls"]),
            f"{platforms['found']}/{platforms['present']}",
            str(sum(max(len(p["found_as"]) - 1, 0) for p in platforms["by_platform"])),
            str(len(platforms["invented"])),
            *map(_two, (s["false_sources"]["per_week"], s["precision"], s["recall"])),
            f"{_two(likely['precision'])} {_two(likely['recall'])}",
            *map(_two, (s["campaign_ari"], s["homogeneity"], s["completeness"], s["calibration_error"])),
            f"{_two(item.rule.precision)} {_two(item.rule.recall)}",
            f"{_two(item.sql.precision)} {_two(item.sql.recall)}",
        )
    screen.print(table)


def _print_look_alikes(found: list[Accuracy], screen: Console) -> None:
    """By kind of service and by kind of innocent traffic, over all networks."""
    services: dict[str, list[dict[str, Any]]] = {}
    innocents: dict[str, list[int]] = {}
    for item in found:
        for platform in item.score["platforms"]["by_platform"]:
            services.setdefault(platform["platform"].rsplit("-", 1)[0], []).append(platform)
        for kind, of in item.score["look_alikes"].items():
            sums = innocents.setdefault(kind, [0, 0])
            sums[0] += of["flagged"]
            sums[1] += of["false_sources"]
    table = Table(title="By kind of service, over all cases and seeds", title_justify="left", box=SIMPLE_HEAD)
    for head in ("service", "found", "recall", "precision", "calls to detection", "first day", "ARI"):
        table.add_column(head, justify="left" if head == "service" else "right")
    for kind, rows in sorted(services.items()):
        table.add_row(
            kind,
            f"{sum(r['found'] for r in rows)}/{len(rows)}",
            *(_two(_mean([r[key] for r in rows])) for key in ("recall", "precision")),
            *(_two(_mean([r[key] for r in rows])) for key in ("calls_to_detection", "first_day")),
            _two(_mean([r["campaign"]["ari"] for r in rows])),
        )
    screen.print(table)
    table = Table(
        title="Innocent calls flagged, over all cases and seeds", title_justify="left", box=SIMPLE_HEAD
    )
    for head in ("kind of traffic", "flagged calls", "innocent sources"):
        table.add_column(head, justify="left" if head.startswith("kind") else "right")
    for kind, (calls, sources) in sorted(innocents.items(), key=lambda pair: -pair[1][0]):
        table.add_row(kind, str(calls), str(sources))
    screen.print(table)


def _all_cost(options: argparse.Namespace, work: Path, screen: Console) -> list[Speed]:
    cost = []
    for rows in options.rows:
        net = _network(work, "national", options.seeds[0], rows)
        files = sorted((net / "calls").glob("*.parquet"))
        count = sum(pq.read_metadata(file).num_rows for file in files)
        floor = run([sys.executable, "-m", "benchmarks.baselines", str(net / "calls")])
        hunt = run(_hunt(options, [net / "calls"], net / "run", net / "numbers.csv"))
        cost.append(Speed(count, hunt.seconds, hunt.peak, floor.seconds))
        screen.print(f"{count:,} records: {hunt.seconds:.1f} s", style="dim")
        if not options.work:
            shutil.rmtree(net)
    table = Table(
        title="Cost of `ringfence hunt`, start to report, its files included",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for head in ("records", "seconds", "records/s", "peak memory", "plain read + window", "times that"):
        table.add_column(head, justify="right")
    for c in cost:
        table.add_row(
            f"{c.rows:,}",
            f"{c.seconds:.1f}",
            f"{c.rows / c.seconds:,.0f}",
            f"{c.peak / 2**30:.2f} GiB",
            f"{c.floor:.1f} s",
            f"{c.seconds / c.floor:.1f}",
        )
    screen.print(table)
    exponent = growth([c.rows for c in cost], [c.seconds for c in cost])
    if exponent is not None:
        screen.print(f"Time grows as records^{exponent:.2f} from {cost[0].rows:,} to {cost[-1].rows:,}.")
    return cost


def _daily(options: argparse.Namespace, work: Path, screen: Console) -> list[dict[str, Any]]:
    """When each platform would first have been named, by hunting after each day on all records so far."""
    net = _network(work, "national", options.seeds[0], options.accuracy_rows)
    files = sorted((net / "calls").glob("*.parquet"))
    rows: dict[str, dict[str, Any]] = {}
    for day in range(1, len(files) + 1):
        out = net / "run-daily"
        run(_hunt(options, files[:day], out, net / "numbers.csv"))
        (out / "calls").mkdir()
        for file in files[:day]:
            (out / "calls" / file.name).symlink_to(file.resolve())
        so_far = ["--calls", str(out / "calls"), "--truth", str(net / "truth.parquet"), "--json"]
        score = json.loads(run([RINGFENCE, "score", str(out), *so_far]).out)
        for p in score["platforms"]["by_platform"]:
            row = rows.setdefault(p["platform"], {"platform": p["platform"], "active": day, "named": None})
            if p["found"] and row["named"] is None:
                row.update(named=day, calls=p["calls"], flagged=p["flagged"])
    table = Table(
        title="First named, hunting after each day on all records so far",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for head in ("platform", "first call on day", "named after day", "calls it had made", "of them flagged"):
        table.add_column(head, justify="left" if head == "platform" else "right")
    for row in rows.values():
        table.add_row(*(str(row.get(k) or "–") for k in ("platform", "active", "named", "calls", "flagged")))
    screen.print(table)
    return list(rows.values())


def _returning(options: argparse.Namespace, work: Path, screen: Console) -> list[dict[str, Any]]:
    """Which services that move are named again: each seed's network, and the same one twelve weeks later."""
    table = Table(
        title="Services that return on new trunks, hunted with the profiles of the first hunts of all seeds",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for head in ("service", "seed", "found before", "found again", "of them named right", "named wrong"):
        table.add_column(head, justify="left" if head == "service" else "right")
    known = work / "known.jsonl"
    known.unlink(missing_ok=True)
    saved: dict[str, str] = {}  # profile -> the service behind it
    for seed in options.seeds:
        net = _network(work, "national", seed, options.accuracy_rows)
        run(_hunt(options, [net / "calls"], net / "run", net / "numbers.csv"))
        run([RINGFENCE, "known", "save", str(net / "run"), "--file", str(known)])
        for p in _score(net / "run", net)["platforms"]["by_platform"]:
            saved |= dict.fromkeys(p["found_as"], f"{seed}/{p['platform']}")
    rows = []
    for seed in options.seeds:
        net = _network(work, "returning", seed, options.accuracy_rows)
        command = _hunt(options, [net / "calls"], net / "run", net / "numbers.csv")
        run([*command, "--known", str(known)])
        platforms = pq.read_table(net / "run" / "platforms.parquet", columns=["platform", "known_as"])
        named = {row["platform"]: row["known_as"] for row in platforms.to_pylist()}
        for p in _score(net / "run", net)["platforms"]["by_platform"]:
            service = f"{seed}/{p['platform']}"
            names = [saved.get(named[name], "nobody") for name in p["found_as"] if named[name]]
            row = {"service": p["platform"], "seed": seed, "before": list(saved.values()).count(service)}
            row |= {"again": len(p["found_as"]), "right": names.count(service)}
            rows.append(row | {"wrong": len(names) - names.count(service)})
            table.add_row(*map(str, rows[-1].values()))
        if not options.work:
            shutil.rmtree(net)
    screen.print(table)
    return rows


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return statistics.fmean(known) if known else None


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
