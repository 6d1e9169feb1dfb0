"""How a text file is written: its encoding, delimiter and quoting, told from its beginning."""

from __future__ import annotations

import codecs
import csv

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


def unique_names(fields: list[str]) -> list[str]:
    """Column names from a header's fields: trimmed, numbered where they repeat or are empty."""
    names: list[str] = []
    for number, field in enumerate(fields, start=1):
        name = field.strip() or f"column_{number}"
        names.append(f"{name}_{number}" if name in names else name)
    return names
