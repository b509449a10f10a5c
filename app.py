"""The page as a WSGI application: `server` for gunicorn, `make_app` for everything else."""

from __future__ import annotations

import binascii
import runpy
import sys
from pathlib import Path

from dash import Dash

import callbacks
import layouts
import settings
from service import COLORMAP, METHOD, Service, samples

HERE = Path(__file__).parent
# Within the page: the address follows what is shown, and browsers fetch an icon that lies elsewhere with each change.
ICON = '<link rel="icon" href="data:image/svg+xml;base64,{icon}">'


def make_app(chosen: settings.Settings) -> Dash:
    """The page with these settings. The model is loaded when the service starts or is first asked, not here."""
    service = Service(chosen)
    app = Dash(
        __name__,
        title="Whylight",
        update_title="",
        assets_folder=str(HERE / "assets"),
        assets_path_ignore=["^page$", "^samples$"],  # modules that `page.mjs` imports, and photos
        url_base_pathname=chosen.base_path,
        compress=True,
    )
    icon = ICON.format(icon=binascii.b2a_base64((HERE / "assets" / "logo.svg").read_bytes(), newline=False).decode())
    app.index_string = app.index_string.replace("{%favicon%}", icon).replace("<html>", '<html lang="en">')
    app.index_string = app.index_string.replace("footer>", "div>")  # of the scripts: not the page's
    app.layout = layouts.page(
        layouts.Contents(
            models=service.models(),
            own=service.own_models(),
            model=chosen.model,
            method=METHOD,
            colormap=COLORMAP,
            samples=service.sample_names(),
            notes=samples.notes(service.samples),
            max_bytes=chosen.max_bytes,
            max_pixels=chosen.max_pixels,
        ),
        chosen.base_path,
    )
    # Base64 makes a photo a third larger; the rest of a question is small.
    app.server.config["MAX_CONTENT_LENGTH"] = chosen.max_bytes * 4 // 3 + 65_536
    app.server.extensions["whylight"] = service
    callbacks.register(app, service)
    return app


if __name__ == "__main__":  # the same as `gunicorn app:server` in this folder
    sys.argv = ["gunicorn", "--chdir", str(HERE), "--config", str(HERE / "gunicorn.conf.py"), "app:server"]
    runpy.run_module("gunicorn", run_name="__main__")
else:
    server = make_app(settings.load()).server
