"""Every id of the page. Tests, style sheet and `assets/` know the elements by these."""

from typing import Any

PAGE = "page"
UPLOAD = "upload"
SAMPLES = "samples"
OVERLAY = "overlay"
MESSAGE = "figure-message"
LEGEND = "legend"
"""What the two colours of a signed map stand for."""
READOUT = "readout"
ZOOM_IN = "zoom-in"
ZOOM_OUT = "zoom-out"
ZOOM_ALL = "zoom-all"

CAPTION = "caption"
"""What is shown, in words, while another view is pinned beside it."""
PINNED_PANE = "pinned-pane"
PINNED = "pinned"
"""The figure of the view that is pinned."""
PINNED_CAPTION = "pinned-caption"
PINNED_READOUT = "pinned-readout"
PINNED_MESSAGE = "pinned-message"
PINNED_LEGEND = "pinned-legend"
UNPIN = "unpin"
COMPARE = "compare"

FILM = "film"
FILM_PREVIOUS = "film-previous"
FILM_PLAY = "film-play"
FILM_NEXT = "film-next"
FILM_NAME = "film-name"
FILM_SCRUB = "film-scrub"
FILM_STAGES = "film-stages"
FILM_NOTE = "film-note"
"""Why there is no film."""
FILM_WEBP = "film-webp"
FILM_GIF = "film-gif"
WHAT_IF = "what-if"
WHAT_IF_BAR = "what-if-bar"
EDITED = "edited"
PAINTING = "painting"
"""What is painted, until the photo has it."""
BRUSH_RING = "brush-ring"
HINT = "what-if-hint"
BRUSH = "brush"
FILL = "fill"
REMOVE = "remove"
UNDO = "undo"
RESTORE = "restore"
DONE = "done"

VERDICT = "verdict"
WARNING = "warning"
"""What there is to beware of in the verdict; empty for most photos."""
WRONG = "wrong"
"""Of a sample: that the model gets it wrong, and why; empty for all others."""
CLASSES = "classes"
STATUS = "status"

TARGET = "target"
LAYER = "layer"
METHOD = "method"
MODEL = "model"

OPTIONS = "options"
"""The fold with all below."""
CHANGED = "options-changed"
"""How many of them are not as they are by themselves."""
PARAMETERS = "parameters"
"""Of the method; `assets/page/options.mjs` fills this."""
AGAINST = "against"
EVIDENCE = "evidence"
SCORE = "score"
RESET = "reset"

SHOW = "show"
"""The heat over the photo, or what a cut-out leaves of it."""
COLORMAP = "colormap"
OPACITY = "opacity"
THRESHOLD = "threshold"

READING = "reading"
"""How to read the heat."""
CAUTION = "caution"
"""Of an edited photo."""
ABOUT = "about"
"""What the method is good for, and how it fails."""
INPUT = "input"
"""The fold "What the model saw"."""
INPUT_SIZE = "input-size"
INPUT_PHOTO = "input-photo"

DOWNLOAD = "download"
THEME = "theme"
DEVICE = "device"

QUESTION = "question"
"""Store: what the page asks the server, see `callbacks.question`."""
ANSWER = "answer"
"""Store: what the server answers."""


def sample(name: str) -> str:
    """The button of the sample of this name."""
    return f"sample-{name}"


def option(name: Any, kind: str) -> dict[str, Any]:
    """The control of a method's parameter.

    Args:
        name: of the parameter, or `dash.ALL`.
        kind: "choice", "number" or "switch".
    """
    return {"option": name, "kind": kind}
