"""Whether somebody still waits for an answer: the page has not asked anything else, and has not gone away."""

from __future__ import annotations

import select
import socket
import threading
from collections import OrderedDict

PAGES = 1000
"""The most pages whose last question is kept; of the others any question is answered to its end."""


class Newest:
    """The number of the last question of each page, of the pages that asked last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def note(self, page: str, number: int) -> None:
        """A question has come: whatever order they come in, the highest number is the last one."""
        with self._lock:
            self._numbers[page] = max(number, self._numbers.get(page, number))
            self._numbers.move_to_end(page)
            while len(self._numbers) > PAGES:
                self._numbers.popitem(last=False)

    def replaced(self, page: str, number: int) -> bool:
        """Whether the page has asked something else since."""
        return self._numbers.get(page, number) > number


def hung_up(connection: socket.socket | None) -> bool:
    """Whether whoever is at the other end has closed a connection; never, where that can't be told (None, TLS)."""
    if type(connection) is not socket.socket:
        return False
    poll = select.poll()
    try:
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0)) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):  # broken, or closed on our side
        return True
