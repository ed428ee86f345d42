"""Vipps' part of Oscar's own dashboard pages: ``{% load vipps_dashboard_tags %}``."""

from __future__ import annotations

from typing import Any

from django import template

from oscar_vipps.dashboard.possible import possible
from oscar_vipps.models import Payment

register = template.Library()


@register.inclusion_tag("oscar_vipps/dashboard/partials/actions.html", takes_context=True)
def vipps_actions(context: dict[str, Any], payment: Payment) -> dict[str, Any]:
    """What this user can do with the payment now, on the order's page: ``{% vipps_actions payment %}``."""
    return {**possible(payment, context["request"].user), "back_to_order": True}
