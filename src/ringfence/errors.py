"""Every exception Ringfence raises for an operator's own fault.

    RingfenceError            the work failed; exit status 1
    ├── UsageError            wrong options, settings or arguments; exit status 2
    │   └── ConfigError       a settings or mapping file that cannot be understood
    └── InputError            no readable input; exit status 2

Hostile or broken *data* is never an exception: it is a value with a reason
(`ringfence.ingest.format.Reject` for a row, `Rejected` for a message).
Each message is one line: what is wrong, where, and what to do.
"""

from __future__ import annotations


class RingfenceError(Exception):
    """The work failed. The text is one line for the operator."""

    exit_status = 1


class UsageError(RingfenceError):
    """The command was called wrongly."""

    exit_status = 2


class ConfigError(UsageError):
    """A settings or mapping file cannot be understood: names file, key and fix."""


class InputError(RingfenceError):
    """Nothing readable was given: names the file and why it cannot be read."""

    exit_status = 2
