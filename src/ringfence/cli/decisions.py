"""`ringfence decisions`: the screen's log, to be read, turned into call records, and streamed."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from ringfence.model.decision import Decision
    from ringfence.serve.decision_stream import DecisionStream
    from ringfence.store.decision_export import Hide

LOG = typer.Argument(..., metavar="LOG", help="Folder of the decision log (screen.log).")
OUT = typer.Option(..., "--out", metavar="DIR", help="Folder for Parquet files that ringfence hunt reads.")
CALLS = typer.Option(
    None, "--outcomes", metavar="CALLS", help="Call records with answer and end, joined by SIP Call-ID."
)
KEY = typer.Option(None, "--key", metavar="FILE", help="Write tokens instead of numbers, by this key.")
NUMBERS = typer.Option(None, "--numbers", metavar="FILE", help="With --key: register of protected numbers.")
ALLOCATION = typer.Option(None, "--allocation", metavar="FILE", help="With --key: who holds which numbers.")
REGION = typer.Option("GB", "--region", help="ISO 3166 code that says how national numbers are read.")
CALL_ID = typer.Option(None, "--call-id", help="Only calls with this SIP Call-ID.")
CALLER = typer.Option(None, "--caller", metavar="NUMBER", help="Only calls that show this number.")
CALLED = typer.Option(None, "--called", metavar="NUMBER", help="Only calls to this number.")
TRUNK = typer.Option(None, "--trunk", help="Only calls over this trunk.")
WOULD = typer.Option(None, "--would", help="Only calls that a rule says to: label, withhold, divert, block.")
LAST = typer.Option(20, "--last", min=1, max=1_000_000, help="How many, the latest ones.")
SHOW_NUMBERS = typer.Option(False, "--show-numbers", help="Numbers in full, not masked.")
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")
NATS = typer.Option("nats://127.0.0.1:4222", "--nats", metavar="URL", help="The server; several with commas.")
STREAM = typer.Option("RINGFENCE_DECISIONS", "--stream", help="JetStream stream; made if it is not there.")
SUBJECT = typer.Option("ringfence.decisions", "--subject", help="Subject; the action is put behind it.")
ONCE = typer.Option(False, "--once", help="Send what is there, and end.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(
        help="The screen's log: read it, turn it into call records for the hunt, stream it.",
        no_args_is_help=True,
    )
    app.add_typer(group, name="decisions")
    group.command("show")(show)
    group.command("export")(export)
    group.command("stream")(stream)


def show(
    log: Path = LOG,
    call_id: str | None = CALL_ID,
    caller: str | None = CALLER,
    called: str | None = CALLED,
    trunk: str | None = TRUNK,
    would: str | None = WOULD,
    last: int = LAST,
    show_numbers: bool = SHOW_NUMBERS,
    region: str = REGION,
    json: bool = JSON,
) -> int:
    """What was decided about calls, and why: the latest ones of the log. Exit status 1 if there is none."""
    from collections import deque

    wanted = {
        "sip_call_id": call_id,
        "caller": _number(caller, "--caller", region),
        "called": _number(called, "--called", region),
        "trunk": trunk,
        "would": would,
    }
    sought = {name: value for name, value in wanted.items() if value is not None}
    hits = (row for row in _rows(log) if all(getattr(row, n) == v for n, v in sought.items()))
    found = sorted(deque(hits, last), key=lambda row: row.start_time)
    for row in found:
        if json:
            import msgspec

            print(msgspec.json.encode(row).decode())
        else:
            _print(row, show_numbers)
    if not found:
        print(f"ringfence: {log}: no such call on the log", file=sys.stderr)
    return int(not found)


def _rows(log: Path) -> Iterator[Decision]:
    from ringfence.store.decision_log import DONE, OPEN, read_segment

    segments = sorted((p for p in _folder(log).iterdir() if p.suffix in (OPEN, DONE)), key=lambda p: p.name)
    for path in segments:
        rows, damaged = read_segment(path)
        if damaged:
            print(f"ringfence: {path}: {damaged:,} lines cannot be read, left out", file=sys.stderr)
        yield from rows


def _folder(log: Path) -> Path:
    if not log.is_dir():
        raise InputError(f"{log}: no such folder; name the one of screen.log")
    return log


def _number(text: str | None, option: str, region: str) -> str | None:
    from ringfence.numbers.reading import normalise

    if text is None:
        return None
    number, reason = normalise(text, region)
    if number is None:
        raise UsageError(f"{option} {text!r}: no number ({reason})")
    return number


def _print(row: Decision, show_numbers: bool) -> None:
    from ringfence.console.display import mask

    shown = str if show_numbers else mask
    time = dt.datetime.fromtimestamp(row.start_time / 1e6, dt.UTC).isoformat(" ", "milliseconds")[:23]
    would = f", would {row.would}" if row.would != row.action else ""
    status = f" {row.sip_status}" if row.action == "block" and row.sip_status else ""
    caller = shown(row.caller) if row.caller else "no number"
    print(f"{time}  {row.action}{status}{would}  {caller} → {shown(row.called)}  trunk {row.trunk or '–'}")
    why = f"{row.rule}: {'; '.join(row.reasons)}" if row.rule else "no rule"
    print(f"    {why}")
    print(f"    signals {', '.join(row.signals) or 'none'} · {row.policy} · Call-ID {row.sip_call_id or '–'}")


def export(
    log: Path = LOG,
    out: Path = OUT,
    outcomes: list[Path] | None = CALLS,
    key: Path | None = KEY,
    numbers: Path | None = NUMBERS,
    allocation: Path | None = ALLOCATION,
    region: str = REGION,
    json: bool = JSON,
) -> None:
    """Turn finished segments of the log into Parquet call records, and remove them from the log.

    With --outcomes, the answer and end of all exported calls are filled in, as far as the records have them.
    """
    import msgspec

    from ringfence.cli.canonical_files import canonical_files
    from ringfence.store import decision_export
    from ringfence.store.decision_log import recover

    hide = hiding(key, numbers, allocation, region)
    recover(_folder(log))
    files, damaged = decision_export.export(log, out, hide)
    joined = total = 0
    if outcomes:
        all_files = sorted(out.glob("decisions-*.parquet"))
        with tempfile.TemporaryDirectory(prefix="ringfence-") as work:
            calls = canonical_files(outcomes, Path(work), region)
            if all_files:
                joined, total = decision_export.join_outcomes(all_files, calls)
    if json:
        told = {"out": str(out), "files": len(files), "damaged": damaged}
        if outcomes:
            told |= {"joined": joined, "decisions": total}
        print(msgspec.json.encode(told).decode())
        return
    print(f"{out}: {len(files):,} files of decisions" + (f"; {damaged:,} lines left out" if damaged else ""))
    if outcomes:
        print(f"  {joined:,} of {total:,} decisions found how their call ended")
    if not files:
        print("  only finished segments are exported: the screen finishes one each five minutes")


def hiding(key: Path | None, numbers: Path | None, allocation: Path | None, region: str) -> Hide | None:
    """What puts tokens in place of numbers, with what is known of them beside; None without a key. Raises
    InputError."""
    if key is None:
        return None
    import functools

    from ringfence.numbers.hiding import tokenise_records
    from ringfence.numbers.published import load_numbering
    from ringfence.numbers.register import load_register
    from ringfence.numbers.tokens import read_keys

    return functools.partial(
        tokenise_records,
        key=read_keys(key).current,
        register=load_register(numbers, region) if numbers is not None else None,
        allocation=load_numbering(allocation, region) if allocation is not None else None,
        region=region,
    )


def stream(
    log: Path = LOG,
    nats: str = NATS,
    stream: str = STREAM,
    subject: str = SUBJECT,
    key: Path | None = KEY,
    numbers: Path | None = NUMBERS,
    allocation: Path | None = ALLOCATION,
    region: str = REGION,
    once: bool = ONCE,
) -> None:
    """Send the log to NATS JetStream, each row once, and go on with what is written. Ctrl-C ends it.

    From then on segments stay in the log until they were sent. ringfence screen does it with screen.nats.
    """
    import asyncio
    import signal

    _folder(log)
    hide = hiding(key, numbers, allocation, region)
    streaming = decision_stream("--nats", log, nats, stream, subject, hide)

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await streaming.run(stop, once=once)

    asyncio.run(main())
    print(f"{streaming.rows:,} decisions sent to {stream}")


def decision_stream(
    named: str, log: Path, nats: str, stream: str, subject: str, hide: Hide | None
) -> DecisionStream:
    """What sends a log. named: the option or setting that asks for it. Raises ConfigError."""
    from ringfence.errors import ConfigError

    try:
        from ringfence.serve.decision_stream import DecisionStream
    except ModuleNotFoundError:
        raise ConfigError(f"{named}: the client is missing; pip install 'ringfence[nats]'") from None

    def told(text: str) -> None:
        print(f"ringfence: {text}", file=sys.stderr, flush=True)

    return DecisionStream(log, nats, stream=stream, subject=subject, hide=hide, told=told)
