from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from service import NotYetError, UnwantedError
from service.admission import Admission


def until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + 10
    while not true():
        assert time.monotonic() < last
        time.sleep(0.01)


def waiting(admission: Admission) -> int:
    return len(admission._line)


def test_two_pass_eight_wait_and_the_next_is_asked_to_come_again() -> None:
    admission = Admission(passes=2, waiting=8)
    inside, most = [0], [0]
    lock, leave = threading.Lock(), threading.Event()

    def visit() -> None:
        with admission.turn():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            leave.wait(10)
            with lock:
                inside[0] -= 1

    visitors = [threading.Thread(target=visit) for _ in range(10)]
    for visitor in visitors:
        visitor.start()
    until(lambda: (inside[0], waiting(admission)) == (2, 8))
    with pytest.raises(NotYetError, match="Many people") as error, admission.turn():
        pass
    assert error.value.seconds > 0
    leave.set()
    for visitor in visitors:
        visitor.join(10)
    assert most[0] == 2
    with admission.turn():
        pass


def test_who_came_first_passes_first() -> None:
    admission, passed = Admission(passes=1, waiting=5), []

    def visit(name: int) -> None:
        with admission.turn():
            passed.append(name)

    with admission.turn():
        visitors = [threading.Thread(target=visit, args=(name,)) for name in range(5)]
        for number, visitor in enumerate(visitors):
            visitor.start()
            until(lambda number=number: waiting(admission) == number + 1)  # type: ignore[misc]
        time.sleep(0.5)  # they look whether they are still wanted, and keep their places
    for visitor in visitors:
        visitor.join(10)
    assert passed == [0, 1, 2, 3, 4]


def test_who_is_not_wanted_any_more_leaves_the_line_to_others() -> None:
    admission, wanted, outcome = Admission(passes=1, waiting=1), threading.Event(), list[str]()
    wanted.set()

    def visit() -> None:
        try:
            with admission.turn(wanted.is_set):
                outcome.append("passed")
        except UnwantedError:
            outcome.append("left")

    with admission.turn():
        visitor = threading.Thread(target=visit)
        visitor.start()
        until(lambda: waiting(admission) == 1)
        with pytest.raises(NotYetError), admission.turn():
            pass
        wanted.clear()
        visitor.join(10)
        assert outcome == ["left"]
        wanted.set()
        other = threading.Thread(target=visit)
        other.start()
        until(lambda: waiting(admission) == 1)
    other.join(10)
    assert outcome == ["left", "passed"]


def test_who_is_not_wanted_at_all_does_not_pass() -> None:
    admission = Admission(passes=1, waiting=0)
    with pytest.raises(UnwantedError), admission.turn(lambda: False):
        pass
    with admission.turn():
        pass


def test_a_pass_that_fails_gives_its_turn_back() -> None:
    admission = Admission(passes=1, waiting=0)
    for _ in range(3):
        with pytest.raises(KeyError), admission.turn():
            raise KeyError
