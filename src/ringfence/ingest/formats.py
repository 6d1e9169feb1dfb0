"""Which format a file is of: each is asked, by the file's content."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.ingest.format import Format

#: Modules of this package that hold a FORMAT. Their recognisers exclude each other, and a test holds them to
#: it, so the order is only that of likelihood.
MODULES = (
    "record_parquet",
    "record_csv",
    "asterisk",
    "freeswitch_csv",
    "cucm",
    "acc",
    "freeswitch_json",
    "threegpp",
    "pcap",
    "pcapng",
    "hep",
)


#: Formats of tables, which a mapping could be meant for.
TABLES = frozenset({"parquet", "csv", "asterisk", "freeswitch-csv", "cucm", "acc"})


@functools.cache
def formats() -> dict[str, Format]:
    """Every supported format by name."""
    offered = (importlib.import_module(f"ringfence.ingest.{module}").FORMAT for module in MODULES)
    return {format_.name: format_ for format_ in offered}


def named(name: str) -> Format:
    """The format of that name. Raises UsageError."""
    try:
        return formats()[name]
    except KeyError:
        raise UsageError(f"no format {name!r}; known are {', '.join(sorted(formats()))}") from None


def recognise(head: bytes, path: Path) -> Format | None:
    """The format of a file that begins with `head`, by its content; None if no format knows it."""
    return next((f for f in formats().values() if f.recognises(head, path)), None)
