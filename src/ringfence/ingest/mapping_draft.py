"""A guessed mapping written down: each line with how sure it is, and what is left out with what it may be."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ringfence.ingest.column_profile import Profile
from ringfence.ingest.formats import recognise
from ringfence.ingest.source import head

#: The keys of a mapping for a time in two columns.
_SPLIT = ("date", "time")
#: What the name of a column that is not used may hold, and which columns of the record it may be for.
_TELLING = {
    "account": ("account",),
    "carrier": ("carrier", "next_carrier"),
    "trunk": ("trunk", "egress_trunk"),
    "route": ("trunk", "egress_trunk"),
    "gateway": ("trunk", "egress_trunk"),
    "ingress": ("trunk",),
}
_OUTWARD = ("egress", "out", "term", "next")


class Line(msgspec.Struct, frozen=True):
    """One line of the mapping: a record column, how it is made, how sure that is and why.

    source: a column, or those of the date and of the time of day.
    """

    target: str
    source: str | tuple[str, str]
    options: dict[str, str | dict[str, int]]
    certainty: str
    reason: str


def toml(value: str | list[str] | dict[str, int]) -> str:
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(key)} = {number}" for key, number in value.items()) + " }"
    # JSON's strings and arrays are TOML's too, but for DEL, which JSON leaves bare
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def draft(path: Path, settings: list[str], lines: list[Line], profiles: list[Profile]) -> str:
    """The mapping file's text. settings: lines for its [file]. profiles: all columns of the table."""
    found = {line.target for line in lines}
    used = {
        name for line in lines for name in ([line.source] if isinstance(line.source, str) else line.source)
    }
    times = [p for p in profiles if p.name in used and (p.is_a("time") or p.is_a("clock"))]
    local = any(
        v for p in times for v in p.samples if not re.search(r"(Z|UTC|[+-]\d\d:?\d\d)$|^\d{7,}(\.\d+)?$", v)
    )
    out = [
        f"# A first mapping for {comment(path.name)}, guessed from a sample of its rows. Check every line.",
        *_known(path),
        "# After each line: how sure the guess is, and why. docs/reference/mapping.md describes the keys.",
        "",
        "[file]",
        *settings,
    ]
    if local:
        out.append(
            '# timezone = "Europe/London"  # the times name no zone: say theirs here, or with --timezone'
        )
    out += ["", "[columns]"]
    for line in lines:
        value = toml(line.source) if isinstance(line.source, str) else ""
        if line.options or not value:
            own = (
                {"column": line.source}
                if isinstance(line.source, str)
                else dict(zip(_SPLIT, line.source, strict=True))
            )
            pairs = {**own, **line.options}
            value = "{ " + ", ".join(f"{key} = {toml(text)}" for key, text in pairs.items()) + " }"
        out.append(f"{line.target} = {value}  # {line.certainty}: {comment(line.reason)}")
    out += [
        f'# {name} = ""  # MISSING: no column looks like it, and a row needs one'
        for name in ("start_time", "called")
        if name not in found
    ]
    unused = [p for p in profiles if p.name not in used]
    if unused:
        out += ["", f"# Not used: {comment(', '.join(p.name for p in unused))}"]
    out += _hints(unused, found)
    return "\n".join(out) + "\n"


def _known(path: Path) -> list[str]:
    found = recognise(head(path), path)
    if found is None or found.name == "parquet":
        return []
    return [
        f"# This file is recognised as {found.name} and needs no mapping, unless you want it read otherwise."
    ]


def comment(text: str) -> str:
    """Text that may stand in a TOML comment: one line, no control characters."""
    return "".join(c if c.isprintable() else " " for c in text)[:1_000]


def _hints(unused: list[Profile], found: set[str]) -> list[str]:
    """Commented lines for unused columns by whose names calls may be told apart: a finding names these."""
    hints = []
    for profile in unused:
        name = "".join(profile.words)
        telling = next((word for word in _TELLING if word in name), None)
        if telling is None:
            continue
        targets = _TELLING[telling]
        outward = any(word.startswith(_OUTWARD) for word in profile.words)
        target = targets[-1 if outward else 0]
        why = f"its name speaks of {telling}" + ("" if profile.filled else ", but it is blank in the sample")
        how = "in place of the line above" if target in found else "without the first #"
        hints.append(f"# {target} = {toml(profile.name)}  # not used, and {why}: if it is one, {how}")
    return hints
