"""The photos that later questions name by their digests, and photos as every browser shows them."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from explain import Photo


class Photos:
    """The decoded photos that were used last, up to a number of bytes; the last one always."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._photos: OrderedDict[str, Photo] = OrderedDict()

    def keep(self, photo: Photo) -> None:
        """Remember a photo, and forget what was not used for longest."""
        with self._lock:
            self._photos[photo.digest] = photo
            self._photos.move_to_end(photo.digest)
            while len(self._photos) > 1 and sum(kept.pixels.nbytes for kept in self._photos.values()) > self._limit:
                self._photos.popitem(last=False)

    def get(self, digest: str) -> Photo | None:
        """The photo of this digest, if it is still known."""
        with self._lock:
            if digest in self._photos:
                self._photos.move_to_end(digest)
            return self._photos.get(digest)


def jpeg(photo: Photo) -> bytes:
    """A photo in a form that every browser shows."""
    stream = io.BytesIO()
    Image.fromarray(photo.pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()
