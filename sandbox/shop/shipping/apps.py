"""Puts the shop's shipping methods in the place of Oscar's."""

from oscar.apps.shipping import apps as base


class ShippingConfig(base.ShippingConfig):
    name = "shop.shipping"
