"""Takes the place of ``oscar.apps.checkout.apps.CheckoutConfig`` in ``INSTALLED_APPS``."""

from oscar.apps.checkout import apps as base


class CheckoutConfig(base.CheckoutConfig):
    """Oscar's checkout; what this app doesn't define falls back to Oscar's own."""

    name = "oscar_vipps.checkout"
