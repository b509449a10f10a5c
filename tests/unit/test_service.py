from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import makes
import numpy as np
import pytest

import explain
import service
from models import serving
from models.familiar import Familiar
from models.serving import Loader, Served
from service import NotYetError, Question
from service.photos import Photos
from service.service import LONG_WAITING
from settings import Settings

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"


def photo(digest: str, side: int = 100) -> explain.Photo:
    return explain.Photo(np.zeros((side, side, 3), np.uint8), digest)


def test_photos_are_kept_up_to_a_number_of_bytes_the_last_used_longest() -> None:
    kept = Photos(limit=3 * 30_000)
    for digest in "abc":
        kept.keep(photo(digest))
    assert kept.get("a")
    kept.keep(photo("d"))
    assert [digest for digest in "abcd" if kept.get(digest)] == ["a", "c", "d"]


def test_thousands_of_photos_take_no_more_than_one_that_is_too_large() -> None:
    kept = Photos(limit=1000)
    for number in range(2000):
        kept.keep(photo(str(number)))
    assert len(kept._photos) == 1
    assert kept.get("1999")


def served(name: str = "Cats and dogs", **parts: Any) -> Served:
    return Served(**{"explainer": SimpleNamespace(device="CPU", warm=lambda: None), "title": name} | parts)


def asked(loader: Loader, name: str) -> Served:
    """A model, once it is there."""
    until = time.monotonic() + 10
    while (found := loader.get(name)) is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def test_nobody_waits_for_a_model_that_others_asked_for() -> None:
    slow, loaded = threading.Event(), []

    def load(name: str) -> Served:
        loaded.append(name)
        if name == "slow":
            slow.wait(10)
        return served(name)

    loader = Loader(load)
    assert loader.get("slow") is None
    assert asked(loader, "quick").title == "quick"
    assert loader.known("slow") is None
    assert loader.get("slow") is None
    slow.set()
    assert asked(loader, "slow").title == "slow"
    assert loader.known("slow") is loader.get("slow")
    assert sorted(loaded) == ["quick", "slow"], "each once"


def test_a_model_that_many_ask_for_at_once_is_loaded_once() -> None:
    loaded = []

    def load(name: str) -> Served:
        loaded.append(name)
        time.sleep(0.05)
        return served(name)

    loader = Loader(load)
    found: list[Served] = []
    people = [threading.Thread(target=lambda: found.append(asked(loader, "pets"))) for _ in range(20)]
    for one in people:
        one.start()
    for one in people:
        one.join(10)
    assert loaded == ["pets"]
    assert len({id(one) for one in found}) == 1


def test_a_failure_is_told_and_then_tried_again() -> None:
    outcomes: list[Served | Exception] = [ValueError("no weights"), served()]

    def load(_name: str) -> Served:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    loader = Loader(load)
    with pytest.raises(ValueError, match="no weights"):
        asked(loader, "pets")
    assert loader.known("pets") is None
    assert asked(loader, "pets").title == "Cats and dogs"


