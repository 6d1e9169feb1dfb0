"""From a hunt's input files to its coded records: directly where the engine can, else through ingest."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis import _

from ringfence.errors import InputError, RingfenceError, UsageError
from ringfence.hunt.evidence import RepeatedCallIdError
from ringfence.hunt.inputs import code_raw, split_inputs
from ringfence.hunt.records import Records
from ringfence.ingest.convert import check_zone
from ringfence.ingest.format import Reject
from ringfence.ingest.mapped import is_damaged
from ringfence.ingest.mapping import Mapping
from ringfence.ingest.pipeline import IngestReport, ingest
from ringfence.ingest.symptoms import MOST, callers_words, explained
from ringfence.model.engine import Engine
from ringfence.model.record import REJECTED, TIME_COLUMNS
from ringfence.model.rejection import FILE_REASONS
from ringfence.numbers.dialling import dialling


class Reading(msgspec.Struct, frozen=True):
    """How inputs are read, as in ingest. timezone: of times that name none. mapping: for tables in columns of
    their own. unique_ids: drop records that equal an earlier one, and give others that share a call_id ids of
    their own; that takes passes over all ids, so a hunt whose suspects share none goes without.
    damaged: Parquet files that an engine cannot read to the end; ingest takes what is whole in them."""

    timezone: str | None = None
    mapping: Mapping | None = None
    unique_ids: bool = False
    damaged: frozenset[Path] = frozenset()


def better_reading(reading: Reading, error: RingfenceError, inputs: Sequence[Path]) -> Reading | None:
    """How to read the inputs again after a hunt failed with `error`; None where that would be no help.

    Both are rare, and to be sure beforehand would cost every hunt a pass over its inputs.
    """
    if isinstance(error, RepeatedCallIdError):
        return None if reading.unique_ids else msgspec.structs.replace(reading, unique_ids=True)
    if isinstance(error, UsageError | InputError) or reading.damaged:
        return None
    plain, _others = split_inputs(inputs)
    damaged = frozenset(file for file in plain if is_damaged(file))
    return msgspec.structs.replace(reading, damaged=damaged) if damaged else None


class Loaded(msgspec.Struct, frozen=True):
    """The records of a hunt, and what became of its input files.

    raw: what was coded, as `Engine.read_records` gives it. files: the Parquet files behind it. rejected: rows
    that could not be used (schema `REJECTED`). notes: counts of what was mended in rows that are used. rows:
    read, accepted, rejected, by_reason. unreadable: file -> what is wrong with it and what to do, of the
    files that cannot be read. notices: what a reader should know of how the records were read, a sentence
    each.
    """

    records: Records
    raw: ir.Table
    files: list[Path]
    rejected: pa.Table
    notes: dict[str, int]
    rows: dict[str, object]
    unreadable: dict[str, str]
    notices: list[str] = []


def load(engine: Engine, inputs: Sequence[Path], work: Path, region: str, reading: Reading) -> Loaded:
    """Read the inputs, in any supported format. work: a folder for what ingest makes of them.

    Raises InputError where there is no usable record, UsageError for an unknown region.
    """
    dialling(region)  # also where every number is international and nothing asks for it
    zone = check_zone(reading.timezone or "UTC")
    plain, others = split_inputs(inputs, zone)
    if reading.mapping:
        plain, others = [], list(inputs)
    if reading.damaged:
        others += [file for file in plain if file in reading.damaged]
        plain = [file for file in plain if file not in reading.damaged]
    made: IngestReport | None = None
    if others:
        made = ingest(
            others,
            work,
            region=region,
            mapping=reading.mapping,
            timezone=reading.timezone,
            least=0 if plain else 1,
        )
    files = [*plain, *(Path(part) for part in made.calls)] if made else plain
    unreadable = {file.file: file.error for file in made.files if file.error} if made else {}
    why_not = Counter(made.rejected if made else {})
    notes = Counter(made.notes if made else {})
    accepted = 0
    rejected = pq.read_table(work / "rejected.parquet").cast(REJECTED) if made else REJECTED.empty_table()
    twins = REJECTED.empty_table()
    if files:
        raw = engine.read_records(files)
        if reading.unique_ids:
            raw, twins = without_twins(engine, raw)
            raw, renamed = with_unique_ids(engine, raw, files)
            notes["call_id_repeated"] += renamed
        records = code_raw(engine, raw, region)
        accepted = records.accepted
        why_not.update(records.rejected["reason"].to_pylist())
        if twins.num_rows:
            why_not["duplicate_row"] += twins.num_rows
        notes.update(records.notes)
        rejected = pa.concat_tables([rejected, twins, records.rejected])
    if not accepted:
        reasons = ", ".join(f"{n:,} {why}" for why, n in sorted(why_not.items()))
        raise InputError(
            f"no usable call record in {inputs[0]}{' and the others' if len(inputs) > 1 else ''}: "
            f"{reasons or 'it is empty'}{_first_words(rejected)}"
        )
    if reading.timezone is None:
        notes["time_without_zone"] += _times_without_zone(plain)
    # what ingest accepted is read once more from its files
    read = records.read + twins.num_rows + (made.read - made.accepted if made else 0)
    rows = {
        "read": read,
        "accepted": records.accepted,
        "rejected": read - records.accepted,
        "by_reason": dict(why_not),
    }
    notices = [
        *(file.damage for file in (made.files if made else ()) if file.damage),
        *words_of_zone(notes, reading.timezone, reading.mapping),
        *_words_of_readings(engine, records, raw, made),
        *_words_of_answers(engine, records, made),
    ]
    return Loaded(records, raw, files, rejected, dict(+notes), rows, unreadable, notices)


def _first_words(rejected: pa.Table) -> str:
    """The most frequent reason explained by its first row; empty where nothing was rejected."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(rejected["reason"]).to_pylist()}
    rows_only = {why: n for why, n in counts.items() if why not in FILE_REASONS}
    if not rows_only:
        return ""
    most = max(rows_only, key=lambda why: (rows_only[why], why))
    row = rejected.filter(pc.equal(rejected["reason"], most)).slice(0, 1).to_pylist()[0]
    first = Reject(row["file"], row["position"], most, row["detail"] or "")
    return f"; first {most}: {first.file} at {first.position:,}: {explained(first)}"


