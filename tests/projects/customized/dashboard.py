"""The payment's page, with something of the shop's own on it."""

from typing import Any

from oscar_vipps.dashboard.apps import VippsDashboardConfig


class PaymentsDashboardConfig(VippsDashboardConfig):
    def ready(self) -> None:
        """Oscar's models are there only now, and so is what imports them."""
        super().ready()
        from oscar_vipps.dashboard.views import PaymentDetailView

        class DetailView(PaymentDetailView):
            def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
                return super().get_context_data(shelf="B 12", **kwargs)

        self.payment_detail_view = DetailView
