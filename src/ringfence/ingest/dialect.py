"""How a text file is written: its encoding, delimiter and quoting, told from its beginning."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence

import msgspec
import numpy as np

DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_LINES = 50


class Dialect(msgspec.Struct, frozen=True):
    """encoding: utf-8 also stands for ASCII and for files with stray Windows-1252 rows."""

    delimiter: str = ","
    encoding: str = "utf-8"
    quoted: bool = True
    newline: str = "\n"  # or a lone "\r"


def sniff(head: bytes) -> Dialect | None:
    """The dialect of a file that begins with `head`; None if it is not text in columns."""
    text = decode_head(head)
    if text is None:
        return None
    lines = sample_lines(text)
    best, best_score = None, 0.0
    for delimiter in DELIMITERS:
        counts = [len(split_line(line, Dialect(delimiter))) - 1 for line in lines]
        usual = max(set(counts), key=lambda n: (counts.count(n) if n else 0, n), default=0)
        # the same number of columns in every line matters more than many columns
        score = counts.count(usual) / len(counts) * 100 + min(usual, 50) if usual else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    if best is None:
        return None
    # mysql's tab-separated output does not quote: there a quote is a character like others
    quoted = best != "\t" or any(field.startswith('"') for line in lines for field in line.split("\t"))
    return Dialect(best, encoding_of(head), quoted, newline_of(text))


def sample_lines(text: str) -> list[str]:
    """The first lines that are not blank, without a last one that the sample may have cut."""
    lines = text_lines(text)
    if len(lines) > _SAMPLE_LINES:
        lines.pop()
    return [line for line in lines if line.strip()][:_SAMPLE_LINES]


def newline_of(text: str) -> str:
    """How lines end: a lone carriage return where there is nothing else. CR before LF belongs to no line."""
    return "\r" if "\r" in text and "\n" not in text else "\n"


def text_lines(text: str) -> list[str]:
    """Lines as the reader of the file cuts them: at its line ends, not at other separators of Unicode."""
    return [line.removesuffix("\r") for line in text.split(newline_of(text))]


def encoding_of(head: bytes) -> str:
    """utf-8, utf-16-le or utf-16-be: by the byte order mark, else by where the zero bytes are."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    sample = np.frombuffer(head[: min(len(head), 4096) // 2 * 2], dtype=np.uint8)
    if len(sample) >= 8:
        even, odd = float((sample[0::2] == 0).mean()), float((sample[1::2] == 0).mean())
        if odd > 0.7 and even < 0.1:
            return "utf-16-le"
        if even > 0.7 and odd < 0.1:
            return "utf-16-be"
    return "utf-8"


def without_bom(data: bytes) -> bytes:
    """The bytes after a byte order mark."""
    for bom, _ in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :]
    return data


