"""Counts of the screen's processes for Prometheus (text exposition format 0.0.4).

Each process writes its counts to a file of a folder that they share; whichever is asked adds them up, its
own as they
are now and the others' at most a second old.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from ringfence.serve.screening import BOUNDS, Screening
from ringfence.serve.sip_queue import Counts


class Snapshot(msgspec.Struct):
    """The counts of one process. verdicts: action, would, rule, mode, and how many. trunks: trunk, action,
    would, and how many."""

    verdicts: list[tuple[str, str, str, str, int]] = []
    happened: dict[str, int] = {}
    sip: dict[str, int] = {}
    seconds: list[int] = []
    seconds_sum: float = 0.0
    trunks: list[tuple[str, str, str, int]] = []
    counter_keys: int = 0
    #: processes whose shared counters are away, questions to them in vain, and calls counted alone
    counters_away: int = 0
    counters_failed: int = 0
    counted_alone: int = 0


def snapshot(screening: Screening, sip: Counts | None) -> Snapshot:
    """The counts of this process."""
    shared = screening.shared
    counters = shared if shared is not None else screening.screen.counters
    return Snapshot(
        [(*key, count) for key, count in screening.verdicts.items()],
        dict(screening.happened),
        msgspec.to_builtins(sip) if sip is not None else {},
        list(screening.seconds),
        screening.seconds_sum,
        [(*key, count) for key, count in screening.trunks.items()],
        getattr(counters, "__len__", lambda: 0)(),
        int(shared.away) if shared is not None else 0,
        shared.failures if shared is not None else 0,
        shared.alone if shared is not None else 0,
    )


#: figures that are not by word; their types and what they are
_SUMS = {
    "counter_keys": ("gauge", "Keys that the counters of the processes hold."),
    "counters_away": ("gauge", "Processes whose shared counters (Redis) are away."),
    "counters_failed": ("counter", "Questions to the shared counters that had no answer in time."),
    "counted_alone": ("counter", "Calls that one process counted alone, the shared counters being away."),
}


def write(folder: Path, worker: str, counts: Snapshot) -> None:
    """Leave the counts for the other processes."""
    partial = folder / f".{worker}.partial"
    partial.write_bytes(msgspec.json.encode(counts))
    partial.rename(folder / f"{worker}.json")


def added_up(folder: Path | None, worker: str, own: Snapshot) -> Snapshot:
    """The counts of all processes."""
    parts = [own]
    for path in sorted(folder.glob("*.json")) if folder is not None else ():
        if path.stem != worker:
            try:
                parts.append(msgspec.json.decode(path.read_bytes(), type=Snapshot))
            except (OSError, msgspec.MsgspecError):
                continue  # written this moment: the next scrape has it
    verdicts: dict[tuple[str, str, str, str], int] = {}
    whole = Snapshot(seconds=[0] * (len(BOUNDS) + 1))
    for part in parts:
        for *key, count in part.verdicts:
            verdicts[tuple(key)] = verdicts.get(tuple(key), 0) + count  # type: ignore[index,arg-type]
        for name in ("happened", "sip"):
            into: dict[str, int] = getattr(whole, name)
            for word, count in getattr(part, name).items():
                into[word] = into.get(word, 0) + count
        whole.seconds = [a + b for a, b in zip(whole.seconds, part.seconds, strict=True)]
        whole.seconds_sum += part.seconds_sum
        for name in _SUMS:
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
    trunks: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        for trunk, action, would, count in part.trunks:
            trunks[(trunk, action, would)] += count
    whole.trunks = [(*key, count) for key, count in sorted(trunks.items())]
    whole.verdicts = [(*key, count) for key, count in sorted(verdicts.items())]
    return whole


def exposition(counts: Snapshot) -> str:
    """The counts as Prometheus reads them."""
    lines = [
        "# HELP ringfence_screen_verdicts_total Calls judged.",
        "# TYPE ringfence_screen_verdicts_total counter",
    ]
    lines += [
        f'ringfence_screen_verdicts_total{{action="{action}",would="{would}",rule="{_escaped(rule)}",'
        f'mode="{mode}"}} {count}'
        for action, would, rule, mode, count in counts.verdicts
    ]
    lines += [
        "# HELP ringfence_screen_trunk_verdicts_total Calls judged, by trunk.",
        "# TYPE ringfence_screen_trunk_verdicts_total counter",
    ]
    lines += [
        f'ringfence_screen_trunk_verdicts_total{{trunk="{_escaped(trunk)}",action="{action}",'
        f'would="{would}"}} {n}'
        for trunk, action, would, n in counts.trunks
    ]
    for name, what, by_word in (
        ("messages", "SIP messages, by what became of them.", counts.sip),
        ("unjudged", "What was answered without a verdict, and failures.", counts.happened),
    ):
        lines += [
            f"# HELP ringfence_screen_{name}_total {what}",
            f"# TYPE ringfence_screen_{name}_total counter",
        ]
        lines += [f'ringfence_screen_{name}_total{{what="{w}"}} {n}' for w, n in sorted(by_word.items())]
    lines += [
        "# HELP ringfence_screen_seconds From the arrival of a call to its verdict.",
        "# TYPE ringfence_screen_seconds histogram",
    ]
    below = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts.seconds, strict=True):
        below += count
        lines.append(f'ringfence_screen_seconds_bucket{{le="{bound}"}} {below}')
    lines += [
        f"ringfence_screen_seconds_sum {counts.seconds_sum:.6f}",
        f"ringfence_screen_seconds_count {below}",
    ]
    for name, (kind, what) in _SUMS.items():
        metric = f"ringfence_screen_{name}" + ("_total" if kind == "counter" else "")
        lines += [f"# HELP {metric} {what}", f"# TYPE {metric} {kind}", f"{metric} {getattr(counts, name)}"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
