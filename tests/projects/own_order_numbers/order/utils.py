from typing import Any

from django.utils import timezone
from oscar.apps.order import utils as base


class OrderNumberGenerator(base.OrderNumberGenerator):
    def order_number(self, basket: Any) -> str:
        return f"NO-{timezone.now():%Y}-{basket.pk:06}"
