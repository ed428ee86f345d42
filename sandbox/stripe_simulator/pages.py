"""Rendering of HTML pages: never cached, never framed, nothing from elsewhere."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def local_moment(timestamp: float) -> datetime.datetime:
    """In this machine's own time zone."""
    return datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc).astimezone()


def moment(timestamp: float) -> str:
    """To the second, for the control page."""
    return local_moment(timestamp).strftime("%d.%m. %H:%M:%S")


def render(template: str, context: dict[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(_environment.get_template(template).render(context), status, _HEADERS)
