"""Splits by content: what a photo shows decides where it goes, whatever it is called and whatever lies beside it.

The sha256 of a file decides for 80 % train, 10 % val and 10 % test. Photos that are nearly the same go together, to
where the one with the smallest sha256 belongs: a photo that is added moves no other, unless it is nearly the same.

Nearly the same are two photos whose 8 × 8 difference hashes (Krawetz 2013, "Kind of Like That") differ in at most
`BITS` bits and whose 16 × 16 thumbnails correlate by at least `CORRELATION`. Measured on 6,000 shelter photos of cats
and dogs: the hash alone finds 8 pairs within 4 bits, 5 of them wrong (any bright thing on a dark ground), and misses
copies whose even grounds were compressed anew; within 10 bits all copies of half the size or at JPEG quality 30 and
99.8 % of those at quality 10 are found, with 811 pairs, of which the thumbnails leave 3, all of them right. Of 4,044
photos of cars they leave 4: two copies and two pairs of like cars on white, which costs nothing but a free choice.
Plain NumPy and OpenCV: this module runs on every Keras backend.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.decoding import Pixels, shrink

NAMES = ("train", "val", "test")
NAMED = 8
"""The most classes that are named on a line."""
BITS = 10
CORRELATION = 0.94
_SIDE = 64
_FLAT = 1.0  # grey levels of standard deviation: below, all photos look the same, and only their bytes count
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """What of a photo decides its split.

    Attributes:
        digest: sha256 of its file, in hexadecimal.
        bits: its difference hash.
        thumbnail: float32 (256,), without its mean, of length 1; all 0 for a flat photo and for what is no photo.
    """

    digest: str
    bits: int = 0
    thumbnail: npt.NDArray[np.float32] | None = None


def fingerprint(content: bytes, pixels: Pixels | None) -> Fingerprint:
    """The fingerprint of a file.

    Args:
        content: the encoded file.
        pixels: the same decoded, uint8 RGB (height, width, 3), or None if it can't be.
    """
    digest = hashlib.sha256(content).hexdigest()
    if pixels is None:
        return Fingerprint(digest)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.packbits((small[:, 1:] > small[:, :-1]).ravel()).tobytes()
    thumbnail = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    if thumbnail.std() < _FLAT:
        return Fingerprint(digest)
    thumbnail -= thumbnail.mean()
    return Fingerprint(digest, int.from_bytes(bits, "big"), thumbnail / np.linalg.norm(thumbnail))


def groups(prints: Sequence[Fingerprint]) -> list[list[int]]:
    """Indices of the photos, those together that are the same or nearly the same, or are so by way of others."""
    parent = list(range(len(prints)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[str, int] = {}
    for index, one in enumerate(prints):
        parent[root(index)] = root(first.setdefault(one.digest, index))
    for a, b in _near(prints):
        parent[root(a)] = root(b)
    found: dict[int, list[int]] = defaultdict(list)
    for index in range(len(prints)):
        found[root(index)].append(index)
    return list(found.values())


def across(some: Sequence[Pixels], others: Sequence[Pixels]) -> list[tuple[int, int]]:
    """Which photos stand on both sides, if only nearly the same.

    Args:
        some: photos, uint8 RGB (height, width, 3).
        others: photos that should be none of these.

    Returns:
        For each of the others that is there as well, the index of the first of some that it is like, and its own.
    """
    small = [shrink(pixels, _SIDE) for pixels in (*some, *others)]
    prints = [fingerprint(pixels.tobytes(), pixels) for pixels in small]
    first: dict[str, int] = {}
    for index, one in enumerate(prints[: len(some)]):
        first.setdefault(one.digest, index)
    same = [(first[one.digest], len(some) + n) for n, one in enumerate(prints[len(some) :]) if one.digest in first]
    found: dict[int, int] = {}
    for a, b in sorted([*same, *_near(prints)]):
        if a < len(some) <= b:
            found.setdefault(b - len(some), a)
    return [(a, b) for b, a in sorted(found.items())]


def census(split: str, labels: Sequence[str], classes: Sequence[str]) -> str:
    """How many photos of each class a split has, on one line, and of which it has none."""
    counts = {name: labels.count(name) for name in classes}
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    if len(classes) > NAMED:
        listed = f"{len(classes)} classes, {min(counts.values())} to {max(counts.values())} of each"
    none = [name for name, count in counts.items() if not count]
    more = f" and {len(none) - NAMED} more" if len(none) > NAMED else ""
    unmeasured = f"; without any of {', '.join(none[:NAMED])}{more}, nothing will be known of these" if none else ""
    return f"{split}: {len(labels):,} photos ({listed}){unmeasured}"


def assign(prints: Sequence[Fingerprint], given: Sequence[str], together: list[list[int]]) -> list[str]:
    """The split of each photo.

    Args:
        prints: of the photos.
        given: the splits that are decided already, empty for those that are not; photos that are nearly the same as
            one of these go there too.
        together: what `groups` says.
    """
    out = list(given)
    for group in together:
        ordered = sorted(group, key=lambda index: prints[index].digest)
        decided = [given[index] for index in ordered if given[index]]
        split = decided[0] if decided else by_digest(prints[ordered[0]].digest)
        for index in group:
            out[index] = given[index] or split
    return out


def by_digest(digest: str) -> str:
    """The split of a sha256 in hexadecimal: 80 % of all are "train", 10 % "val", 10 % "test"."""
    tenth = int(digest[:16], 16) * 10 >> 64
    return NAMES[max(0, tenth - 7)]


def _near(prints: Sequence[Fingerprint]) -> list[tuple[int, int]]:
    """All pairs that are nearly the same."""
    seen = [index for index, one in enumerate(prints) if one.thumbnail is not None]
    if not seen:
        return []
    bits = np.array([prints[index].bits for index in seen], np.uint64)
    thumbnails = np.stack([thumbnail for one in prints if (thumbnail := one.thumbnail) is not None])
    pairs = []
    for start in range(0, len(seen), _BLOCK):
        distance = np.bitwise_count(bits[start : start + _BLOCK, None] ^ bits[None, start:])
        left, right = np.nonzero(distance <= BITS)
        left, right = left[left < right] + start, right[left < right] + start
        alike = np.einsum("ij,ij->i", thumbnails[left], thumbnails[right]) >= CORRELATION
        pairs += [(seen[a], seen[b]) for a, b in zip(left[alike], right[alike], strict=True)]
    return pairs