def without_twins(engine: Engine, raw: ir.Table) -> tuple[ir.Table, pa.Table]:
    """Records without those that equal an earlier one in every column, and these (schema `REJECTED`).

    Equal as they are written: `ringfence ingest` compares numbers after it has made them E.164. Earlier is
    by the file's name and the row. The same ones are dropped whatever the engine.
    """
    places = ("source_file", "source_row")
    shared = raw.filter(raw.call_id.notnull()).group_by("call_id").aggregate(n=_.count())
    shared = engine.keep(shared.filter(shared.n > 1).select("call_id"), "ids_of_twins")
    alike = [name for name in raw.columns if name not in places]
    copy = ibis.row_number().over(group_by=alike, order_by=list(places))
    twins = raw.semi_join(shared, "call_id").mutate(copy=copy)
    twins = engine.keep(twins.filter(twins.copy > 0).select(*places), "twins")
    found = engine.collect(twins).sort_by([(name, "ascending") for name in places])
    if not found.num_rows:
        return raw, REJECTED.empty_table()
    words = ("duplicate_row", "an earlier record equals it in every column", None)
    columns = [pa.array([word] * found.num_rows, pa.string()) for word in words]
    rejected = pa.table([found["source_file"], found["source_row"], *columns], names=REJECTED.names)
    return raw.anti_join(twins, list(places)), rejected.cast(REJECTED)


def with_unique_ids(engine: Engine, raw: ir.Table, files: Sequence[Path]) -> tuple[ir.Table, int]:
    """Records with each repeated call_id as id~file.row, both as places in the input, and how many that are.

    The same ids as `ringfence.ingest.unique` would make, whatever the engine.
    """
    places = pa.table({"place_of": [str(file) for file in files], "place": range(len(files))})
    places = engine.upload(places, "record_files")
    columns = raw.columns
    renamed = 0
    # more than once, since a new id may be what another record is called already
    for attempt in itertools.count():
        shared = raw.filter(raw.call_id.notnull()).group_by(shared="call_id").aggregate(n=_.count())
        shared = engine.keep(shared.filter(shared.n > 1), f"shared_ids_{attempt}")
        count = engine.collect(shared.aggregate(rows=shared.n.sum())).to_pylist()[0]["rows"]
        if not count:
            break
        renamed += int(count)
        marked = raw.left_join(shared, raw.call_id == shared.shared)
        marked = marked.left_join(places, marked.source_file == places.place_of)
        place = marked.place.cast("string") + "." + marked.source_row.cast("string")
        new = ibis.ifelse(marked.shared.notnull(), marked.call_id + "~" + place, marked.call_id)
        raw = marked.mutate(call_id=new).select(*columns)
    return raw, renamed


