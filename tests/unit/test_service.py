from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

import explain
import service
from service import NotYetError, Question
from settings import Settings


def photo(digest: str, side: int = 100) -> explain.Photo:
    return explain.Photo(np.zeros((side, side, 3), np.uint8), digest)


def test_photos_are_kept_up_to_a_number_of_bytes_the_last_used_longest() -> None:
    kept = service._Photos(limit=3 * 30_000)
    for digest in "abc":
        kept.keep(photo(digest))
    assert kept.get("a")
    kept.keep(photo("d"))
    assert [digest for digest in "abcd" if kept.get(digest)] == ["a", "c", "d"]


def test_thousands_of_photos_take_no_more_than_one_that_is_too_large() -> None:
    kept = service._Photos(limit=1000)
    for number in range(2000):
        kept.keep(photo(str(number)))
    assert len(kept._photos) == 1
    assert kept.get("1999")


def test_two_pass_eight_wait_and_the_next_is_asked_to_come_again() -> None:
    admission = service._Admission(passes=2, waiting=8)
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
    until = time.monotonic() + 5
    while admission._places.acquire(blocking=False):  # until all ten are in
        admission._places.release()
        assert time.monotonic() < until
    with pytest.raises(NotYetError, match="Many people") as error, admission.turn():
        pass
    assert error.value.seconds > 0
    leave.set()
    for visitor in visitors:
        visitor.join(10)
    assert most[0] == 2
    with admission.turn():
        pass


def test_a_question_before_the_model_is_there_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = threading.Event()

    def load(_model: str) -> None:
        loading.wait(10)
        raise explain.ExplainError("There is no model of this name.")

    waiting = service.Service(Settings())
    monkeypatch.setattr(waiting, "_explainer", load)
    with pytest.raises(NotYetError, match="being loaded"):
        waiting.explain(Question("pets", photo=b""))
    assert not waiting.state().ready
    loading.set()
    assert waiting._warming
    waiting._warming.join(10)
    with pytest.raises(service.RefusedError, match="There is no model"):
        waiting.explain(Question("pets", photo=b""))
    assert "There is no model" in waiting.state().detail


def test_samples_are_photos_only(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "README.md", "c.webp"):
        (tmp_path / name).touch()
    assert service.Service(Settings(samples=tmp_path)).sample_names() == ["a.png", "b.JPG", "c.webp"]
