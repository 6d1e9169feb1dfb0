"""What a policy is asked about: its options as values, shared by `replay`, `policy` and `screen`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.errors import InputError, UsageError

if TYPE_CHECKING:
    from ringfence.screen.declared import DeclaredCalls
    from ringfence.screen.indicators import Indicators
    from ringfence.screen.policy import Policy
    from ringfence.screen.screen import Knowledge


def load_screen_policy(name: str) -> Policy:
    """A policy file, or the pack of a country. Raises ConfigError or UsageError, one line."""
    from ringfence.screen.policy import PACKS, read_policy

    if name in PACKS:
        return read_policy(f'base = "{name}"\nname = "{name}"', name)
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"--policy {name}: no such file, and none of the packs {', '.join(PACKS)}")
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    return read_policy(text, name)


def load_knowledge(
    policy: Policy,
    *,
    numbers: Path | None = None,
    allocation: Path | None = None,
    indicators: Path | None = None,
    known: Path | None = None,
    declared: Path | None = None,
) -> Knowledge:
    """A policy with the tables that it looks into. Raises InputError."""
    from ringfence.numbers.published import load_numbering
    from ringfence.numbers.register import load_register
    from ringfence.screen.screen import Knowledge

    register = load_register(numbers, policy.country) if numbers is not None else None
    if register is not None and register.bad_rows:
        first = register.bad_rows[0]
        left_out = f"{len(register.bad_rows):,} rows left out, the first on line {first.line}"
        print(f"ringfence: {numbers}: {left_out}: {first.reason}", file=sys.stderr)
    return Knowledge(
        policy,
        register=register,
        allocation=load_numbering(allocation, policy.country) if allocation is not None else None,
        indicators=_indicators(indicators, known) if indicators or known else None,
        declared=_declared(declared, policy.country) if declared is not None else None,
    )


def _declared(path: Path, region: str) -> DeclaredCalls:
    from ringfence.screen.declared import DeclaredCalls, load_declared

    calls, bad = load_declared(path, region)
    if bad:
        left_out = f"{len(bad):,} rows left out, the first on line {bad[0].line}"
        print(f"ringfence: {path}: {left_out}: {bad[0].reason}", file=sys.stderr)
    return DeclaredCalls(calls)


def _indicators(path: Path | None, known: Path | None) -> Indicators:
    from ringfence.hunt.known import read_profiles
    from ringfence.screen.indicators import Indicators
    from ringfence.store.indicator_file import read_indicators

    profiles = read_profiles(known) if known is not None else []
    if path is None:
        return Indicators((), profiles)
    read = read_indicators(path)
    if read.bad:
        left_out = f"{len(read.bad):,} lines left out, the first is line {read.bad[0].line}"
        print(f"ringfence: {path}: {left_out}: {read.bad[0].reason}", file=sys.stderr)
    return Indicators(read.entries, profiles)
