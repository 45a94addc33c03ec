"""Toy stages: order, bounds, batches, errors in every place, and that no thread outlives its run."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from untag.scan.pipeline import Admission, Cancel, Stage, run_pipeline
from untag.support.memory_budget import MemoryBudget

PATIENT = 3600.0
"""Seconds for a batch to fill: a test that waits for them fails by its own time limit."""

both = pytest.mark.parametrize("threaded", [False, True], ids=["inline", "threads"])


def unit(_: object) -> int:
    return 1


def run(
    source: Iterable[Any],
    stages: list[Stage[Any, Any]],
    *,
    threaded: bool,
    capacity: int = 4,
    cost: Callable[[Any], int] = unit,
    cancel: Cancel | None = None,
    linger: float = 0.0,
) -> Iterator[Any]:
    return run_pipeline(source, stages, threaded=threaded, capacity=capacity, cost=cost, cancel=cancel, linger=linger)


def each(change: Callable[[Any], Any]) -> Callable[[list[Any]], Iterator[Any]]:
    return lambda batch: map(change, batch)


def add(number: int) -> Callable[[list[int]], Iterator[int]]:
    return each(lambda item: item + number)


def toy(number: int, *, copies: int) -> Callable[[list[int]], list[int]]:
    return lambda batch: [item + number for item in batch for _ in range(copies)]


def odd(batch: list[int]) -> list[int]:
    return [item for item in batch if item % 2]


def same(batch: list[Any]) -> list[Any]:
    return batch


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


class BoomError(Exception):
    pass


@dataclass
class Watched:
    """A source that knows how far it was read and whether it was closed."""

    items: Iterable[Any]
    read: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Iterator[Any]:
        try:
            for item in self.items:
                self.read += 1
                yield item
        finally:
            self.closed.set()


@both
def test_outputs_are_in_order_with_one_worker_each(threaded: bool) -> None:
    stages: list[Stage[int, int]] = [
        Stage("double", toy(0, copies=2), batch=3),
        Stage("odd", odd),
        Stage("add", add(100), batch=5),
    ]
    expected = [item + 100 for item in range(50) for _ in range(2) if item % 2]
    assert list(run(range(50), stages, threaded=threaded)) == expected


@both
def test_no_stages_and_no_items(threaded: bool) -> None:
    assert list(run(range(9), [], threaded=threaded)) == list(range(9))
    assert list(run([], [Stage("same", same, workers=3, batch=8)], threaded=threaded, linger=PATIENT)) == []
    assert list(run(range(9), [Stage("none", lambda _: [])], threaded=threaded)) == []


stage_lists: st.SearchStrategy[list[Stage[int, int]]] = st.lists(
    st.builds(
        lambda run, workers, batch: Stage("toy", run, workers, batch),
        st.builds(toy, st.integers(0, 9), copies=st.integers(0, 2)),
        st.integers(1, 3),
        st.integers(1, 5),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=40), stage_lists, st.integers(1, 40))
def test_threads_make_what_inline_makes(items: list[int], stages: list[Stage[int, int]], capacity: int) -> None:
    inline = list(run(items, stages, threaded=False, capacity=capacity, cost=int))
    threads = list(run(items, stages, threaded=True, capacity=capacity, cost=int, linger=0.001))
    assert Counter(threads) == Counter(inline)
    if all(stage.workers == 1 for stage in stages):
        assert threads == inline


@both
def test_only_the_caller_s_thread_takes_and_each_stage_has_its_own(threaded: bool) -> None:
    names = {"source": set[str](), "work": set[str]()}

    def source() -> Iterator[int]:
        for item in range(20):
            names["source"].add(threading.current_thread().name)
            yield item

    def work(batch: list[int]) -> list[int]:
        names["work"].add(threading.current_thread().name)
        return batch

    main = threading.current_thread().name
    list(run(source(), [Stage("work", work)], threaded=threaded))
    assert names == ({"source": {"source"}, "work": {"work-0"}} if threaded else {"source": {main}, "work": {main}})


@pytest.mark.parametrize("capacity", [1, 7, 20])
def test_queues_hold_no_more_than_their_capacity(capacity: int) -> None:
    """Nobody takes from the last queue while the source runs on: it must stop by itself."""
    sizes = [5, 3, 9, 1, 1, 1, 2, 30, 4, 4, 4, 1] * 3
    source = Watched(sizes)
    full = threading.Event()
    held = 0
    taken: list[int] = []

    def cost(item: int) -> int:
        return item

    results = run(source(), [], threaded=True, capacity=capacity, cost=cost)
    taken.append(next(results))
    for item in results:
        # What was read and not taken yet: in the queue, or in the source's hand.
        waiting = sizes[len(taken) + 1 : source.read - 1]
        held = max(held, sum(waiting))
        assert sum(waiting) <= capacity or len(waiting) == 1
        taken.append(item)
        full.set()
    assert taken == sizes
    assert capacity == 1 or held > 0


def test_a_stage_that_stands_still_stops_what_is_before_it() -> None:
    go = threading.Event()
    entered = threading.Event()
    source = Watched(range(100))

    def stand(batch: list[int]) -> list[int]:
        entered.set()
        assert go.wait(60)
        return batch

    results = run(source(), [Stage("pass", same), Stage("stand", stand)], threaded=True, capacity=3)
    taken: list[int] = []
    taker = threading.Thread(target=lambda: taken.extend(results))
    taker.start()
    assert entered.wait(60)
    # In work at `stand` 1, queue 3, in hand of `pass` 1, queue 3, in hand of the source 1: never more than that.
    for _ in range(1000):
        assert source.read <= 9
    go.set()
    taker.join()
    assert taken == list(range(100))


@both
def test_an_item_larger_than_the_capacity_passes_alone(threaded: bool) -> None:
    sizes = [1000, 1, 1000, 1, 1, 1000, 1000, 1]
    batches: list[list[int]] = []

    def note(batch: list[int]) -> list[int]:
        batches.append(batch)
        return batch

    assert (
        list(run(sizes, [Stage("note", note, batch=3)], threaded=threaded, capacity=2, cost=int, linger=PATIENT))
        == sizes
    )
    assert [] not in batches
    assert all(batch == [1000] or 1000 not in batch for batch in batches)
    assert all(sum(batch) <= 2 or len(batch) == 1 for batch in batches)


@both
def test_batches_fill_while_more_is_to_come_and_the_last_does_not_wait(threaded: bool) -> None:
    sizes: list[int] = []

    def note(batch: list[int]) -> list[int]:
        sizes.append(len(batch))
        return batch

    def slowly() -> Iterator[int]:
        for item in range(30):
            # Long enough for the taker to find each item alone.
            time.sleep(0.002)
            yield item

    stages = [Stage("trickle", add(0)), Stage("note", note, batch=8)]
    assert list(run(slowly(), stages, threaded=threaded, capacity=100, linger=PATIENT)) == list(range(30))
    assert sizes == [8, 8, 8, 6]


def test_a_batch_is_no_larger_however_much_waits() -> None:
    all_read = threading.Event()
    sizes: list[int] = []

    def numbers() -> Iterator[int]:
        yield from range(30)
        all_read.set()

    def note(batch: list[int]) -> list[int]:
        assert all_read.wait(60)
        sizes.append(len(batch))
        return batch

    assert list(run(numbers(), [Stage("note", note, batch=8)], threaded=True, capacity=100)) == list(range(30))
    assert max(sizes) <= 8
    assert sum(sizes) == 30


@pytest.mark.parametrize("workers", [1, 3])
def test_a_full_queue_goes_without_a_full_batch(workers: int) -> None:
    stages = [Stage("large", same, workers=workers, batch=100)]
    assert sorted(run(range(30), stages, threaded=True, capacity=4, linger=PATIENT)) == list(range(30))


def test_a_batch_that_does_not_fill_goes_after_a_while() -> None:
    """The source gives its second item only after the first came out: without the limit this would wait for ever."""
    out = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert out.wait(60)
        yield 2

    results = run(source(), [Stage("pair", same, batch=2)], threaded=True, linger=0.001)
    assert next(results) == 1
    out.set()
    assert list(results) == [2]


@both
@pytest.mark.parametrize("place", range(3), ids=["first", "middle", "last"])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("lazily", [False, True])
def test_a_failing_stage_ends_the_run(threaded: bool, place: int, workers: int, lazily: bool) -> None:
    def explode(batch: list[int]) -> Iterable[int]:
        if 20 in batch:
            raise BoomError("at twenty")
        return batch

    def explode_lazily(batch: list[int]) -> Iterator[int]:
        yield from explode(batch)

    stages = [Stage(f"stage{n}", same, workers=workers, batch=2) for n in range(3)]
    stages[place] = Stage("bad", explode_lazily if lazily else explode, workers=workers, batch=2)
    source = Watched(range(10_000))
    with pytest.raises(BoomError, match="at twenty") as caught:
        list(run(source(), stages, threaded=threaded))
    assert "explode" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert source.closed.is_set()
    assert source.read < 10_000


@both
def test_a_failing_source_ends_the_run(threaded: bool) -> None:
    def source() -> Iterator[int]:
        yield from range(5)
        raise BoomError

    results = run(source(), [Stage("same", same, workers=2, batch=4)], threaded=threaded, linger=PATIENT)
    with pytest.raises(BoomError) as caught:
        list(results)
    assert "source" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


@both
def test_errors_that_are_no_exceptions_arrive_as_well(threaded: bool) -> None:
    def leave(_: list[int]) -> list[int]:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        list(run(range(9), [Stage("leave", leave)], threaded=threaded))


@both
def test_a_failing_cost_ends_the_run(threaded: bool) -> None:
    def cost(item: int) -> int:
        if item == 3:
            raise BoomError
        return 1

    with pytest.raises(BoomError):
        list(run(range(9), [Stage("same", same)], threaded=threaded, cost=cost))


@both
@pytest.mark.parametrize("taken", [0, 1, 5])
def test_closing_early_ends_every_thread_and_closes_every_generator(threaded: bool, taken: int) -> None:
    """The autouse fixture looks for threads."""
    source = Watched(iter(int, 1))
    stages = [Stage("a", same, workers=3, batch=4), Stage("b", add(1), workers=2)]
    results = run(source(), stages, threaded=threaded, linger=PATIENT)
    for _ in range(taken):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert source.closed.is_set() == (taken > 0)
    assert list(results) == []


@both
def test_an_error_in_the_caller_ends_every_thread(threaded: bool) -> None:
    source = Watched(iter(int, 1))
    closed = threading.Event()
    # Held here, so that none is closed only by being collected.
    held: list[Iterator[int]] = []

    def endless(batch: list[int]) -> Iterator[int]:
        try:
            while True:
                yield from batch
        finally:
            closed.set()

    def lazily(batch: list[int]) -> Iterator[int]:
        held.append(endless(batch))
        return held[-1]

    results = run(source(), [Stage("lazily", lazily)], threaded=threaded)
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert source.closed.is_set()
    assert closed.is_set()


@both
def test_cancelling_stops_reading_and_loses_nothing_that_was_read(threaded: bool) -> None:
    cancel = Cancel()
    source = Watched(iter(int, 1))
    stages = [Stage("same", same, workers=2, batch=3)]
    results = []
    for item in run(source(), stages, threaded=threaded, cancel=cancel, linger=PATIENT):
        results.append(item)
        if len(results) == 10:
            cancel.set()
    assert len(results) == source.read >= 10
    assert source.closed.is_set()


@both
def test_cancelled_before_it_began(threaded: bool) -> None:
    cancel = Cancel()
    cancel.set()
    assert list(run(range(9), [Stage("same", same)], threaded=threaded, cancel=cancel)) == []


def test_nothing_starts_before_the_first_item_is_asked_for() -> None:
    before = threading.active_count()
    source = Watched(range(3))
    run(source(), [Stage("same", same)], threaded=True)
    assert threading.active_count() == before
    assert source.read == 0


# --- what is under way, and what threads share ----------------------------------------------------------------------


def test_no_more_is_under_way_than_is_admitted() -> None:
    lock = threading.Lock()
    out: list[int] = []
    entered: list[int] = []
    most: list[int] = []

    def enter(items: list[int]) -> Iterator[int]:
        with lock:
            entered.extend(items)
            most.append(sum(entered) - sum(out))
        yield from items

    def slow(items: list[int]) -> Iterator[int]:
        time.sleep(0.005)
        yield from items

    stages = [Stage("enter", enter, workers=4), Stage("slow", slow, batch=3)]
    sizes = [3] * 20 + [30] + [3] * 20
    admission = Admission(10, lambda size: size)
    for item in run_pipeline(sizes, stages, threaded=True, capacity=1000, cost=unit, admission=admission):
        with lock:
            out.append(item)
    assert sorted(out) == sorted(sizes)
    # The one beyond the bound is under way alone. An item has left shortly before this thread can count it.
    assert max(most) <= 30 + 3
    assert sorted(most)[-5] <= 10 + 3


def test_as_much_is_under_way_as_is_admitted() -> None:
    both = threading.Barrier(2, timeout=60)

    def meet(items: list[int]) -> Iterator[int]:
        both.wait()
        yield from items

    admission = Admission(10, lambda size: size)
    stages = [Stage("meet", meet, workers=2)]
    assert list(run_pipeline([5, 5], stages, threaded=True, capacity=10, cost=unit, admission=admission)) == [5, 5]


def test_whoever_waits_for_admission_hears_of_a_failure_and_of_the_end() -> None:
    def fails(items: list[int]) -> Iterator[int]:
        raise ValueError("the stage failed")
        yield from items

    admission = Admission(10, lambda size: size)
    with pytest.raises(ValueError, match="the stage failed"):
        list(run_pipeline([9] * 50, [Stage("fails", fails)], threaded=True, capacity=1, cost=int, admission=admission))
    items = run_pipeline([9] * 50, [Stage("same", iter)], threaded=True, capacity=1, cost=int, admission=admission)
    assert next(items) == 9
    items.close()


def test_a_cancelled_run_lets_in_what_waits() -> None:
    cancel = Cancel()

    def dropped(items: list[int]) -> Iterator[int]:
        cancel.set()
        return iter(())

    admission = Admission(10, lambda size: size)
    assert not list(
        run_pipeline(
            [9] * 50, [Stage("drop", dropped)], threaded=True, capacity=1, cost=int, cancel=cancel, admission=admission
        )
    )


def test_threads_share_a_room_and_nobody_waits_for_ever() -> None:
    room = MemoryBudget()
    lock = threading.Lock()
    held = 0
    most: list[int] = []

    def use(size: int) -> None:
        nonlocal held
        with room.hold(size, 10):
            with lock:
                held += size
                most.append(held)
            time.sleep(0.002)
            with lock:
                held -= size

    threads = [threading.Thread(target=use, args=(size,)) for size in [4, 9, 4, 25, 1, 4, 10, 3, 3, 25, 4] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What is more than the whole room passes, alone.
    assert {total for total in most if total > 10} == {25}


def test_a_room_is_free_again_after_an_error() -> None:
    room = MemoryBudget()
    with pytest.raises(ValueError), room.hold(10, 10):
        raise ValueError
    with room.hold(10, 10):
        pass
