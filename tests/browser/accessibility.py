"""Whether everybody can use a page: axe-core finds nothing in it that is ours, whoever looks at it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT

from .visitor import DESKTOP, NARROW, PHONE, SCREENSHOTS, Device, Visitor


class Oscars(NamedTuple):
    """What axe finds in Oscar's own layout, which a page of ours stands in."""

    rule: str
    elements: str
    reason: str


#: Around the payment step, and the pages that a payment has.
CHECKOUT = (
    Oscars(
        "landmark-one-main",
        "html",
        "Oscar's checkout has no main landmark. A shop's own may have, and a second one would be wrong",
    ),
    Oscars("region", ".page_inner > .sub-header", "so the heading that Oscar writes is in none"),
    Oscars("color-contrast", ".nav-checkout *", "Oscar's grey names of the steps on its dark ground"),
)

#: Around all pages of the dashboard.
DASHBOARD = (
    Oscars("landmark-unique", "body > nav.navbar", "Oscar's two navigations have no names"),
    Oscars("list", ".navbar-accounts ul", "Oscar has its form to log out between the list's items"),
)

#: In high contrast the system chooses the colours, and axe sees those that the page had wanted.
RUN = """async ([part, known]) => {
  const context = part ? {include: [[part]]} : document;
  const rules = {"color-contrast": {enabled: !matchMedia("(forced-colors: active)").matches}};
  const {violations} = await axe.run(context, {resultTypes: ["violations"], rules});
  const isKnown = (rule, {target}) => known.some(([itsRule, elements]) =>
    rule === itsRule && target.length === 1 && document.querySelector(target[0]).matches(elements));
  return violations.flatMap(({id, nodes}) => nodes
    .filter((node) => !isKnown(id, node))
    .map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
}"""


#: What sticks out, and isn't in a box that scrolls by itself.
WIDE = """width => Array.from(document.querySelectorAll("body *"))
  .filter((element) => element.getBoundingClientRect().right > width && !element.closest(".table-responsive"))
  .map((element) => element.outerHTML.slice(0, 150))"""


class Eyes(NamedTuple):
    """What somebody looks with: a screen, and what the system was told to do for them."""

    device: Device
    media: dict[str, Any]

    def __str__(self) -> str:
        return "-".join([self.device.name, *self.media])


#: A desktop that is zoomed in to 200 %.
ZOOMED = Device("zoomed", DESKTOP.width // 2, DESKTOP.height // 2)

NORMAL: dict[str, Any] = {
    "color_scheme": "light",
    "forced_colors": "none",
    "contrast": "no-preference",
    "reduced_motion": "no-preference",
}
EYES = (
    Eyes(PHONE, {}),
    Eyes(DESKTOP, {"color_scheme": "dark"}),
    Eyes(ZOOMED, {"contrast": "more", "reduced_motion": "reduce"}),
    Eyes(NARROW, {"forced_colors": "active"}),
)


def expect_accessible(
    visitor: Visitor,
    step: str,
    *,
    eyes: tuple[Eyes, ...] = EYES,
    part: str | None = None,
    known: tuple[Oscars, ...] = (),
) -> None:
    """Looks at the page that is open with all of these eyes, and keeps pictures.

    ``part`` is a selector for pages that are Oscar's but for a part of ours.
    """
    page = visitor.page
    page.wait_for_load_state("load")
    page.evaluate(AXE_SCRIPT)
    found: dict[str, list[str]] = {}
    for each in eyes:
        page.set_viewport_size({"width": each.device.width, "height": each.device.height})
        page.emulate_media(**{**NORMAL, **each.media})
        violations = page.evaluate(RUN, [part, [(oscars.rule, oscars.elements) for oscars in known]])
        wide = page.evaluate("part => document.querySelector(part).scrollWidth", part or "html")
        if wide > each.device.width:
            violations.append(f"{wide} pixels wide: {page.evaluate(WIDE, each.device.width)}")
        if violations:
            found[str(each)] = violations
        path = SCREENSHOTS / f"{visitor.test}-{each}-{step}.png"
        page.screenshot(path=path, full_page=True, scale="css")
    # A page that is opened in high contrast keeps some of it.
    page.emulate_media(**NORMAL)
    assert not found, f"{page.url}: {json.dumps(found, indent=1, ensure_ascii=False)}"
