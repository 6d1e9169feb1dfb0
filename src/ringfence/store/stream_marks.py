"""How far each segment of the decision log was streamed: kept beside it, so that nothing is left out.

`stream.json` is there once somebody streams the log; from then on a segment stays until it was sent whole.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from ringfence.errors import RingfenceError

NAME = "stream.json"


def marks(folder: Path) -> dict[str, int] | None:
    """Octets sent, by the segment's name without its ending; None where nobody streams. Raises
    RingfenceError for a file that is none."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise RingfenceError(
            f"{folder / NAME}: cannot be read ({error}); remove it to send the log once more"
        ) from None


def mark(folder: Path, sent: dict[str, int]) -> None:
    """Write them down, whole or not at all."""
    partial = folder / f".{NAME}.partial"
    partial.write_bytes(msgspec.json.encode(sent))
    partial.rename(folder / NAME)


def unsent(folder: Path, segment: Path) -> bool:
    """Whether somebody streams the log, and has not sent this finished segment whole."""
    sent = marks(folder)
    return sent is not None and sent.get(segment.stem, 0) < segment.stat().st_size


def alone(folder: Path) -> int:
    """A lock that one streamer of a folder holds until it ends: its file descriptor.

    Raises RingfenceError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(folder / ".stream.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RingfenceError(f"{folder}: another process streams this log already") from None
    except OSError as error:
        raise RingfenceError(f"{folder}: {error.strerror}; name another folder") from None
    return file
