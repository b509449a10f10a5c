"""What the page asks of the engine: models loaded once, photos kept by digest, few passes at a time.

Nothing here imports the engine before the service starts: TensorFlow takes seconds, and the port answers meanwhile.
"""

from service.messages import (
    COLORMAP,
    METHOD,
    Answer,
    ChoiceError,
    MissingPhotoError,
    NotYetError,
    Question,
    RefusedError,
    State,
    UnwantedError,
)
from service.service import Service

__all__ = [
    "COLORMAP",
    "METHOD",
    "Answer",
    "ChoiceError",
    "MissingPhotoError",
    "NotYetError",
    "Question",
    "RefusedError",
    "Service",
    "State",
    "UnwantedError",
]
