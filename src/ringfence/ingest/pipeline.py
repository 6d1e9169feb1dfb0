"""Any supported files in, checked call records with normalised numbers out, in flat memory."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.errors import InputError, UsageError
from ringfence.ingest.checks import check
from ringfence.ingest.convert import check_zone
from ringfence.ingest.dialect import foreign
from ringfence.ingest.format import Batch, Format, LocalTimes, Reject
from ringfence.ingest.formats import TABLES, named, recognise
from ringfence.ingest.mapped import MAPPED, PARQUET, MappedTable
from ringfence.ingest.mapping import Mapping
from ringfence.ingest.source import Source, check_filled, find, head
from ringfence.ingest.symptoms import Symptoms, file_names, masked, misreadings, silences
from ringfence.ingest.unique import make_unique
from ringfence.ingest.writer import CallWriter, Places, PlaceWriter, RejectWriter, no_empty_leftover
from ringfence.model.record import CALL_RECORD, NUMBER_COLUMNS
from ringfence.model.rejection import FILE_REASONS
from ringfence.numbers.normalise import normalise_rows

__all__ = ["FileReport", "IngestReport", "ingest"]

Progress = Callable[[int, int], None]

#: Reasons of normalise_rows that mean "no number" rather than "a number that cannot be read".
_NUMBERLESS = frozenset({"empty", "withheld"})


class FileReport(msgspec.Struct):
    """What became of one file. format: None where none was recognised. error: why it was not read. damage:
    why only a part of it was. without_answers: it has calls, and nothing says when they were answered."""

    file: str
    format: str | None = None
    read: int = 0
    accepted: int = 0
    rejected: dict[str, int] = {}
    notes: dict[str, int] = {}
    error: str | None = None
    damage: str | None = None
    without_answers: bool = False


class IngestReport(msgspec.Struct):
    """read = accepted + rejected. notes count rows that were kept though something about them was mended.

    calls: the Parquet files written. first_start, last_start: the period the accepted calls cover.
    unreadable, damaged: files of which nothing was read, or a part; they are no rows. warnings: what looks as
    if it was read wrongly; limits: what the records do not say; a line each.
    """

    files: list[FileReport]
    calls: list[str]
    read: int
    accepted: int
    rejected: dict[str, int]
    notes: dict[str, int]
    first_start: dt.datetime | None
    last_start: dt.datetime | None
    unreadable: int = 0
    damaged: int = 0
    warnings: list[str] = []
    limits: list[str] = []


def ingest(
    inputs: Sequence[Path],
    out: Path,
    *,
    region: str,
    mapping: Mapping | None = None,
    timezone: str | None = None,
    format_name: str | None = None,
    progress: Progress | None = None,
    least: int = 1,
) -> IngestReport:
    """Read `inputs` (files or directories, also compressed) and write call records under `out`.

    Writes out/calls/part-*.parquet (replacing those of an earlier run) and out/rejected.parquet; each row
    ends in one of them. region: ISO 3166, how national numbers are read. mapping: for tables in columns of
    their own. timezone: for times that name none (UTC if not given, and noted). progress: called with bytes
    done and bytes in all. A file that cannot be read is reported and the others are used; InputError if
    fewer than `least` can be read.
    """
    if timezone is not None:
        check_zone(timezone)
    sources = find(inputs)
    calls = out / "calls"
    if any(Path(os.path.realpath(source.path)).is_relative_to(os.path.realpath(calls)) for source in sources):
        raise UsageError(f"--out {out} would overwrite its own input; choose another directory")
    total = sum(source.size for source in sources)
    done = 0
    files = []
    symptoms = []
    span = _Span()
    mapped = MappedTable(mapping) if mapping is not None else None
    forced = named(format_name) if format_name is not None else None
    with (
        no_empty_leftover(out),
        CallWriter(calls) as writer,
        RejectWriter(out / "rejected.parquet") as rejects,
        PlaceWriter(out) as places,
    ):
        for number, source in enumerate(sources):
            report = FileReport(str(source.path))
            files.append(report)
            seen = Symptoms(report.file)
            symptoms.append(seen)
            try:
                for batch in _batches(source, report, forced, mapped, timezone):
                    rows, origins = _accept(batch, source, report, seen, rejects, region, mapping)
                    places.write(number, origins)
                    span.widen(rows)
                    writer.write(rows)
                    if progress:
                        progress(done + batch.bytes_read, total)
            except InputError as error:
                located = str(error).startswith(report.file)
                report.error = str(error) if located else f"{report.file}: {error}"
                rejects.write([Reject(report.file, 1, "file_unreadable", report.error)])
            report.without_answers = seen.without_answers
            done += source.size
            if progress:
                progress(done, total)
        if sum(not report.error for report in files) < least:
            raise InputError(_nothing_read(files))
        twins = _Twins(Places(places.finish()), sources, files, rejects)
        repeated = make_unique(writer.parts(), out, twins.drop)
        parts = writer.finish()
        rejects.finish()
    return IngestReport(
        files,
        [str(part) for part in parts],
        sum(f.read for f in files),
        sum(f.accepted for f in files),
        dict(sum((Counter(f.rejected) for f in files), Counter())),
        dict(sum((Counter(f.notes) for f in files), Counter(call_id_repeated=repeated))),
        span.first,
        span.last,
        sum(f.error is not None for f in files),
        sum(f.damage is not None for f in files),
        _passed_over(files, mapping) + _zone_words(files, mapping, timezone) + misreadings(symptoms),
        silences(symptoms),
    )


def _passed_over(files: list[FileReport], mapping: Mapping | None) -> list[str]:
    """Which tables were read as a format of their own though a mapping was given."""
    if mapping is None:
        return []
    own = [file for file in files if file.format in TABLES]
    kinds = ", ".join(dict.fromkeys(str(file.format) for file in own))
    return [
        f"{file_names([file.file for file in own])}: read as {kinds}, and not through {mapping.origin};"
        " if it was meant for that, name in it the columns that are there, and leave --format out"
    ] * bool(own)


def _zone_words(files: list[FileReport], mapping: Mapping | None, timezone: str | None) -> list[str]:
    """Which zone was used where a mapping and the command line name two."""
    if mapping is None or timezone is None or not any(file.format == MAPPED for file in files):
        return []
    own = [zone for zone in mapping.zones if zone != timezone]
    if not own:
        return []
    return [
        f"{mapping.origin} says timezone = {', '.join(own)}: that holds for the tables read through it, and"
        f" not --timezone {timezone}; to have {timezone} there, take timezone out of the mapping"
    ]


def _nothing_read(files: list[FileReport]) -> str:
    if len(files) == 1:
        return str(files[0].error)
    return f"none of the {len(files)} files can be read; the first: {files[0].error}"


def _batches(
    source: Source,
    report: FileReport,
    forced: Format | None,
    mapped: MappedTable | None,
    timezone: str | None,
) -> Iterator[Batch]:
    """The batches of one file through the format that fits it. Raises InputError."""
    beginning = head(source.path)
    check_filled(source.path, beginning)
    chosen = forced
    if chosen is None and mapped is not None and mapped.recognises(beginning, source.path):
        chosen = mapped
    # captures and the like among the inputs of a mapping keep their own format
    chosen = chosen or recognise(beginning, source.path)
    _check_text(source, beginning, chosen, mapped)
    chosen = chosen or mapped
    if chosen is None:
        raise InputError(
            f"{source.path}: not a format that is known; for a table, write a mapping with"
            f" 'ringfence ingest --guess {source.path}'"
        )
    report.format = chosen.name
    if timezone is not None and isinstance(chosen, LocalTimes):
        chosen = chosen.in_zone(timezone)
    return chosen.read(source.path)


def _check_text(source: Source, beginning: bytes, chosen: Format | None, mapped: MappedTable | None) -> None:
    """Raise InputError where what is to be read as a table is no text, unless a mapping says how it is
    encoded."""
    if beginning.startswith(PARQUET):
        return
    if chosen is not None and (chosen.name not in TABLES or recognise(beginning, source.path)):
        return
    if chosen is None and mapped is not None and mapped.mapping.file.encoding is not None:
        return
    if words := foreign(beginning):
        raise InputError(f"{source.path}: {words}")


def _accept(
    batch: Batch,
    source: Source,
    report: FileReport,
    seen: Symptoms,
    rejects: RejectWriter,
    region: str,
    mapping: Mapping | None,
) -> tuple[pa.Table, pa.ChunkedArray]:
    """The good rows of a batch, complete, and their place in the source; the others go to `rejects`. All are
    counted."""
    checked = check(batch.rows) if len(batch.rows) else None
    bad = list(batch.rejects)
    notes = Counter(batch.notes)
    rows, origins = batch.rows, pa.chunked_array([], pa.int64())
    if checked is not None:
        notes["times_rounded"] += checked.rounded
        rows, details = checked.rows, {}
        for name in NUMBER_COLUMNS:
            if name not in rows.column_names:
                continue
            own = region if mapping is None else mapping.region_of(name, region)
            found = normalise_rows(rows.column(name), own)
            reason = found.column("reason").combine_chunks()
            unread = pc.invert(pc.is_in(reason, pa.array([*_NUMBERLESS, None])))
            if name == "called":
                details = _judge_called(rows.column(name), found, reason, unread, checked.reasons)
            else:
                if name == "caller":
                    seen.see_callers(rows.column(name), unread, found.column("number"))
                notes[f"{name}_unreadable"] += pc.sum(unread).as_py() or 0
            rows = rows.set_column(rows.column_names.index(name), name, found.column("number"))
        if "called" not in rows.column_names:
            checked.reasons[checked.reasons == None] = "no_called_number"  # noqa: E711  elementwise
        at = np.flatnonzero(checked.reasons != None)  # noqa: E711
        if len(at):
            bad += _rejects(batch, source, at, checked.reasons, details)
            rows = rows.filter(pa.array(checked.reasons == None))  # noqa: E711
        origins = rows.column("source_row")
        rows = _complete(rows, source.label)
        seen.see_calls(rows, notes)
    _reject(report, seen, rejects, bad)
    seen.remarks += batch.remarks
    report.read += len(rows)
    report.accepted += len(rows)
    report.notes = dict(Counter(report.notes) + notes)
    return rows, origins


def _judge_called(
    written: pa.ChunkedArray, found: pa.Table, reason: pa.Array, unread: pa.Array, reasons: np.ndarray
) -> dict[int, str]:
    """Mark rows without a called number in `reasons`; gives why, by row, where one was written."""
    missing = pc.is_null(found.column("number")).to_numpy()
    rubbish = unread.to_numpy(zero_copy_only=False)
    free = reasons == None  # noqa: E711  elementwise
    reasons[free & missing] = "no_called_number"
    reasons[free & missing & rubbish] = "bad_called_number"
    at = np.flatnonzero(free & missing & rubbish)
    told = zip(written.take(pa.array(at)).to_pylist(), reason.take(pa.array(at)).to_pylist(), strict=True)
    said = (
        f"the called number {masked(str(text))!r} cannot be read: "
        + ("a spreadsheet rounded it, export numbers as text" if why == "rounded" else str(why))
        for text, why in told
    )
    return dict(zip(at.tolist(), said, strict=True))


def _rejects(
    batch: Batch, source: Source, at: np.ndarray, reasons: np.ndarray, details: dict[int, str]
) -> list[Reject]:
    rows = batch.rows.take(pa.array(at)).to_pylist()
    made = []
    for index, row in zip(at.tolist(), rows, strict=True):
        position = row.pop("source_row")
        raw = batch.raw(position) if batch.raw else _written(row)
        made.append(Reject(str(source.path), position, reasons[index], details.get(index, ""), raw))
    return made


def _written(row: dict[str, object]) -> str:
    return msgspec.json.encode({k: v for k, v in row.items() if v is not None}).decode()


def _complete(rows: pa.Table, label: str) -> pa.Table:
    """Rows in the record's columns, order and types, each with a call_id."""
    made = pc.binary_join_element_wise(label, rows.column("source_row").cast(pa.string()), ":")
    given = rows.column("call_id") if "call_id" in rows.column_names else None
    ids = made if given is None else pc.coalesce(given, made)
    columns = {"call_id": ids} | {n: rows.column(n) for n in CALL_RECORD.names[1:] if n in rows.column_names}
    schema = pa.schema([CALL_RECORD.field(name) for name in columns])
    return pa.table(columns).cast(schema)