def test_a_question_before_the_model_is_there_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loading = threading.Event()

    def load(_model: str) -> Served:
        loading.wait(10)
        raise explain.ExplainError("Its weights are damaged.")

    waiting = service.Service(Settings())
    monkeypatch.setattr(waiting, "_open", load)
    with pytest.raises(NotYetError, match="“Cats and dogs” is being loaded"):
        waiting.explain(Question("pets", photo=b""))
    assert not waiting.state().ready
    loading.set()
    until = time.monotonic() + 10
    while "damaged" not in waiting.state().detail:
        assert time.monotonic() < until
        time.sleep(0.01)
    with pytest.raises(service.RefusedError, match="'Cats and dogs' can't be used: Its weights are damaged"):
        waiting.explain(Question("pets", photo=b""))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models beside the shipped ones: cars with 196 classes, one without its weights, and one with a damaged card."""
    folder = tmp_path_factory.mktemp("own")
    makes.store(folder)
    (makes.store(folder, "broken", "Broken") / "weights.npz").unlink()
    (folder / "odd").mkdir()
    (folder / "odd" / "card.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def running(own: Path) -> service.Service:
    return service.Service(Settings(model="cars", models=own))


def answered(running: service.Service, question: Question) -> service.Answer:
    """What the service answers once the model is there."""
    until = time.monotonic() + 300
    while True:
        try:
            return running.explain(question)
        except NotYetError as reason:
            assert time.monotonic() < until
            time.sleep(reason.seconds)


PHOTO = (SAMPLES / "taxi.jpg").read_bytes()


def test_a_class_keeps_its_label_and_a_label_of_another_model_is_the_predicted_class(running: service.Service) -> None:
    first = answered(running, Question("cars", photo=PHOTO))
    assert first.target == first.predicted
    place = makes.CLASSES.index("dog")
    by_label = answered(running, Question("cars", digest=first.digest, target="dog"))
    by_index = answered(running, Question("cars", digest=first.digest, target=place))
    assert by_label.target == by_index.target == place
    assert (by_label.maps[by_label.layer] == by_index.maps[by_index.layer]).all()
    other = answered(running, Question("cars", digest=first.digest, target="horse"))
    assert other.target == first.predicted
    with pytest.raises(service.RefusedError, match="196"):
        running.explain(Question("cars", digest=first.digest, target=196))


def test_a_layer_of_another_model_is_the_default_one(running: service.Service) -> None:
    first = answered(running, Question("cars", photo=PHOTO, layer="conv4_block1_out"))
    assert first.layer == first.default_layer == "evidence"
    kept = answered(running, Question("cars", digest=first.digest, layer=first.layers[0].name))
    assert kept.layer == first.layers[0].name


def test_what_speaks_for_one_class_rather_than_another_is_the_difference(running: service.Service) -> None:
    """HiResCAM is linear in the score, so its maps add up as the scores do."""

    def heat(**changes: Any) -> np.ndarray:
        found = answered(running, Question("cars", method="hires-cam", digest=digest, everything=False, **changes))
        assert found.layer is not None
        return found.maps[found.layer].astype(np.float64)

    first = answered(running, Question("cars", photo=PHOTO))
    digest, said = first.digest, first.classes[first.predicted]
    dog, cat = heat(target="dog"), heat(target="cat")
    scale = max(np.abs(dog).max(), np.abs(cat).max())
    assert np.abs(dog - cat).max() > 0.1 * scale, "the classes differ"
    np.testing.assert_allclose(heat(target="dog", against="cat"), dog - cat, atol=1e-5 * scale)
    np.testing.assert_allclose(heat(target="dog", evidence="against"), -dog, atol=1e-5 * scale)
    np.testing.assert_allclose(heat(target="dog", against="cat", evidence="against"), cat - dog, atol=1e-5 * scale)
    np.testing.assert_allclose(heat(against="cat"), heat(target=said) - cat, atol=1e-5 * scale)
    np.testing.assert_allclose(
        heat(target="dog", against=196 - 1, space="logit"), dog - heat(target=195), atol=1e-5 * scale
    )


def test_the_gradient_of_a_probability_is_that_of_the_softmax(running: service.Service) -> None:
    """dp_c = p_c (dS_c - sum_k p_k dS_k), and HiResCAM is linear in the gradient."""
    first = answered(running, Question("cars", photo=PHOTO))
    chances = first.probabilities.astype(np.float64)

    model = running._models.known("cars")
    assert model is not None

    def heat(index: int) -> np.ndarray:  # as the engine has it: the service leaves out maps without anything positive
        return model.explainer.explain(PHOTO, method="hires-cam", target=index).map.astype(np.float64)

    target = int(np.argsort(-chances)[1])
    mean = sum(chances[index] * heat(index) for index in range(len(chances)) if chances[index] > 1e-9)
    expected = chances[target] * (heat(target) - mean)
    question = Question(
        "cars", method="hires-cam", digest=first.digest, target=target, space="probability", everything=False
    )
    found = answered(running, question)
    assert found.layer is not None
    assert found.space == "probability"
    assert expected.max() > 0
    np.testing.assert_allclose(found.maps[found.layer], expected, atol=1e-3 * np.abs(expected).max())


def test_a_class_is_not_set_against_itself_nor_against_one_that_is_not_there(running: service.Service) -> None:
    first = answered(running, Question("cars", photo=PHOTO, everything=False))
    said = first.classes[first.predicted]
    for question in (
        Question("cars", digest=first.digest, everything=False, against="horse"),
        Question("cars", digest=first.digest, everything=False, against=said),
        Question("cars", digest=first.digest, everything=False, target=said, against=first.predicted),
    ):
        found = answered(running, question)
        assert found.against is None
        assert found.layer is not None
        assert (found.maps[found.layer] == first.maps[found.layer]).all()
    other = answered(running, Question("cars", digest=first.digest, target="dog", against="cat", everything=False))
    assert [other.classes[index] for index in (other.target, other.against) if index is not None] == ["dog", "cat"]
    with pytest.raises(service.RefusedError, match="196"):
        running.explain(Question("cars", digest=first.digest, against=196))


def test_where_no_class_is_looked_at_there_is_nothing_to_choose(running: service.Service) -> None:
    plain = answered(running, Question("cars", method="activations", photo=PHOTO, everything=False))
    found = answered(
        running,
        Question(
            "cars",
            method="activations",
            photo=PHOTO,
            everything=False,
            against="cat",
            evidence="against",
            space="logit",
        ),
    )
    assert (found.target, found.against, found.evidence, found.space) == (None, None, "for", None)
    assert found.layer is not None
    assert (found.maps[found.layer] == plain.maps[found.layer]).all()


def test_a_method_that_looks_at_the_whole_network_has_one_map(running: service.Service) -> None:
    found = answered(running, Question("cars", method="gradients", photo=PHOTO, layer="conv4_block1_out"))
    assert found.layer is None
    assert {name: values.shape for name, values in found.maps.items()} == {"": (96, 96)}
    assert (found.reach, found.everything, found.shown) == ("network", True, "magnitude")
    assert found.layers, "they are there for the next method"


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("guided-grad-cam", {}), ("grad-cam", {"augment": "flip"}), ("activations", {"augment": "flip"})],
)
def test_what_takes_many_passes_is_computed_for_the_layer_on_show_only(
    running: service.Service, method: str, parameters: dict[str, Any]
) -> None:
    found = answered(running, Question("cars", method=method, parameters=parameters, photo=PHOTO))
    assert list(found.maps) == [found.default_layer] == [found.layer]
    assert (found.reach, found.everything) == ("layer", False)
    early = found.layers[0].name
    other = answered(
        running,
        Question("cars", method=method, parameters=parameters, digest=found.digest, layer=early, everything=False),
    )
    assert list(other.maps) == [early]


def test_a_layer_that_the_method_cannot_explain_gives_way_in_words(running: service.Service) -> None:
    whole = answered(running, Question("cars", method="cam", photo=PHOTO))
    assert list(whole.maps) == ["evidence"] == [whole.layer]
    assert whole.note == ""
    early = whole.layers[0].name
    for everything in (False, True):
        question = Question("cars", method="cam", digest=whole.digest, layer=early, everything=everything)
        found = answered(running, question)
        assert found.layer == "evidence"
        assert list(found.maps) == ["evidence"]
        assert found.everything
        assert found.note == f"CAM can't explain {early}; this is evidence."


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("smooth-grad", {"samples": 0}, "samples of smooth-grad is a whole number from 1"),
        ("smooth-grad", {"samples": 2.5}, "whole number"),
        ("smooth-grad", {"sampels": 3}, "samples"),
        ("gradients", {"reduce": "most"}, "max_abs"),
        ("grad-cam", {"augment": "rotate"}, "flip"),
        ("grad-cam++", {"normalize_alpha": 1}, "True or False"),
        ("activations", {"channel": 100_000}, "channels, counted from 0; received 100000"),
        ("grad-cam", {"layer": "evidence"}, "parameter"),
        ("grad-kam", {}, "grad-cam"),
    ],
)
def test_a_wrong_option_is_refused_in_a_sentence(
    running: service.Service, method: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(service.RefusedError, match=words):
        answered(running, Question("cars", method=method, parameters=parameters, photo=PHOTO, everything=False))


def test_methods_of_many_passes_leave_one_to_the_others(running: service.Service) -> None:
    def ask(method: str) -> service.Answer:
        return running.explain(Question("cars", method=method, photo=PHOTO, everything=False))

    answered(running, Question("cars", photo=PHOTO))
    with running._long.turn():
        line = [threading.Thread(target=ask, args=("gradients",)) for _ in range(LONG_WAITING)]
        for waiting in line:
            waiting.start()
        until = time.monotonic() + 10
        while len(running._long._line) < LONG_WAITING:
            assert time.monotonic() < until
        with pytest.raises(NotYetError, match="Many people"):
            ask("gradients")
        assert ask("grad-cam").method == "grad-cam", "it does not wait"
        assert all(waiting.is_alive() for waiting in line)
    for waiting in line:
        waiting.join(60)
        assert not waiting.is_alive()


def test_what_nobody_waits_for_any_more_is_not_computed(
    running: service.Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(running, Question("cars", photo=PHOTO))
    computed = []
    monkeypatch.setattr(running, "_answer", lambda *_: computed.append(True))
    for method in ("grad-cam", "smooth-grad"):
        with running._admission.turn(), running._admission.turn():
            looks = iter([True, True, True])
            with pytest.raises(service.UnwantedError, match="taken the place"):
                running.explain(Question("cars", method=method, photo=PHOTO), lambda: next(looks, False))  # noqa: B023
    assert computed == []


def test_many_passes_end_when_nobody_waits_for_them_any_more(running: service.Service) -> None:
    first = answered(running, Question("cars", photo=PHOTO))
    question = Question("cars", method="smooth-grad", parameters={"samples": 1000}, digest=first.digest)
    looks = []

    def wanted() -> bool:
        looks.append(True)
        return len(looks) < 6

    with pytest.raises(service.UnwantedError):
        running.explain(question, wanted)
    assert len(looks) == 6, "in the two lines, and before each pass"
    assert answered(running, Question("cars", method="gradients", digest=first.digest)).method == "gradients"


@pytest.mark.parametrize("threads", [4, 5, 11, 16, 64])
def test_two_threads_always_stay_free(threads: int) -> None:
    """At most so many threads are in a pass or wait for one: those of the one queue, and those that wait before it."""
    busy = service.Service(Settings(threads=threads))

    assert busy._admission._places + busy._long._places - 1 <= threads - 2


def test_a_broken_model_is_refused_in_a_sentence_and_others_go_on(running: service.Service) -> None:
    with pytest.raises(service.RefusedError, match=r"'Broken' can't be used: .*broken has no weights\.npz"):
        answered(running, Question("broken", photo=PHOTO))
    with pytest.raises(service.RefusedError, match=r"'odd' can't be used: .*damaged or of another version"):
        answered(running, Question("odd", photo=PHOTO))
    assert {"broken": "Broken", "odd": "odd"}.items() <= running.models().items()
    assert answered(running, Question("cars", photo=PHOTO)).title == "cars"


@pytest.mark.parametrize("name", ["horses", "", "../pets", "models/zoo/pets", "/"])
def test_only_models_on_the_list_are_loaded(running: service.Service, name: str) -> None:
    with pytest.raises(service.RefusedError, match=r"no model .* Known: .*cars"):
        running.explain(Question(name, photo=PHOTO))
    assert running._models.known(name) is None


def test_all_models_together_keep_to_the_bound(running: service.Service) -> None:
    answered(running, Question("cars", photo=PHOTO))
    shares = Settings().cache_bytes // len(running.models())
    model = running._models.known("cars")
    assert model is not None
    assert model.explainer._answers._cache._limit == shares


def test_a_photo_is_judged_once_and_never_without_a_fit() -> None:
    looks = []

    def activations(_photo: explain.Photo, method: str) -> SimpleNamespace:
        looks.append(method)
        said = SimpleNamespace(probabilities=np.array([0.5, 0.5]))  # entropy ln 2
        return SimpleNamespace(channels=np.array([[[4.0, 0.0]], [[0.0, 4.0]]]), prediction=said)  # pooled (2, 2)

    explainer: Any = SimpleNamespace(explain=activations)
    ends: dict[str, Any] = {
        "directions": np.zeros((1, 2), np.float16),
        "variances": np.ones(1, np.float32),
        "rest": 0.5,
        "usual": np.array([0, np.log(2)]),
        "spread": np.array([1, np.log(2)]),
    }
    # Directed, (2, 2) is (0.7, 0.7): 1 from (0, 0), so 1 / 0.5 / 2 = 1. Its entropy is as usual.
    near, far = (Familiar(np.zeros(2, np.float32), threshold=threshold, **ends) for threshold in (1.01, 0.99))
    assert not served(explainer=explainer, familiar=near).unfamiliar(photo("a"))
    strict = served(explainer=explainer, familiar=far)
    looks.clear()
    assert strict.unfamiliar(photo("a"))
    assert strict.unfamiliar(photo("a"))
    assert looks == ["activations"]
    assert not served(explainer=explainer).unfamiliar(photo("b"))
    for number in range(2 * serving.JUDGED):
        strict.unfamiliar(photo(str(number)))
    assert len(strict._judged) <= serving.JUDGED


def test_samples_are_photos_only(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "README.md", "c.webp"):
        (tmp_path / name).touch()
    assert service.Service(Settings(samples=tmp_path)).sample_names() == ["a.png", "b.JPG", "c.webp"]
