"""Every setting of the service, from the environment, validated once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).parent
PREFIX = "WHYLIGHT_"


class SettingsError(ValueError):
    """A setting has a value that it can't have."""


def _with_slashes(path: str) -> str:
    """A base path as Dash wants it: with a slash at both ends."""
    return f"/{path.strip('/')}/" if path.strip("/") else "/"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """What can be set: `WHYLIGHT_MODEL` sets `model`, and so on. Each description says what is allowed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    model: str = Field(default="pets", min_length=1, description="the name of a model")
    models: DirectoryPath | None = Field(default=None, description="a folder of models")
    samples: DirectoryPath = Field(default=HERE / "assets" / "samples", description="a folder of photos")
    max_bytes: int = Field(default=10_000_000, ge=1, description="a number of bytes, at least 1")
    max_pixels: int = Field(default=64_000_000, ge=1, description="a number of pixels, at least 1")
    cache_bytes: int = Field(default=48_000_000, ge=0, description="a number of bytes, at least 0")
    threads: int = Field(default=16, ge=4, le=256, description="a number of threads from 4 to 256")
    base_path: Annotated[str, AfterValidator(_with_slashes)] = Field(
        default="/", pattern=r"^[\w\-./~]*$", description="the path of an address, such as /whylight/"
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="an address to listen on, such as 127.0.0.1 or 0.0.0.0"
    )
    port: int = Field(default=8050, ge=1, le=65_535, description="a port from 1 to 65535")
    log_level: Annotated[Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_lower)] = Field(
        default="info", description="one of debug, info, warning, error, critical"
    )
    runs: Path = Field(default=Path.home() / ".cache" / "whylight" / "runs", description="a folder for training runs")


def load() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a sentence for each variable that has a value it can't have.
    """
    try:
        return Settings()
    except ValidationError as error:
        sentences = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            allowed = Settings.model_fields[name].description
            sentences.append(f"{PREFIX}{name.upper()} is {problem['input']!r}, but it must be {allowed}.")
        raise SettingsError(" ".join(sentences)) from None
