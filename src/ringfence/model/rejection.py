"""Why rows, packets and files cannot be used: the stable words of rejected.parquet, in one place.

docs/reference/rejections.md lists the same. Ingest, captures and the hunt use no other words; a test holds
all of them to it.
"""

from __future__ import annotations

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """means: what is wrong with the row, packet or file. remedy: what a person may do; empty: nothing."""

    means: str
    remedy: str = ""


_ZONES = "check that no two columns are swapped and that all times are in one zone"
_COPY = "copy the file again"
_PART = "capture at the edge, all of the traffic"

#: Reasons that speak of a file rather than of a row in it: they are no rows, and not counted as rows.
FILE_REASONS: dict[str, Reason] = {
    "file_unreadable": Reason("the file was not read: empty, no known format, no permission, or cut short"),
    "file_truncated": Reason("a compressed file breaks off, or Parquet is damaged: the rest is used", _COPY),
}

_ROWS: dict[str, Reason] = {
    "no_call_id": Reason("no call_id", "run ringfence ingest on the file: it makes ids"),
    "no_start_time": Reason("no start time", "check which column is the start_time"),
    "bad_start_time": Reason("the start time is no time", "say its format in a mapping"),
    "no_called_number": Reason("no called number", "check which column is the called number"),
    "bad_called_number": Reason(
        "the called number cannot be read as a number",
        "check which column is the called number, and --region",
    ),
    "absurd_time": Reason("a time before 1990 or after 2100", "say format or unit of the times in a mapping"),
    "absurd_duration": Reason("a call of more than 31 days", "say the unit of the duration in a mapping"),
    "end_before_start": Reason("the end is before the start, by more than a second", _ZONES),
    "answer_before_start": Reason("the answer is before the start, by more than a second", _ZONES),
    "end_before_answer": Reason("the end is before the answer, by more than a second", _ZONES),
    "duplicate_row": Reason("the same record once more, equal in every column: it counts once"),
}

_TEXT: dict[str, Reason] = {
    "ragged_row": Reason(
        "more or fewer fields than columns",
        "check whether the delimiter stands in values without quotes, or the file holds two kinds of rows",
    ),
    "open_quote": Reason("a quote that never closes", "write quotes inside quoted values twice"),
    "nul_byte": Reason("a NUL byte", "export the file anew, as UTF-8"),
    "line_too_long": Reason("a line of more than 1 MiB", "check the line ends of the file"),
    "bad_json": Reason("no JSON, or not the JSON of a call", "export the file again"),
    "bad_ber": Reason("no BER, or not the BER of a call", "transfer the file again, as binary"),
    "not_utf8": Reason("JSON in UTF-16", "convert it to UTF-8"),
    "bye_without_invite": Reason("acc: the call began before the file", "give the file before it too"),
}

_CAPTURES: dict[str, Reason] = {
    "truncated_packet": Reason("the file ends inside a packet; the packets before it are used", _COPY),
    "corrupt_packet": Reason("an impossible length or interface; what follows may be unreadable", _COPY),
    "unsupported_link": Reason("a link type that is not read, told once", "capture on Ethernet or 'any'"),
    "missing_fragment": Reason("a fragmented SIP datagram whose rest was not captured", _PART),
    "tcp_gap": Reason("segments of a SIP stream are missing; reading goes on at the next message", _PART),
    "bad_hep": Reason("a HEP packet that breaks its format"),
    "truncated_message": Reason("a SIP message cut before its headers end", "capture whole packets"),
    "bad_start_line": Reason("no request or status line of SIP"),
    "unsupported_version": Reason("a version of SIP that is not 2.0"),
    "bad_status_code": Reason("a status that is not between 100 and 699"),
    "head_too_long": Reason("more bytes of headers than a SIP message has"),
    "empty": Reason("a SIP message without content"),
    "bad_cseq": Reason("a CSeq that cannot be read: the message cannot be tied to a call"),
    "missing_call_id": Reason("no Call-ID: the message cannot be tied to a call"),
    "no_invite": Reason("a dialog that began before the capture, told once for each Call-ID"),
    "no_time": Reason("SIP in a Simple Packet Block, which has no time"),
    "bad_time": Reason("a packet's time before 1970 or after 2100"),
}

#: Every reason by its word.
REASONS: dict[str, Reason] = _ROWS | _TEXT | _CAPTURES | FILE_REASONS
