from __future__ import annotations

import socket
import ssl
import threading

import pytest

from callbacks import asker
from callbacks.asker import Newest, hung_up


def test_a_newer_question_of_the_same_page_replaces_the_older_ones() -> None:
    newest = Newest()
    newest.note("here", 4)
    newest.note("there", 9)
    assert not newest.replaced("here", 4)
    newest.note("here", 5)
    assert newest.replaced("here", 4)
    assert not newest.replaced("here", 5), "nor does a second part of the same question replace the first"
    newest.note("here", 3)  # was on its way for longer
    assert not newest.replaced("here", 5)
    assert newest.replaced("here", 3)
    assert not newest.replaced("there", 9)
    assert not newest.replaced("nowhere", 0)


def test_pages_are_forgotten_that_have_not_asked_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asker, "PAGES", 3)
    newest = Newest()
    for page in "abacd":
        newest.note(page, 7)
    assert [page for page in "abcd" if newest.replaced(page, 6)] == ["a", "c", "d"]


def test_many_pages_ask_at_once() -> None:
    newest = Newest()

    def ask(page: str) -> None:
        for number in range(2000):
            newest.note(page, number)

    people = [threading.Thread(target=ask, args=(page,)) for page in "aabbcc"]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    assert [newest.replaced(page, 1998) for page in "abc"] == [True] * 3
    assert [newest.replaced(page, 1999) for page in "abc"] == [False] * 3


def test_a_connection_that_the_other_side_has_closed_is_noticed_at_once() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        assert not hung_up(ours)
        theirs.sendall(b"the next question")
        assert not hung_up(ours)
        assert ours.recv(100) == b"the next question", "nothing is taken away"
        theirs.close()
        assert hung_up(ours)
    assert hung_up(ours), "closed on our side"


def test_where_it_cannot_be_told_the_other_side_is_there() -> None:
    assert not hung_up(None)
    ours, theirs = socket.socketpair()
    with (
        theirs,
        ssl.create_default_context().wrap_socket(
            ours, server_hostname="here", do_handshake_on_connect=False
        ) as wrapped,
    ):
        theirs.close()
        assert not hung_up(wrapped)
