"""Puts the shop's strategy in the place of Oscar's."""

from oscar.apps.partner import apps as base


class PartnerConfig(base.PartnerConfig):
    name = "shop.partner"
