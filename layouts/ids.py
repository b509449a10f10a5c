"""Every id of the page. Tests, style sheet and `assets/` know the elements by these."""

PAGE = "page"
UPLOAD = "upload"
SAMPLES = "samples"
OVERLAY = "overlay"
MESSAGE = "figure-message"
READOUT = "readout"
ZOOM_IN = "zoom-in"
ZOOM_OUT = "zoom-out"
ZOOM_ALL = "zoom-all"

VERDICT = "verdict"
WARNING = "warning"
"""What there is to beware of in the verdict; empty for most photos."""
CLASSES = "classes"
STATUS = "status"

TARGET = "target"
LAYER = "layer"
METHOD = "method"
MODEL = "model"
COLORMAP = "colormap"
OPACITY = "opacity"
THRESHOLD = "threshold"

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
