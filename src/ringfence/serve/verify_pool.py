"""Many calls verified by many processes: for replays of recorded traffic, where one core is too few.

Signatures are nine tenths of the work and one core's each, so that rates add up. A screen that judges calls
as they arrive runs one verifier in its own process instead: an answer must not wait for a batch to fill.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context

from ringfence.errors import RingfenceError, UsageError
from ringfence.model.call import Call
from ringfence.model.verification import Verification
from ringfence.verify.verifier import Verifier

#: Calls that go to a process at a time: what they cost to send is a fiftieth of what they cost to verify.
BATCH = 256
#: Batches for each process that are under way or done and not yet taken.
_AHEAD = 3

Recipe = Callable[[], Verifier]


def verify_in_processes(
    calls: Iterable[tuple[Call, float]], make_verifier: Recipe, workers: int | None = None
) -> Iterator[Verification]:
    """The verification of each call at its time, in order, as `Verifier.verify_many` gives them.

    make_verifier: called once in each process, which can be told of it by pickling: a function of a module,
    or a `functools.partial` of one. The verifier must have no memory of tokens: a process would see only the
    repeats among its own calls. workers: processes, by default one for each core.

    Calls are read as they are needed: 768 for each process ahead of what was taken, at most. A caller that
    stops early ends the processes by closing the iterator.

    Raises what make_verifier raises; UsageError for a verifier with a memory of tokens, and for no workers;
    RingfenceError where a process dies.
    """
    count = (os.cpu_count() or 1) if workers is None else workers
    if count < 1:
        raise UsageError(f"{count} workers: at least one is needed")
    return _verified(iter(calls), make_verifier, count)


def _verified(calls: Iterator[tuple[Call, float]], make: Recipe, workers: int) -> Iterator[Verification]:
    # spawned, not forked: the caller may have threads, whose locks a fork would copy as they are held
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _remember, (make,))
    under_way: deque[Future[list[Verification]]] = deque()
    try:
        while True:
            while len(under_way) < workers * _AHEAD and (batch := list(islice(calls, BATCH))):
                under_way.append(pool.submit(_verify, batch))
            if not under_way:
                return
            yield from under_way.popleft().result()
    except BrokenProcessPool as error:
        raise RingfenceError(
            "a process that verifies calls has died; was it killed, or is memory short? Try fewer workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


# in each process

_recipe: Recipe
_verifier: Verifier | None = None


def _remember(make: Recipe) -> None:
    # not called here: what an initialiser raises is lost, what a task raises is told
    global _recipe
    _recipe = make


def _verify(batch: list[tuple[Call, float]]) -> list[Verification]:
    global _verifier
    if _verifier is None:
        made = _recipe()
        if made.replay is not None:
            raise UsageError("verifiers in processes have no memory of tokens: leave replay out")
        _verifier = made
    return list(_verifier.verify_many(batch))
