"""`ringfence policy`: whether a policy can be understood, what it says, and how two differ."""

from __future__ import annotations

from pathlib import Path

import typer

FILES = typer.Argument(..., metavar="FILE|PACK...", help="Policy files, or gb, us, fr.")
ONE = typer.Argument(..., metavar="FILE|PACK", help="A policy file, or gb, us, fr.")
TWO = typer.Argument(..., metavar="FILE|PACK", help="The policy that comes after it.")
INVITE = typer.Option(
    None, "--invite", metavar="FILE", help="An INVITE: say of each rule whether it hits that call."
)
NUMBERS = typer.Option(None, "--numbers", metavar="FILE", help="Register of protected numbers (CSV).")
ALLOCATION = typer.Option(
    None, "--allocation", metavar="FILE", help="Who holds which numbers: published, or numbers import's."
)
INGRESS = typer.Option("", "--ingress", help="Where the call comes in: international, national or customer.")
TRUNK = typer.Option(None, "--trunk", metavar="NAME", help="The trunk that it comes over.")
ROAMING = typer.Option(None, "--roaming/--not-roaming", help="What the home network says of a mobile.")
JSON = typer.Option(False, "--json", help="Print one JSON object a line.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    group = typer.Typer(help="Check a policy, read it aloud, compare two.", no_args_is_help=True)
    app.add_typer(group, name="policy")
    group.command("check")(check)
    group.command("explain")(explain)
    group.command("diff")(diff)


def check(files: list[str] = FILES, json: bool = JSON) -> int:
    """Say whether each policy can be understood, and what of it is live. Exit status 1 if one is refused."""
    import msgspec

    from ringfence.cli.screen_options import load_screen_policy
    from ringfence.errors import ConfigError
    from ringfence.model.verdict import Mode

    refused = False
    for name in files:
        try:
            policy = load_screen_policy(name)
        except ConfigError as error:
            refused = True
            print(msgspec.json.encode({"policy": name, "error": str(error)}).decode() if json else error)
            continue
        live = [rule.name for rule in policy.rule if policy.mode_of(rule) is Mode.LIVE]
        if json:
            row = {"policy": name, "version": policy.version, "rules": len(policy.rule), "live": live}
            print(msgspec.json.encode(row).decode())
        else:
            stands = f"live: {', '.join(live)}" if live else "all in shadow"
            print(f"{name}: understood ({policy.version}): {len(policy.rule)} rules, {stands}")
    return int(refused)


def explain(
    file: str = ONE,
    invite: Path | None = INVITE,
    numbers: Path | None = NUMBERS,
    allocation: Path | None = ALLOCATION,
    ingress: str = INGRESS,
    trunk: str | None = TRUNK,
    roaming: bool | None = ROAMING,
    json: bool = JSON,
) -> None:
    """Read a policy aloud; with --invite, say what it makes of one call."""
    from ringfence.cli.screen_options import load_screen_policy

    policy = load_screen_policy(file)
    if invite is not None:
        _explain_call(policy, invite, numbers, allocation, ingress, trunk, roaming, json)
        return
    import msgspec

    from ringfence.screen.comparison import read_aloud

    if json:
        for rule in policy.rule:
            row = msgspec.to_builtins(rule) | {"mode": policy.mode_of(rule), "says": read_aloud(rule, policy)}
            print(msgspec.json.encode(row).decode())
        return
    print(f"{policy.version}, {policy.country}: {policy.source}".rstrip(": "))
    exempt = policy.exempt
    for words, held in (
        (f"calls over {', '.join(exempt.emergency_trunks)} (emergency ingress)", exempt.emergency_trunks),
        (f"calls over {', '.join(exempt.trunks)} (listed trunks)", exempt.trunks),
        ("an emergency centre that calls back, signed for that (sph)", exempt.verified_sph),
        (
            f"calls to a line that rang {', '.join(policy.emergency_numbers)} within "
            f"{exempt.after_emergency_seconds:g} s",
            exempt.after_emergency_seconds,
        ),
    ):
        if held:
            print(f"  never stopped: {words}")
    for place, rule in enumerate(policy.rule, 1):
        print(f"{place:3}. {rule.name}: {read_aloud(rule, policy)}")
    for name, meter in policy.meters.items():
        what = f"different {meter.distinct}" if meter.distinct else "calls"
        per = meter.per if isinstance(meter.per, str) else " and ".join(meter.per)
        print(f"  {name}: {what} per {per} in {meter.seconds:g} s")


def _explain_call(
    policy: object,
    invite: Path,
    numbers: Path | None,
    allocation: Path | None,
    ingress: str,
    trunk: str | None,
    roaming: bool | None,
    json: bool,
) -> None:
    import time

    import msgspec

    from ringfence.cli.screen_options import load_knowledge
    from ringfence.cli.trust_options import read_file
    from ringfence.errors import InputError, UsageError
    from ringfence.model.rejected import Rejected
    from ringfence.screen.attempts import Edge, attempt_of
    from ringfence.screen.policy import Policy
    from ringfence.screen.screen import UNVERIFIED, Screen
    from ringfence.sip.message import parse

    assert isinstance(policy, Policy)
    if ingress not in ("", "international", "national", "customer"):
        raise UsageError(f"--ingress {ingress}: write international, national or customer")
    message = parse(read_file(invite))
    if isinstance(message, Rejected) or message.method != "INVITE":
        said = message.detail if isinstance(message, Rejected) else f"a {message.method or 'response'}"
        raise InputError(f"{invite}: no INVITE ({said})")
    now = time.time()
    attempt = attempt_of(message, Edge(trunk=trunk, ingress=ingress, region=policy.country), None, now)
    attempt = msgspec.structs.replace(attempt, roaming=roaming)
    screen = Screen(load_knowledge(policy, numbers=numbers, allocation=allocation))
    verdict = screen.screen(attempt, UNVERIFIED, now)
    if json:
        print(msgspec.json.encode(verdict).decode())
        return
    shown = attempt.caller or attempt.caller_fault
    print(f"{shown} → {attempt.called or 'nobody'}: {verdict.action}, would {verdict.would}")
    print(f"  rule: {verdict.rule or 'none hits'}{f' ({verdict.mode})' if verdict.rule else ''}")
    for reason in verdict.reasons:
        print(f"  because: {reason}")
    for signal in verdict.signals:
        print(f"  signal: {signal.name} {signal.strength:g}: {signal.reason}")
    if message.get("identity") is not None:
        print("  its Identity header was not looked at: ringfence verify does")


def diff(old: str = ONE, new: str = TWO, json: bool = JSON) -> None:
    """Say what changes from one policy to another, rule by rule."""
    import msgspec

    from ringfence.cli.screen_options import load_screen_policy
    from ringfence.screen.comparison import compare

    changes = compare(load_screen_policy(old), load_screen_policy(new))
    for change in changes:
        if json:
            print(msgspec.json.encode(change).decode())
            continue
        print(f"{change.kind}: {change.what}")
        if change.before:
            print(f"  - {change.before}")
        if change.after:
            print(f"  + {change.after}")
    if not changes and not json:
        print("they judge alike")
