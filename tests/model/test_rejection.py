"""One list of reasons, to which the code and the documents hold."""

from __future__ import annotations

import re
from pathlib import Path

from ringfence.model.rejection import FILE_REASONS, REASONS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ringfence"

#: Where the code names a reason: as an argument beside others, or as the word that a judge gives.
NAMED = re.compile(
    r"Reject\([^\"\n]*,\s*\"(\w+)\""
    r"|(?:Fault|_reject)\([^\"\n]*\"(\w+)\""
    r"|mark\(.*, \"(\w+)\"\)"
    r"|\"(\w+_before_\w+)\""
    r"|return Rejected\(\s*\"(\w+)\""
    r"|reasons\[[^\]]+\] = \"(\w+)\""
    r"|return \"((?:bad|missing)_\w+)\""
)
#: The hunt's own: a condition and its reason.
JUDGED = re.compile(r"(?:isnull\(\)|literal\(True\)|fill_null\(False\)), \"(\w+)\"\),")
READERS = (*(SOURCE / "ingest").glob("*.py"), SOURCE / "sip" / "message.py")


def test_the_code_names_no_other_reason() -> None:
    named = {word for file in READERS for found in NAMED.findall(file.read_text()) for word in found if word}
    named |= set(JUDGED.findall((SOURCE / "hunt" / "records.py").read_text()))
    named.discard("truncated_head")  # to a capture, a truncated_message
    assert {"open_quote", "bad_called_number", "bad_cseq", "truncated_packet", "no_call_id"} <= named
    assert named <= set(REASONS)


def test_the_documents_list_each_with_what_it_means() -> None:
    text = (ROOT / "docs" / "reference" / "rejections.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\|$", text, re.MULTILINE)
    assert {word: (means, remedy) for word, means, remedy in listed} == {
        word: (reason.means, reason.remedy) for word, reason in REASONS.items()
    }


def test_files_are_told_apart_from_rows() -> None:
    assert set(FILE_REASONS) == {"file_unreadable", "file_truncated"}