def _times_without_zone(files: Sequence[Path]) -> int:
    """How many times in Parquet files name no zone, by their footers: an engine takes them as UTC."""
    found = 0
    for file in files:
        footer = pq.read_metadata(file)
        schema = footer.schema.to_arrow_schema()
        for name in TIME_COLUMNS:
            if name in schema.names and getattr(schema.field(name).type, "tz", None) is None:
                at = next(n for n in range(footer.num_columns) if footer.schema.column(n).path == name)
                groups = (footer.row_group(group) for group in range(footer.num_row_groups))
                statistics = [(group.num_rows, group.column(at).statistics) for group in groups]
                found += sum(n - ((s.null_count or 0) if s else 0) for n, s in statistics)
    return found


def words_of_zone(notes: dict[str, int], timezone: str | None, mapping: Mapping | None = None) -> list[str]:
    """What a reader should know of times that name no zone, in at most one sentence."""
    if timezone is not None and mapping is not None and mapping.zones:
        return [f"The mapping's zones come first: only times without any are read as {timezone}."]
    if timezone is not None:
        return [f"Times in the call records that name no zone were read as {timezone}."]
    if count := notes.get("time_without_zone"):
        return [
            f"{count:,} times in the call records name no zone and were read as UTC: "
            "if they are local, hunt again with --timezone."
        ]
    return []


def _words_of_readings(
    engine: Engine, records: Records, raw: ir.Table, made: IngestReport | None
) -> list[str]:
    """What looks as if columns were taken wrongly, a sentence each: what ingest saw, then of the records that
    an engine read directly."""
    lines = [f"{line}." for line in made.warnings] if made else []
    if unread := records.notes.get("caller_unreadable"):
        callers = engine.collect(raw.aggregate(callers=raw.caller.count()))["callers"][0].as_py()
        if unread > MOST * callers:
            lines.append(f"{callers_words(unread, callers, '')}.")
    if records.rejected.num_rows > MOST * records.read:
        count = f"{records.rejected.num_rows:,} of {records.read:,}"
        lines.append(f"{count} rows rejected{_first_words(records.rejected)}.")
    return lines


def _words_of_answers(engine: Engine, records: Records, made: IngestReport | None) -> list[str]:
    """How talk is known where records do not say when calls were answered, in at most one sentence."""
    fields = records.fields
    if "answer_time" in fields:
        silent = [Path(file.file).name for file in made.files if file.without_answers] if made else []
        if not silent:
            return []
        names = ", ".join(silent[:5]) + (f" and {len(silent) - 5:,} more" if len(silent) > 5 else "")
        return [f"No call of {names} has an answer time, as others have: these calls count as not answered."]
    if "end_time" not in fields:
        return ["No call has an answer time or an end: how long people talked is not known."]
    if "status" not in fields:
        return [
            "No call has an answer time or a status: which were answered is not known, none counts as talk."
        ]
    if not engine.collect(records.calls.aggregate(any=records.calls.answered.any()))["any"][0].as_py():
        return []
    return ["No call has an answer time: talk is counted from the start of a call, ringing included."]


def words_of_unreadable(unreadable: dict[str, str], most: int = 5) -> list[str]:
    """Which files could not be read, in at most one sentence."""
    if not unreadable:
        return []
    names = ", ".join(Path(file).name for file in list(unreadable)[:most])
    more = f" and {len(unreadable) - most:,} more" if len(unreadable) > most else ""
    files = "1 input file" if len(unreadable) == 1 else f"{len(unreadable):,} input files"
    return [f"Left out, because they cannot be read: {files} ({names}{more})."]
