"""Takes the place of ``oscar.apps.checkout.apps.CheckoutConfig`` in ``INSTALLED_APPS``."""

from oscar.apps.checkout import apps as base

from oscar_vipps.conf import must_be_installed


class CheckoutConfig(base.CheckoutConfig):
    """Oscar's checkout; what this app doesn't define falls back to Oscar's own."""

    name = "oscar_vipps.checkout"

    def ready(self) -> None:
        """Find the views; says so where they can't be found."""
        must_be_installed()
        super().ready()
