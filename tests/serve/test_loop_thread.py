from __future__ import annotations

import asyncio
import os
import threading

from ringfence.serve.loop_thread import LoopThread


def test_coroutines_run_in_a_thread_of_their_own() -> None:
    thread = LoopThread("test-loop")
    done = threading.Event()
    where: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        where.append(threading.current_thread().name)
        done.set()

    assert "test-loop" not in {known.name for known in threading.enumerate()}
    assert thread.run(work)
    assert done.wait(20)
    assert where == ["test-loop"]
    thread.close()
    assert "test-loop" not in {known.name for known in threading.enumerate()}
    assert not thread.run(work)
    thread.close()


def test_closing_cancels_also_what_was_started_last() -> None:
    for _ in range(20):
        thread = LoopThread("test-loop")
        ended: list[int] = []

        def work(number: int, ended: list[int] = ended) -> object:
            async def wait() -> None:
                try:
                    await asyncio.sleep(1_000)
                finally:
                    ended.append(number)

            return wait()

        for number in range(5):
            assert thread.run(lambda number=number: work(number))  # type: ignore[misc]
        thread.close()
        assert sorted(ended) == list(range(5))


def test_a_forked_process_starts_its_own() -> None:
    thread = LoopThread("test-loop")
    done = threading.Event()

    async def work() -> None:
        done.set()

    assert thread.run(work) and done.wait(20)
    child = os.fork()
    if child == 0:  # nothing of the test framework may run in here
        done.clear()
        os._exit(0 if thread.run(work) and done.wait(20) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    thread.close()


def test_closed_before_anything_ran() -> None:
    thread = LoopThread("test-loop")
    thread.close()
    assert not thread.run(lambda: asyncio.sleep(0))
