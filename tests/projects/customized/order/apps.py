from oscar.apps.order import apps as base


class OrderConfig(base.OrderConfig):
    name = "tests.projects.customized.order"
