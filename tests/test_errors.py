from __future__ import annotations

import pytest

from ringfence import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RingfenceError, 1),
        (errors.UsageError, 2),
        (errors.ConfigError, 2),
        (errors.InputError, 2),
    ],
)
def test_exit_statuses(error: type[errors.RingfenceError], status: int) -> None:
    assert error("what, where, what to do").exit_status == status
    assert issubclass(error, errors.RingfenceError)


def test_the_docstring_draws_every_error() -> None:
    assert errors.__doc__ is not None
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in errors.__doc__
