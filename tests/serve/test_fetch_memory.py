from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.fetching import Fetched
from ringfence.model.rejected import Rejected
from ringfence.serve.fetch_memory import FAILURES, Answered, Failed, FetchMemory


def _answer(size: int = 1_000) -> Answered:
    return Answered(Fetched(b"x" * size, 10.0), 0.0, 20.0, 30.0)


def test_what_is_kept_is_had_again() -> None:
    memory = FetchMemory(100_000)
    entry, failed = _answer(), Failed(Rejected("no_certificate", 436), 5.0)
    memory.keep("a", entry)
    memory.keep("b", failed)
    assert memory.answer("a") is memory.answer("a") is entry
    assert memory.failure("b") is failed
    assert memory.answer("b") is None and memory.failure("a") is None
    memory.keep("b", entry)
    assert memory.failure("b") is None and memory.answer("b") is entry
    assert len(memory) == 2


def test_a_flood_pushes_out_its_own_kind() -> None:
    memory = FetchMemory(200_000)
    used = [f"https://certs.example/{number}" for number in range(50)]
    for url in used:
        memory.keep(url, _answer())
        memory.answer(url)
    for number in range(100_000):
        memory.keep(f"https://{number}.flood.example/", _answer())
        memory.keep(f"https://{number}.failing.example/", Failed(Rejected("no_certificate", 436), 5.0))
    assert all(memory.answer(url) is not None for url in used)
    assert memory.octets <= 200_000
    assert len(memory) <= FAILURES + 200


def test_one_that_is_larger_than_all_room_is_kept_alone() -> None:
    memory = FetchMemory(2_000)
    memory.keep("a", _answer(10))
    memory.keep("large", _answer(5_000))
    assert memory.answer("a") is None and memory.answer("large") is not None
    memory.keep("a", _answer(10))
    assert memory.answer("large") is None and memory.answer("a") is not None


_STEPS = st.lists(
    st.tuples(st.sampled_from(["keep", "fail", "answer"]), st.integers(0, 12), st.integers(0, 4_000)),
    max_size=80,
)


@given(_STEPS, st.integers(3_000, 20_000))
def test_the_count_of_octets_is_right_and_bounded(steps: list[tuple[str, int, int]], most: int) -> None:
    memory = FetchMemory(most)
    for what, number, size in steps:
        url = f"u{number}"
        if what == "keep":
            memory.keep(url, _answer(size))
            assert memory.failure(url) is None
        elif what == "fail":
            memory.keep(url, Failed(Rejected("no_certificate", 436), 5.0))
        else:
            memory.answer(url)
        held = [*memory._once.items(), *memory._again.items()]
        assert memory.octets == sum(len(entry.fetched.body) + len(url) + 1_024 for url, entry in held)
        assert memory.octets <= most or len(held) == 1
        assert not memory._once.keys() & memory._again.keys()
