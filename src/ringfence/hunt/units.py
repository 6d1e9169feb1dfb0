"""Units: the ways in that can be accused, from the widest to the narrowest.

A unit is a set of calls that share one thing an operator can act on. One call belongs to one unit of each
kind, where the record has the fields. Units are judged; numbers never are, since the owner of the number
that a call presents is a victim too.

    entry     trunk and account (either alone where the other is not known)
    address   signalling address
    shape     INVITE fingerprint
    cell      fingerprint on one trunk
    device    device type in one radio cell
    line      network number
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

#: Unit kinds that are a function of the source.
SOURCE_UNITS: dict[str, tuple[str, ...]] = {
    "entry": ("trunk", "account"),
    "address": ("source_ip",),
    "shape": ("fingerprint",),
    "cell": ("trunk", "fingerprint"),
}
#: Unit kinds that the single call decides.
CALL_UNITS = ("device", "line")
KINDS = (*SOURCE_UNITS, *CALL_UNITS)


def number_units(sources: pa.Table) -> pd.DataFrame:
    """The source table with one int64 column per kind of SOURCE_UNITS: the unit's number, -1 where none.

    Adds `trunk_code` (int64) and `international` (bool). Numbers follow the order of the texts.
    """
    frame = sources.to_pandas()
    for column in {c for columns in SOURCE_UNITS.values() for c in columns} | {"ingress", "carrier"}:
        if column not in frame:
            frame[column] = ""
    for kind, columns in SOURCE_UNITS.items():
        codes = frame.groupby(list(columns), sort=True).ngroup().to_numpy(np.int64)
        empty = frame[list(columns)] == ""
        absent = empty.all(axis=1) if kind == "entry" else empty.any(axis=1)
        frame[kind] = np.where(absent.to_numpy(), -1, codes)
    frame["trunk_code"] = frame.groupby("trunk", sort=True).ngroup().to_numpy(np.int64)
    frame["international"] = frame["ingress"].eq("international")
    return frame


def each_unit(
    suspects: ir.Table, whole: ir.Table, judge: Callable[[ir.Table], ir.Table], kinds: Sequence[str]
) -> ir.Table:
    """`judge` of the suspects, each once per unit kind: it sees their rows with `kind` and `unit` and returns
    kind, unit, strength.

    Only units in `whole` (kind, unit: all their calls are suspects) are judged, since a unit of which only
    the striking calls are here would look worse than it is. Rows of strength 0 are dropped."""
    parts = [suspects.mutate(kind=ibis.literal(k), unit=suspects[k].cast("int64")) for k in kinds]
    if not parts:  # nothing that this detector can speak about
        parts = [suspects.limit(0).mutate(kind=ibis.literal(""), unit=ibis.literal(-1, "int64"))]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    table = judge(rows.semi_join(whole, ["kind", "unit"]))
    return table.filter(table.strength > 0)


def only(kinds: Sequence[str], *wanted: str) -> list[str]:
    """Those of `kinds` that a detector can speak about."""
    return [kind for kind in kinds if kind in wanted]
