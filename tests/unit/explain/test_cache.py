from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from explain.cache import Cache


def test_what_was_put_is_found():
    cache = Cache(10)
    assert cache.get("a") is None
    cache.put("a", 1, 4)
    assert cache.get("a") == 1
    assert cache.bytes == 4


def test_what_was_used_longest_ago_goes_first():
    cache = Cache(10)
    for key in "abc":
        cache.put(key, key, 3)
    cache.get("a")
    cache.put("d", "d", 3)
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]
    assert cache.bytes == 9


def test_one_large_value_pushes_out_several():
    cache = Cache(10)
    for key in "abc":
        cache.put(key, key, 3)
    cache.put("d", "d", 10)
    assert [key for key in "abcd" if cache.get(key)] == ["d"]


def test_a_value_put_again_counts_once():
    cache = Cache(10)
    cache.put("a", 1, 6)
    cache.put("a", 2, 5)
    assert cache.get("a") == 2
    assert cache.bytes == 5


def test_a_value_larger_than_the_cache_is_not_kept_and_pushes_nothing_out():
    cache = Cache(10)
    cache.put("a", 1, 6)
    cache.put("b", 2, 11)
    assert cache.get("b") is None
    assert cache.get("a") == 1
    cache.put("a", 3, 11)
    assert cache.get("a") is None  # the old value would be wrong
    assert cache.bytes == 0


def test_a_cache_of_no_bytes_keeps_nothing():
    cache = Cache(0)
    cache.put("a", 1, 1)
    assert cache.get("a") is None


def test_clearing_forgets_everything():
    cache = Cache(10)
    cache.put("a", 1, 6)
    cache.clear()
    assert cache.get("a") is None
    assert cache.bytes == 0


def test_threads_do_not_lose_count():
    cache = Cache(1000)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(2000):
            key = int(rng.integers(50))
            cache.put(key, key, 10 * (key + 1))
            assert cache.get(key) in (None, key)
            assert cache.bytes <= 1000 + 500  # while a value is being put

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert cache.bytes == sum(10 * (key + 1) for key in range(50) if cache.get(key) is not None) <= 1000
