"""How many questions are answered at once, and how many wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.messages import NotYetError


class Admission:
    """At most so many passes at once, so many waiting for their turn; whoever comes on top is asked to come again."""

    def __init__(self, passes: int, waiting: int) -> None:
        self._turns = threading.BoundedSemaphore(passes)
        self._places = threading.BoundedSemaphore(passes + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn and have it.

        Raises:
            NotYetError: there is no place left to wait.
        """
        if not self._places.acquire(blocking=False):
            raise NotYetError("Many people are asking at this moment; the answer follows by itself …", 2)
        try:
            with self._turns:
                yield
        finally:
            self._places.release()
