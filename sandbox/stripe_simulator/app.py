"""The ASGI application: API, payment pages, control."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from . import api, control, control_page, payment_pages
from .simulator import Simulator

_HERE = Path(__file__).parent


def create_app(simulator: Simulator) -> Starlette:
    """``simulator`` is started and stopped by whoever serves the application."""
    return Starlette(
        routes=[
            *api.routes(simulator),
            *payment_pages.routes(simulator),
            *control.routes(simulator),
            *control_page.routes(simulator),
            Mount("/static", StaticFiles(directory=_HERE / "static"), name="static"),
        ]
    )
