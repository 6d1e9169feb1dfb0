from __future__ import annotations

import asyncio

import pytest

from ringfence.serve.slots import Slots


def test_hosts_wait_for_themselves_and_not_for_each_other() -> None:
    async def main() -> None:
        slots = Slots(concurrent=3, per_host=2)
        running: list[str] = []
        most: dict[str, int] = {}
        go = asyncio.Event()

        async def one(host: str) -> None:
            async with slots.turn(host):
                running.append(host)
                most[host] = max(most.get(host, 0), running.count(host))
                most["all"] = max(most.get("all", 0), len(running))
                await go.wait()
                running.remove(host)

        tasks = [asyncio.create_task(one(host)) for host in ["slow"] * 10 + ["quick"] * 10]
        await asyncio.sleep(0.01)
        assert sorted(running) == ["quick", "slow", "slow"]
        assert len(slots) == 2
        go.set()
        await asyncio.gather(*tasks)
        assert most["all"] == 3 and max(most["slow"], most["quick"]) == 2
        assert len(slots) == 0

    asyncio.run(main())


def test_who_gives_up_leaves_nothing_behind() -> None:
    async def main() -> None:
        slots = Slots(concurrent=1, per_host=1)
        async with slots.turn("a.example"):
            for host in ("a.example", "b.example"):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01), slots.turn(host):
                        raise AssertionError("it was not our turn")
            assert len(slots) == 1
        assert len(slots) == 0
        async with slots.turn("b.example"):
            assert len(slots) == 1

    asyncio.run(main())