def _reject(report: FileReport, seen: Symptoms, rejects: RejectWriter, bad: list[Reject]) -> None:
    """Keep and count what cannot be used. What speaks of the file is no row."""
    rejects.write(bad)
    rows = [reject for reject in bad if reject.reason not in FILE_REASONS]
    seen.see_rejects(rows)
    report.read += len(rows)
    report.rejected = dict(Counter(report.rejected) + Counter(reject.reason for reject in rows))
    for reject in bad:
        if reject.reason in FILE_REASONS:
            report.damage = report.damage or (
                f"{report.file}: {reject.detail}; what else is in it is used; copy the file again"
            )


class _Twins:
    """Records that equal an earlier one: rejected, with their place in the source."""

    def __init__(
        self, places: Places, sources: Sequence[Source], files: list[FileReport], rejects: RejectWriter
    ) -> None:
        self._places, self._sources, self._files, self._rejects = places, sources, files, rejects

    def drop(self, numbers: npt.NDArray[np.int64], rows: pa.Table) -> None:
        """As `ringfence.ingest.unique.Dropped`."""
        made = []
        for (file, row), record in zip(self._places.at(numbers), rows.to_pylist(), strict=True):
            report = self._files[file]
            report.accepted -= 1
            report.rejected["duplicate_row"] = report.rejected.get("duplicate_row", 0) + 1
            path, why = str(self._sources[file].path), "an earlier record equals it in every column"
            made.append(Reject(path, row, "duplicate_row", why, _written(record)))
        self._rejects.write(made)


class _Span:
    """The period that the accepted calls cover."""

    def __init__(self) -> None:
        self.first: dt.datetime | None = None
        self.last: dt.datetime | None = None

    def widen(self, rows: pa.Table) -> None:
        if not len(rows) or "start_time" not in rows.column_names:
            return
        ends = pc.min_max(rows.column("start_time")).as_py()
        self.first = min(self.first or ends["min"], ends["min"])
        self.last = max(self.last or ends["max"], ends["max"])