def decode_head(head: bytes) -> str | None:
    """The beginning of a file as text; None where it does not look like text."""
    encoding = encoding_of(head)
    body = without_bom(head)
    if encoding != "utf-8":
        text = body[: len(body) // 2 * 2].decode(encoding, "replace")
    else:
        try:
            # the incremental decoder forgives a character cut at the end of the sample
            text = codecs.getincrementaldecoder("utf-8")().decode(body)
        except UnicodeDecodeError:
            text = body.decode("cp1252", "replace")
    sample = text[:4096]
    strange = sum(c < " " and c not in "\t\r\n" for c in sample) + sample.count("\ufffd")
    return None if not sample.strip() or strange > len(sample) // 20 else text


def split_line(line: str, dialect: Dialect) -> list[str]:
    """The fields of one line. A quote left open takes the rest of the line."""
    if not dialect.quoted:
        return line.split(dialect.delimiter)
    try:
        return next(csv.reader([line], delimiter=dialect.delimiter), [])
    except csv.Error:
        return line.split(dialect.delimiter)


def first_rows(head: bytes, dialect: Dialect, count: int = 5) -> list[list[str]]:
    """The fields of the first lines of a file that begins with `head`."""
    return [split_line(line, dialect) for line in sample_lines(decode_head(head) or "")[:count]]


def header_of(head: bytes, dialect: Dialect, skip: int = 0) -> list[str]:
    """The column names in the first line after `skip` lines; repeated names get a number."""
    lines = text_lines(decode_head(head) or "")[skip : skip + 1]
    return unique_names(split_line(lines[0], dialect)) if lines else []


def first_by_lower(names: Sequence[str]) -> dict[str, str]:
    """The names by their lower-case forms; of some that differ in case alone the first."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(name.strip().lower(), name)
    return known


def repeats(
    head: bytes, dialect: Dialect, names: Sequence[str], skip: int, used: Sequence[str], caseless: bool
) -> dict[str, list[int]]:
    """Used columns that the header names again, with the places of that name from 1.

    names: the columns as they are called here. skip: the lines before the first row, the header among them.
    used: the names that are read; who names a repeated one by its own name knows of it.
    """
    for line in text_lines(decode_head(head) or "")[:skip]:
        fields = split_line(line, dialect)
        if unique_names(fields) == list(names):
            break
    else:
        return {}  # the names are not the header's
    places: dict[str, list[int]] = {}
    for at, field in enumerate(fields, start=1):
        key = field.strip().lower() if caseless else field.strip()
        places.setdefault(key, []).append(at)
    return {
        names[first - 1]: [first, *others]
        for key, (first, *others) in places.items()
        if key and others and names[first - 1] in used and not any(names[at - 1] in used for at in others)
    }


def unique_names(fields: list[str]) -> list[str]:
    """Column names from a header's fields: trimmed, numbered where they repeat or are empty."""
    names: list[str] = []
    for number, field in enumerate(fields, start=1):
        name = field.strip() or f"column_{number}"
        names.append(f"{name}_{number}" if name in names else name)
    return names


#: How files begin that are neither text nor a format of ours, and what to do with them.
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of old; save the sheet as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"\xfd7zXZ\x00", "compressed with xz; decompress it with: unxz"),
    (b"\x04\x22\x4d\x18", "compressed with lz4; decompress it with: unlz4"),
    (b"\x1f\x8b", "compressed with gzip twice; decompress it with: gunzip"),
    (b"%PDF", "a PDF; export the records as CSV"),
    (b"SQLite format 3\x00", "an SQLite database; export the table as CSV"),
    (b"ORC", "ORC; convert it to Parquet"),
    (b"Obj\x01", "Avro; convert it to Parquet"),
    (b"ARROW1", "an Arrow file; convert it to Parquet"),
)
_TAR = slice(257, 262)


def foreign(head: bytes) -> str | None:
    """What a file of no known format looks like and what to do, where it is no text that can be read here."""
    if wide := _wide_encoding(head):
        return f"looks like {wide} text; convert it with: iconv -f {wide} -t UTF-8"
    if head[_TAR] == b"ustar":
        return "looks like a tar archive; unpack it"
    for magic, words in _MAGIC:
        if head.startswith(magic) and (b"\x00" in head or decode_head(head) is None):
            return f"looks like {words}"
    if decode_head(head) is not None:
        return None
    nuls = head.count(0)
    return (
        f"looks like binary data, not text (it begins with {head[:8].hex(' ')}; {nuls:,} NUL bytes in the"
        f" first {len(head):,}), and is no binary format that is known; export the records as CSV or Parquet"
    )


def _wide_encoding(head: bytes) -> str | None:
    """UTF-32 where a file's beginning is that, with its byte order if no mark says it."""
    whole = head[: len(head) // 4 * 4]
    for bom, order in ((codecs.BOM_UTF32_LE, "LE"), (codecs.BOM_UTF32_BE, "BE")):
        try:
            text = whole.removeprefix(bom).decode(f"utf-32-{order.lower()}")
        except UnicodeDecodeError:
            continue
        if text and all(char.isprintable() or char in "\t\r\n" for char in text):
            return "UTF-32" if whole.startswith(bom) else f"UTF-32{order}"
    return None
