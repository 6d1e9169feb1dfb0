"""A policy's TOML with its lines: `tomllib` says what is written, but not where."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, TypeVar

import msgspec

from ringfence.errors import ConfigError

_T = TypeVar("_T")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_PATH = re.compile(r"\.([A-Za-z_]+)|\[(\d+|\.\.\.)\]")


class Document:
    """A TOML text that was read. keys: at its top."""

    def __init__(self, raw: dict[str, Any], text: str, where: str) -> None:
        self._raw = raw
        self._lines = text.splitlines()
        self._where = where
        self.keys = frozenset(raw)

    def keys_of(self, table: str) -> frozenset[str]:
        """The keys of one table, empty where it is not there."""
        found = self._raw.get(table)
        return frozenset(found) if isinstance(found, dict) else frozenset()

    def convert(self, kind: type[_T]) -> _T:
        """The document as a value of this type. Raises ConfigError with the line."""
        try:
            return msgspec.convert(self._raw, kind)
        except msgspec.ValidationError as error:
            said, _, path = str(error).partition(" - at `$")
            raise self._fault_at(said, path.rstrip("`")) from None

    def fault(self, text: str, near: str, *, after: str = "") -> ConfigError:
        """The error of a word, which stands on the first line that has it (`after`: behind another)."""
        start = self._line_of(after, 0) if after else 0
        line = self._line_of(near, start or 0)
        return ConfigError(f"{self._where}{f', line {line + 1}' if line is not None else ''}: {text}")

    def _line_of(self, word: str, start: int) -> int | None:
        found = (i for i in range(start, len(self._lines)) if word in self._lines[i].partition(" #")[0])
        return next(found, None)

    def _fault_at(self, said: str, path: str) -> ConfigError:
        """The error of a path such as .rule[2].when: the number of the table counts from the first."""
        line, start, table = None, 0, ""
        value: Any = self._raw
        for name, index in _PATH.findall(path):
            if name:
                table = name
                found = self._line_of(name, start)
                line = found if found is not None else line
                value = value.get(name) if isinstance(value, dict) else None
            elif index != "..." and table:
                head = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
                heads = [i for i, text in enumerate(self._lines) if head.match(text)]
                if int(index) < len(heads):
                    line = start = heads[int(index)]
                value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
            if line is not None:
                start = line
        unknown = re.search(r"unknown field `(\w+)`", said)
        if unknown:
            found = self._line_of(unknown[1], start)
            line = found if found is not None else line
        where = f"{self._where}, line {line + 1}" if line is not None else self._where
        return ConfigError(f"{where}: {_plain(said)}; see docs/reference/policy.md")


def _plain(said: str) -> str:
    said = said.replace("Object contains unknown field", "there is no key")
    return said.replace("Object missing required field", "a rule needs the key")


def read_document(text: str, where: str) -> Document:
    """TOML, read. Raises ConfigError with the line."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        place = f"{where}, line {at[1]}" if at else where
        raise ConfigError(f"{place}: not TOML: {_AT_LINE.sub('', str(error)).strip()}") from None
    return Document(raw, text, where)


def near(word: str, known: list[str]) -> str:
    """A hint at the word that was meant, or nothing."""
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""
