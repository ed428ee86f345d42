"""People who use the dashboard, with just the permissions that a test gives them."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission

from tests.support.factories import UserFactory
from tests.support.shopper import Shopper


def staff(*codes: str) -> Shopper:
    """A member of staff who may do just that: ``staff("view_payment")``."""
    return _somebody(codes, is_staff=True)


def partner_user(partner: Any, *codes: str) -> Shopper:
    """Somebody who works for one of the shop's partners, and is no staff."""
    found = _somebody(codes, is_staff=False)
    access = Permission.objects.get(codename="dashboard_access", content_type__app_label="partner")
    found.user.user_permissions.add(access)
    partner.users.add(found.user)
    return found


def _somebody(codes: tuple[str, ...], *, is_staff: bool) -> Shopper:
    user = UserFactory.create(is_staff=is_staff)
    permissions = Permission.objects.filter(codename__in=codes, content_type__app_label="oscar_vipps")
    assert permissions.count() == len(codes)
    user.user_permissions.set(permissions)
    return Shopper(user)


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text_of(response: Any) -> str:
    return soup(response).get_text(" ", strip=True)
