from oscar.apps.order import apps as base


class OrderConfig(base.OrderConfig):
    name = "tests.projects.own_order_numbers.order"
