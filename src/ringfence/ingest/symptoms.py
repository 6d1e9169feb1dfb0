"""What the records of a file, taken together, say about how it was read: a line each for a person.

One odd row is the row's fault. Where most rows are odd, a column is mapped wrongly, or the source does not
record what a hunt would need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ringfence.ingest.format import Reject
from ringfence.model.rejection import REASONS

#: A larger share of rows with the same fault is the fault of how the file is read.
MOST = 0.5
_NAMED = 3


class Symptoms(msgspec.Struct):
    """Of one file: `callers` written there, those that are no numbers and one of them (masked); accepted
    calls, and how many of them have an end, an answer time, a status at all and status 200; of other columns,
    values that could not be read; the first reject of each reason; remarks of the format that read it."""

    file: str
    callers: int = 0
    unreadable: int = 0
    example: str = ""
    calls: int = 0
    ended: int = 0
    timed: int = 0
    judged: int = 0
    answered: int = 0
    lost: dict[str, int] = {}
    rejects: dict[str, int] = {}
    first: dict[str, Reject] = {}
    remarks: list[str] = []

    def see_callers(self, written: pa.Array, unread: pa.Array, numbers: pa.Array) -> None:
        """Callers as written, which of them are no numbers, and the numbers that were read."""
        count = pc.sum(unread).as_py() or 0
        if count and not self.example:
            self.example = masked(str(written.filter(unread)[0].as_py()))
        self.unreadable += count
        self.callers += count + len(numbers) - numbers.null_count

    def see_calls(self, rows: pa.Table, notes: Mapping[str, int]) -> None:
        """Accepted calls, and what was noted of their batch."""
        for note, count in notes.items():
            column, unreadable, _ = note.partition("_unreadable")
            if unreadable and column != "caller":
                self.lost[column] = self.lost.get(column, 0) + count
        self.calls += len(rows)
        self.ended += _given(rows, "end_time")
        self.timed += _given(rows, "answer_time")
        self.judged += _given(rows, "status")
        if "status" in rows.column_names:
            self.answered += pc.sum(pc.equal(rows["status"], 200)).as_py() or 0

    def see_rejects(self, rejects: Sequence[Reject]) -> None:
        """Rows that were not accepted."""
        for reject in rejects:
            self.rejects[reject.reason] = self.rejects.get(reject.reason, 0) + 1
            self.first.setdefault(reject.reason, reject)

    @property
    def rows(self) -> int:
        """Rows, accepted or not."""
        return self.calls + sum(self.rejects.values())

    @property
    def without_answers(self) -> bool:
        """Whether calls may have been answered, and nothing says when."""
        return self.calls > 0 and not self.timed and (self.answered > 0 or not self.judged)


def _given(rows: pa.Table, name: str) -> int:
    return len(rows) - rows[name].null_count if name in rows.column_names else 0


def masked(text: str) -> str:
    """A value that may be a person's number: its beginning, for the shape of it."""
    clean = "".join(char if char.isprintable() else " " for char in text[:12])
    return clean[:3] + "•" * len(clean[3:])


def misreadings(files: Sequence[Symptoms]) -> list[str]:
    """What looks as if columns were taken wrongly, in as few lines as there are faults."""
    lines = [
        f"{_names([file for file in files if remark in file.remarks])}: {remark}"
        for remark in dict.fromkeys(remark for file in files for remark in file.remarks)
    ]
    bad = [file for file in files if file.unreadable > MOST * file.callers]
    if bad:
        count, callers = sum(file.unreadable for file in bad), sum(file.callers for file in bad)
        lines.append(f"{_names(bad)}: {callers_words(count, callers, bad[0].example)}")
    for column in dict.fromkeys(name for file in files for name in file.lost):
        bad = [file for file in files if file.lost.get(column, 0) > MOST * file.rows]
        if bad:
            count, rows = sum(file.lost[column] for file in bad), sum(file.rows for file in bad)
            lines.append(
                f"{_names(bad)}: {column} could not be read in {count:,} of {rows:,} rows;"
                " check which column it is, and its format or values in the mapping"
            )
    reasons = [_main_reason(file) for file in files]
    for reason in dict.fromkeys(filter(None, reasons)):
        bad = [file for file, why in zip(files, reasons, strict=True) if why == reason]
        count, rows = sum(file.rejects[reason] for file in bad), sum(file.rows for file in bad)
        example = reject_words(bad[0].first[reason])
        lines.append(f"{_names(bad)}: {count:,} of {rows:,} rows rejected: {example}")
    return lines


def silences(files: Sequence[Symptoms]) -> list[str]:
    """What a hunt would need and the records do not say."""
    said = {file.file: silence(file) for file in files if file.without_answers}
    return [
        f"{_names([file for file in files if said.get(file.file) == text])}: {text}"
        for text in dict.fromkeys(said.values())
    ]


def silence(file: Symptoms) -> str:
    """What follows for a hunt where nothing says when calls were answered."""
    if not file.ended:
        what = "no call has an answer time or an end: how long people talked is not known"
    elif file.judged:
        what = "no call has an answer time: talk is counted from the start of a call, ringing included"
    else:
        what = "no call has an answer time or a status: which were answered is not known, none counts as talk"
    return f"{what}; map answer_time, or the length of talk, if the source has it"


def _main_reason(file: Symptoms) -> str | None:
    return next((why for why, count in file.rejects.items() if count > MOST * file.rows), None)


def callers_words(count: int, callers: int, example: str) -> str:
    """That callers could not be read, and what to check."""
    like = f" (for example {example!r})" if example else ""
    return (
        f"{count:,} of {callers:,} callers could not be read as numbers{like};"
        " check which column is the caller, and --region"
    )


def reject_words(reject: Reject) -> str:
    """A rejected row as an example of its reason, and what to do."""
    return f"{reject.reason}, first at {reject.position:,}: {explained(reject)}"


def explained(reject: Reject) -> str:
    """What is wrong with a rejected row, and what to do."""
    reason = REASONS[reject.reason]
    return (reject.detail or reason.means) + (f"; {reason.remedy}" if reason.remedy else "")


def _names(files: Sequence[Symptoms]) -> str:
    return file_names([file.file for file in files])


def file_names(files: Sequence[str]) -> str:
    """The first of some files by their names without folders, and how many more."""
    named = ", ".join(Path(file).name for file in files[:_NAMED])
    return named + (f" and {len(files) - _NAMED:,} more files" if len(files) > _NAMED else "")
