"""Payments and events in Django's admin: to look at, not to change. Money moves by named actions only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Flag, Payment, Refund, WebhookEvent


class ReadOnly:
    """Nothing can be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FlagInline(ReadOnly, admin.TabularInline):
    model = Flag
    extra = 0


class RefundInline(ReadOnly, admin.TabularInline):
    model = Refund
    extra = 0


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("reference", "order", "state", "amount", "amount_captured", "created_at")
    list_filter = ("state", "livemode")
    list_select_related = ("order",)
    search_fields = ("reference", "order__number", "session_id", "payment_intent_id")
    date_hierarchy = "created_at"
    inlines = [FlagInline, RefundInline]


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("event_id", "type", "status", "reason", "attempts", "received_at")
    list_filter = ("status", "type")
    list_select_related = ("payment",)
    search_fields = ("event_id", "payment__reference")
    date_hierarchy = "received_at"
