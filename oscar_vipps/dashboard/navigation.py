"""A place in the dashboard's navigation, and how much needs attention."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from oscar.views.decorators import check_permissions

from .access import permissions_map
from .attention import count_open

PAYMENTS = "vipps_dashboard:payment-list"
ORDERS = "dashboard:order-list"


def add_to_navigation(navigation: list[dict[str, Any]]) -> None:
    """A group of its own, behind the one with Oscar's orders; at the end where a shop's navigation has none.

    A shop that has put the payments somewhere itself is left alone.
    """
    if any(_names(group) & {PAYMENTS} for group in navigation):
        return
    behind = next((i for i, group in enumerate(navigation) if ORDERS in _names(group)), len(navigation) - 1)
    navigation[behind + 1 : behind + 1] = _groups()


def _names(group: dict[str, Any]) -> set[str | None]:
    return {each.get("url_name") for each in (group, *group.get("children", []))}


def _groups() -> list[dict[str, Any]]:
    """With the count for those who may see what it counts, and without: each user meets one of them."""
    pages = [
        {"label": _("Payments"), "url_name": PAYMENTS},
        {"label": _("Needs attention"), "url_name": "vipps_dashboard:attention"},
        {"label": _("Events"), "url_name": "vipps_dashboard:event-list"},
        {"label": _("Figures"), "url_name": "vipps_dashboard:figures"},
        {"label": _("Doctor"), "url_name": "vipps_dashboard:doctor"},
    ]
    group = {"icon": "fas fa-mobile-alt", "children": pages}
    return [
        {**group, "label": lazy(_with_count, SafeString)(), "access_fn": _sees_attention},
        {**group, "label": "Vipps", "access_fn": _sees_no_attention},
    ]


def _sees_attention(user: Any, *args: Any) -> bool:
    return _is_included() and bool(check_permissions(user, permissions_map()["attention"]))


def _sees_no_attention(user: Any, *args: Any) -> bool:
    return _is_included() and not _sees_attention(user)


def _is_included() -> bool:
    """Not where the shop has forgotten the addresses: every page of Oscar's dashboard has the navigation, and
    would fail. A system check says what is missing.
    """
    try:
        reverse(PAYMENTS)
    except NoReverseMatch:
        return False
    return True


def _with_count() -> SafeString:
    """Lazy, so that the database is asked when a page of the dashboard is made, and at no other time."""
    count = count_open()
    if not count:
        return SafeString("Vipps")
    # Translators: read out after the number in the navigation: "Vipps 3 need attention"
    words = ngettext("needs attention", "need attention", count)
    return format_html(
        'Vipps <span class="badge badge-warning">{} <span class="sr-only">{}</span></span>', count, words
    )
