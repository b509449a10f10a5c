"""How many questions are answered at once, how many wait, and which of those are given up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.messages import NotYetError, UnwantedError

LOOK = 0.2
"""Seconds between two looks whether a question that waits is still wanted."""


class Admission:
    """At most so many passes at once, so many in line for their turn; whoever comes on top is asked to come again."""

    def __init__(self, passes: int, waiting: int) -> None:
        self._passes = passes
        self._places = passes + waiting
        self._passing = 0
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, wanted: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Wait for one's turn and have it.

        Args:
            wanted: whether somebody still waits for the answer; it must not take long to say so.

        Raises:
            NotYetError: there is no place left to wait.
            UnwantedError: nobody has waited to the end.
        """
        with self._changed:
            self._wait(wanted)
            self._passing += 1
        try:
            yield
        finally:
            with self._changed:
                self._passing -= 1
                self._changed.notify_all()

    def _wait(self, wanted: Callable[[], bool]) -> None:
        if self._passing + len(self._line) >= self._places:
            raise NotYetError("Many people are asking at this moment; the answer follows by itself …", 2)
        me = object()
        self._line.append(me)
        try:
            while True:
                if not wanted():
                    raise UnwantedError
                if self._line[0] is me and self._passing < self._passes:
                    return
                self._changed.wait(LOOK)
        finally:
            self._line.remove(me)
            self._changed.notify_all()
