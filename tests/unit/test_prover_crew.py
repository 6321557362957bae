"""Work is shared out and its results come in order; once nobody waits for them, none is handed out any more."""

from __future__ import annotations

import time
from contextlib import closing
from threading import Event

import pytest

from vnetverify.prover.crew import Crew
from vnetverify.prover.solver import Limits, Solver


def solvers(count: int) -> list[Solver]:
    return [Solver(Limits()) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    def work(item: int, _: Solver) -> int:
        time.sleep(0.01 * (5 - item))
        return item * item

    with closing(Crew(work, solvers(count), Event()).results(range(5))) as results:
        assert list(results) == [0, 1, 4, 9, 16]


def test_an_error_in_the_work_is_raised_where_its_result_would_come() -> None:
    def work(item: int, _: Solver) -> int:
        return 1 // item

    with closing(Crew(work, solvers(2), Event()).results([1, 0, 1])) as results:
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_who_stops_waiting_does_not_wait_for_work_that_goes_on() -> None:
    never, stopped = Event(), Event()
    begun: list[int] = []

    def work(item: int, _: Solver) -> int:
        begun.append(item)
        if item:
            never.wait(60)
        return item

    with closing(Crew(work, solvers(1), stopped).results(range(9))) as results:
        assert next(results) == 0
    assert stopped.is_set()
    never.set()
    time.sleep(0.05)

    assert begun in ([0], [0, 1])


def test_a_crew_without_work_has_no_results() -> None:
    def work(item: int, _: Solver) -> int:
        raise AssertionError(item)

    assert list(Crew(work, solvers(2), Event()).results([])) == []
