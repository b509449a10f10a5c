from __future__ import annotations

from pathlib import Path

import pytest

import settings


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {"MODEL": "cars", "MODELS": str(tmp_path), "MAX_BYTES": "5000", "BASE_PATH": "why"}
    for name, value in {**values, "LOG_LEVEL": "DEBUG", "PORT": ""}.items():
        monkeypatch.setenv(f"WHYLIGHT_{name}", value)
    chosen = settings.load()
    assert chosen.model == "cars"
    assert chosen.models == tmp_path
    assert chosen.max_bytes == 5000
    assert chosen.base_path == "/why/"
    assert chosen.log_level == "debug"
    assert chosen.port == 8050, "an empty variable is none"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODELS", "/no/folder"),
        ("SAMPLES", __file__),
        ("MAX_BYTES", "10 MB"),
        ("MAX_PIXELS", "0"),
        ("CACHE_BYTES", "-1"),
        ("THREADS", "two"),
        ("BASE_PATH", "a b"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_says_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"WHYLIGHT_{name}", value)
    with pytest.raises(settings.SettingsError) as error:
        settings.load()
    allowed = settings.Settings.model_fields[name.lower()].description
    assert str(error.value) == f"WHYLIGHT_{name} is {value!r}, but it must be {allowed}."


def test_every_setting_says_what_is_allowed() -> None:
    assert all(field.description for field in settings.Settings.model_fields.values())
