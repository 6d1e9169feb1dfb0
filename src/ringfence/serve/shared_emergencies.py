"""Lines that rang for help, known to all processes of a screen: a call back reaches whichever is free.

Each writes to one file and reads what the others wrote, once a second.
"""

from __future__ import annotations

import os
from pathlib import Path

from ringfence.screen.emergencies import Emergencies


class SharedEmergencies(Emergencies):
    """file: in a folder of the processes' own; it has numbers in it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._read = 0

    def rang(self, line: str, now: float) -> None:
        super().rang(line, now)
        os.write(self._file, f"{now!r} {line}\n".encode())  # in one piece, at the end

    def read(self) -> None:
        """Take in what the others wrote."""
        while whole := os.pread(self._file, 65536, self._read):
            whole = whole[: whole.rfind(b"\n") + 1]
            if not whole:
                return
            self._read += len(whole)
            for row in whole.decode().splitlines():
                at, _, line = row.partition(" ")
                super().rang(line, float(at))

    def close(self) -> None:
        os.close(self._file)
