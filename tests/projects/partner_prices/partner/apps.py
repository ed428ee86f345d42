from oscar.apps.partner import apps as base


class PartnerConfig(base.PartnerConfig):
    name = "tests.projects.partner_prices.partner"
