"""A browser without scripts, over HTTP: follows redirects, and fills in the forms that it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
from bs4 import BeautifulSoup, Tag

if TYPE_CHECKING:
    from typing_extensions import Self


class Answer(NamedTuple):
    """What one request came to. ``location`` is empty where it led nowhere else."""

    method: str
    path: str
    status: int
    location: str


class Browser:
    """``address`` is the shop's; what leads elsewhere is not followed, it is ``left_for``."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        self.address = address
        self.client = httpx.Client(
            base_url=address, transport=transport, timeout=60, trust_env=False, verify=False
        )
        self.answers: list[Answer] = []
        self.url, self.headers = address, httpx.Headers()
        self.left_for = ""
        self.page = BeautifulSoup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def text(self) -> str:
        return self.page.get_text(" ", strip=True)

    def told(self) -> list[str]:
        """The messages above the page's content."""
        return [
            found.get_text(" ", strip=True).lstrip("× ")
            for found in self.page.select("#messages .alertinner")
        ]

    def open(self, address: str) -> None:
        self._go("GET", urljoin(self.url, address))

    def submit(self, form: str, **fields: str) -> None:
        """Fill in and send the form that the selector finds."""
        self._send(form, fields)

    def submit_in_vain(self, form: str, **fields: str) -> None:
        """The same with a form that is shown again, with a 400."""
        self._send(form, fields, 400)

    def _send(self, form: str, fields: dict[str, str], status: int = 200) -> None:
        found = self.page.select_one(form)
        assert found is not None, f"no form {form} at {self.url}:\n{self.text[:2000]}"
        action = urljoin(self.url, str(found.get("action") or ""))
        self._go("POST", action, _filled_in(found) | fields, status)

    def _go(self, method: str, url: str, data: dict[str, str] | None = None, status: int = 200) -> None:
        """Over all redirects, as far as they lead through the shop."""
        self.left_for = ""
        for _ in range(10):
            # What checks against forged requests over HTTPS want to see.
            answer = self.client.request(method, url, data=data, headers={"Referer": self.url})
            location = answer.headers.get("Location", "")
            path = urlsplit(url).path
            self.answers.append(Answer(method, path, answer.status_code, location))
            assert answer.status_code < 400 or answer.status_code == status, (
                method,
                url,
                answer.status_code,
                answer.text[:2000],
            )
            self.url, self.headers = url, answer.headers
            if not location:
                self.page = BeautifulSoup(answer.text, "html.parser")
                return
            url = urljoin(url, location)
            if not url.startswith(self.address):
                self.left_for = url
                return
            method, data = "GET", None
        raise AssertionError(f"redirected again and again: {self.answers[-10:]}")


def _filled_in(form: Tag) -> dict[str, str]:
    """What the form would send as it is, with its first button pressed."""
    fields: dict[str, Any] = {}
    for field in form.select("input[name]:not([type=submit]), select[name], textarea[name]"):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            fields[name] = chosen["value"] if chosen else ""
        elif field.name == "textarea":
            fields[name] = field.get_text()
        elif field.get("type") not in ("radio", "checkbox") or field.has_attr("checked"):
            fields[name] = field.get("value", "")
    button = form.select_one("[type=submit]")
    if button and button.has_attr("name"):
        fields[str(button["name"])] = button.get("value", "")
    return fields
