"""Chromium, and visitors who use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, WebError, expect, sync_playwright

from tests.support.fixtures import Shop

from .visitor import DESKTOP, PHONE, Device, Meet, Visitor

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Oscar's pages ask a CDN for jQuery before they use their own.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

#: A script of Oscar's that its own page of an order calls and that isn't there.
OSCARS_OWN = "oscar.dashboard.orders.initTable is not a function"

#: Milliseconds. Nothing takes that long, except on a machine that does much else.
PATIENCE = 15_000


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Once for these tests, and ended before others: while it runs, so does its event loop.

    Django sees that loop, and would take a test's queries for ones that a coroutine makes.
    """
    expect.set_options(timeout=PATIENCE)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(params=[PHONE, DESKTOP], ids=str)
def device(request: Any) -> Device:
    """A test that makes sense on one device only parametrizes this itself."""
    found: Device = request.param
    return found


@pytest.fixture
def meet(request: Any, browser: Browser, live_server: Any, live_shop: Shop) -> Iterator[Meet]:
    """``meet(device, **options)``: a visitor with a new window; ``options`` are Playwright's for contexts."""
    contexts: list[BrowserContext] = []
    script_errors: list[str] = []

    def note(error: WebError) -> None:
        script_errors.append(f"{error.page and error.page.url}: {error.error}")

    def new(device: Device, browser: Browser = browser, **options: Any) -> Visitor:
        viewport = {"width": device.width, "height": device.height}
        context = browser.new_context(
            **{"viewport": viewport, "has_touch": device.has_touch, "locale": "en-GB", **options}
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", note)
        contexts.append(context)
        name = request.node.originalname.removeprefix("test_")
        return Visitor(context.new_page(), device, live_server.url, live_shop.simulator, name)

    yield new
    for context in contexts:
        context.close()
    assert [error for error in script_errors if not error.endswith(OSCARS_OWN)] == []


@pytest.fixture
def visitor(meet: Meet, device: Device) -> Visitor:
    """A guest who reads English."""
    return meet(device)


@pytest.fixture
def with_invoice(settings: Any, live_shop: Shop) -> None:
    """A second way to pay, so that there is something to choose."""
    settings.OSCAR_VIPPS = {**settings.OSCAR_VIPPS, "OTHER_METHODS": ["shop.invoice.Invoice"]}
