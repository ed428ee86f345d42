from oscar.apps.checkout import apps as base


class CheckoutConfig(base.CheckoutConfig):
    name = "tests.projects.customized.checkout"
