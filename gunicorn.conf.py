"""How gunicorn serves the page: several threads in one process, because TensorFlow, models and caches are large.

The application is imported in the worker, never preloaded: a TensorFlow that has run does not survive a fork.
"""

import logging
import os
import sys
from typing import Any

import models
import settings
from models import card, registry

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # leave the rest of a GPU's memory to others

try:
    chosen = settings.load()
    known = registry.folders(chosen.models)
    if chosen.model not in known:
        names = ", ".join(known) or "there is none"
        raise settings.SettingsError(
            f"WHYLIGHT_MODEL is {chosen.model!r}, but it must be the name of a model: {names}."
        )
    card.read(known[chosen.model])  # if another one's card is damaged, the page says so when somebody chooses it
except (settings.SettingsError, models.ModelError) as error:
    sys.exit(str(error))

bind = f"[{chosen.host}]:{chosen.port}" if ":" in chosen.host else f"{chosen.host}:{chosen.port}"
worker_class = "gthread"
workers = 1
threads = chosen.threads
preload_app = False
timeout = 120
graceful_timeout = 30
keepalive = 5
control_socket_disable = True
loglevel = chosen.log_level

logging.basicConfig(level=chosen.log_level.upper(), format="[%(asctime)s] [%(process)d] [%(levelname)s] %(message)s")


def when_ready(server: Any) -> None:
    """Say where the page is."""
    server.log.info("The page is at http://%s%s", bind, chosen.base_path)


def post_worker_init(worker: Any) -> None:
    """Load the model in the background: the port answers meanwhile."""
    worker.wsgi.extensions["whylight"].start()
