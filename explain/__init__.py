"""Why does a Keras image classifier say what it says? Photo in, explanation out.

    explainer = explain.Explainer(explain.Classifier(model, classes=("cat", "dog"), preprocessing="resnet_v2"))
    explainer.explain("photo.jpg", target="cat").overlay().save("why.png")

Whatever is wrong with a photo raises `PhotoError`; with a layer, target, method or model, `ExplainError`.
"""

from explain import drawing
from explain.animation import film
from explain.classifier import Classifier
from explain.errors import ExplainError, PhotoError
from explain.explainer import Explainer
from explain.explanation import Explanation, Prediction, read_record
from explain.layers import LayerInfo
from explain.methods import Method, Parameter, methods
from explain.photo import Photo, open_photo
from explain.target import Target

__all__ = [
    "Classifier",
    "ExplainError",
    "Explainer",
    "Explanation",
    "LayerInfo",
    "Method",
    "Parameter",
    "Photo",
    "PhotoError",
    "Prediction",
    "Target",
    "drawing",
    "film",
    "methods",
    "open_photo",
    "read_record",
]
