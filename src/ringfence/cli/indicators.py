"""`ringfence indicators`: what the hunt found and the screen acts on, kept by people."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.model.indicator import Indicator

FILE = typer.Argument(..., metavar="FILE", help="The indicator file that the screen reads (JSON Lines).")
SOURCES = typer.Argument(None, metavar="[HUNT...]", help="Indicator files of hunts, to be merged in.")
KIND = typer.Option(None, "--kind", help="trunk, account, source, fingerprint or number.")
VALUE = typer.Option(None, "--value", help="The trunk, account, address or network, fingerprint or number.")
WITH = typer.Option(None, "--with", metavar="KIND=VALUE", help="What must be there too; may be repeated.")
REASON = typer.Option("", "--reason", help="Why, for whoever reads it later.")
PLATFORM = typer.Option("", "--platform", help="The platform that it belongs to.")
DAYS = typer.Option(30.0, "--days", min=0.01, max=3650, help="For how many days it holds.")
SCORE = typer.Option(1.0, "--score", min=0.0, max=1.0, help="How sure, 0 to 1.")
ALL = typer.Option(False, "--all", help="Also those that expired or wait for approval.")
NOW = typer.Option(False, "--now", help="Let those that are named by --kind and --value expire now.")
BY = typer.Option(..., "--by", metavar="NAME", help="Who agrees. Two different people are needed.")
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(
        help="What the hunt found and the screen acts on: accounts, sources, shapes, numbers in company.",
        no_args_is_help=True,
    )
    app.add_typer(group, name="indicators")
    group.command("add")(add)
    group.command("remove")(remove)
    group.command("list")(list_)
    group.command("expire")(expire)
    group.command("approve")(approve)


def add(
    file: Path = FILE,
    sources: list[Path] | None = SOURCES,
    kind: str | None = KIND,
    value: str | None = VALUE,
    with_: list[str] | None = WITH,
    reason: str = REASON,
    platform: str = PLATFORM,
    days: float = DAYS,
    score: float = SCORE,
    json: bool = JSON,
) -> int:
    """Merge in what hunts found, or add one by hand; of the same one the later expiry and higher score hold.

    Exit status 1 if a line could not be used.
    """
    from ringfence.store.indicator_file import read_indicators, update_indicators

    new: list[Indicator] = []
    unusable = 0
    for source in sources or ():
        read = read_indicators(source)
        new += read.entries
        unusable += len(read.bad)
        for bad in read.bad:
            print(f"ringfence: {source}, line {bad.line}: {bad.reason}", file=sys.stderr)
    if kind is not None or value is not None:
        new.append(_by_hand(kind, value, with_, reason, platform, days, score))
    elif not sources:
        raise UsageError("nothing to add: name a hunt's indicators.jsonl, or --kind and --value")
    kept = update_indicators(file, lambda before: _merged(before, new))
    if json:
        _print({"file": str(file), "added": len(new), "unusable": unusable, "holds": len(kept.entries)})
    else:
        print(f"{file}: {len(new):,} added or renewed; it holds {len(kept.entries):,}")
        waiting = sum(e.kind == "trunk" and len(set(e.approved_by)) < 2 for e in kept.entries)
        if waiting:
            print(
                f"  {waiting:,} trunks wait for two people: ringfence indicators approve {file} --by NAME …"
            )
    return int(bool(unusable))


def remove(
    file: Path = FILE,
    kind: str | None = KIND,
    value: str | None = VALUE,
    platform: str = PLATFORM,
    json: bool = JSON,
) -> int:
    """Take out those of a kind and value, or of a platform. Exit status 1 if there were none."""
    from ringfence.store.indicator_file import update_indicators

    hits = _chosen(kind, value, platform)
    gone: list[Indicator] = []

    def change(before: list[Indicator]) -> list[Indicator]:
        gone.extend(e for e in before if hits(e))
        return [e for e in before if not hits(e)]

    kept = update_indicators(file, change)
    _print({"removed": len(gone), "holds": len(kept.entries)}) if json else print(
        f"{file}: {len(gone):,} removed; it holds {len(kept.entries):,}"
    )
    return int(not gone)


def list_(file: Path = FILE, all_: bool = ALL, json: bool = JSON) -> None:
    """What is in force now, when it expires, and why."""
    import msgspec

    from ringfence.store.indicator_file import moment, read_indicators

    read = read_indicators(file)
    for bad in read.bad:
        print(f"ringfence: {file}, line {bad.line}: {bad.reason}", file=sys.stderr)
    now = dt.datetime.now(dt.UTC).timestamp()
    hidden = 0
    for entry in sorted(read.entries, key=lambda e: (e.platform, e.kind, e.value)):
        ends = moment(entry.expires) if entry.expires else None
        begins = moment(entry.from_) if entry.from_ else None
        if ends is not None and ends <= now:
            state = "expired"
        elif begins is not None and begins > now:
            state = "later"
        elif entry.kind == "trunk" and len(set(entry.approved_by)) < 2:
            state = "waits for two people"
        else:
            state = "in force"
        if state not in ("in force", "later") and not all_:
            hidden += 1
            continue
        if json:
            _print(msgspec.to_builtins(entry) | {"state": state})
            continue
        company = ", ".join(f"{k} {v}" for k, v in (entry.with_ or {}).items())
        until = f"until {entry.expires[:16]}" if entry.expires else "for good"
        print(f"{entry.kind:11} {entry.value}{f' with {company}' if company else ''}")
        print(f"            {state}, {until}, score {entry.score:g} {entry.platform}".rstrip())
        if entry.reason:
            print(f"            {entry.reason}")
    if hidden and not json:
        print(f"{hidden:,} more that expired or wait: --all", file=sys.stderr)


def expire(
    file: Path = FILE,
    kind: str | None = KIND,
    value: str | None = VALUE,
    platform: str = PLATFORM,
    now: bool = NOW,
    json: bool = JSON,
) -> None:
    """Take out what has expired; with --now, first let those expire that --kind and --value name."""
    import msgspec

    from ringfence.store.indicator_file import moment, update_indicators

    moment_now = dt.datetime.now(dt.UTC)
    hits = _chosen(kind, value, platform) if now else None
    gone: list[Indicator] = []

    def change(before: list[Indicator]) -> list[Indicator]:
        kept: list[Indicator] = []
        for entry in before:
            if hits is not None and hits(entry):
                entry = msgspec.structs.replace(entry, expires=moment_now.isoformat(timespec="seconds"))
            ends = moment(entry.expires) if entry.expires else None
            (gone if ends is not None and ends <= moment_now.timestamp() else kept).append(entry)
        return kept

    kept = update_indicators(file, change)
    if json:
        _print({"expired": len(gone), "holds": len(kept.entries)})
    else:
        print(f"{file}: {len(gone):,} expired and were removed; it holds {len(kept.entries):,}")


def approve(file: Path = FILE, value: str = VALUE, by: str = BY, json: bool = JSON) -> int:
    """Agree that a whole trunk is acted on; it is once two different people did. Exit status 1 if it is not
    there."""
    import msgspec

    from ringfence.store.indicator_file import update_indicators

    if not value or not by.strip():
        raise UsageError("name the trunk with --value, and yourself with --by")
    agreed: list[tuple[str, ...]] = []

    def change(before: list[Indicator]) -> list[Indicator]:
        after = []
        for entry in before:
            if entry.kind == "trunk" and entry.value == value:
                names = tuple(dict.fromkeys((*entry.approved_by, by.strip())))
                agreed.append(names)
                entry = msgspec.structs.replace(entry, approved_by=names)
            after.append(entry)
        return after

    update_indicators(file, change)
    if json:
        _print({"trunk": value, "approved_by": list(agreed[0]) if agreed else []})
    elif not agreed:
        print(f"{file}: there is no trunk {value}")
    else:
        stands = "in force" if len(agreed[0]) >= 2 else "waits for one more"
        print(f"trunk {value}: approved by {', '.join(agreed[0])}; {stands}")
    return int(not agreed)


def _by_hand(
    kind: str | None,
    value: str | None,
    with_: list[str] | None,
    reason: str,
    platform: str,
    days: float,
    score: float,
) -> Indicator:
    from ringfence.model.indicator import Indicator
    from ringfence.store.indicator_file import fault_of

    kinds = ("trunk", "account", "source", "fingerprint", "number")
    if kind not in kinds or not value:
        raise UsageError(f"--kind {kind}: write --kind, one of {', '.join(kinds)}, and --value")
    company: dict[str, str] = {}
    for pair in with_ or ():
        name, equals, text = pair.partition("=")
        if not equals or name not in ("trunk", "account", "source", "fingerprint", "carrier") or not text:
            raise UsageError(f"--with {pair}: write trunk=T1, source=192.0.2.1 or fingerprint=…")
        company[name] = text
    now = dt.datetime.now(dt.UTC)
    entry = Indicator(
        kind=kind,  # type: ignore[arg-type]
        value=value,
        with_=company or None,
        score=score,
        platform=platform,
        reason=reason,
        from_=now.isoformat(timespec="seconds"),
        expires=(now + dt.timedelta(days=days)).isoformat(timespec="seconds"),
        two_people=kind == "trunk",
    )
    if fault := fault_of(entry):
        raise UsageError(fault)
    return entry


def _merged(before: list[Indicator], new: list[Indicator]) -> list[Indicator]:
    import msgspec

    from ringfence.store.indicator_file import moment

    kept: dict[tuple[str, str, tuple[tuple[str, str], ...]], Indicator] = {}
    for entry in (*before, *new):
        key = (entry.kind, entry.value, tuple(sorted((entry.with_ or {}).items())))
        old = kept.get(key)
        if old is not None:
            later = max(
                (old, entry), key=lambda e: (moment(e.expires) if e.expires else None) or float("inf")
            )
            entry = msgspec.structs.replace(
                entry,
                score=max(old.score, entry.score),
                expires=later.expires,
                approved_by=tuple(dict.fromkeys((*old.approved_by, *entry.approved_by))),
                parts=entry.parts or old.parts,
            )
        kept[key] = entry
    return list(kept.values())


def _chosen(kind: str | None, value: str | None, platform: str):  # type: ignore[no-untyped-def]
    if kind is None and value is None and not platform:
        raise UsageError("say which: --kind and --value, or --platform")
    return lambda e: (
        (kind is None or e.kind == kind)
        and (value is None or e.value == value)
        and (not platform or e.platform == platform)
    )


def _print(row: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(row).decode())
