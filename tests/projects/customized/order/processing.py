"""What else happens when an order's status changes, whoever changes it."""

from typing import Any

from oscar.apps.order import processing as base


class EventHandler(base.EventHandler):
    def handle_order_status_change(self, order: Any, new_status: str, note_msg: str | None = None) -> None:
        super().handle_order_status_change(order, new_status, note_msg)
        self.create_note(order, f"The till shows: {new_status}")
