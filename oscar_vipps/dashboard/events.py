"""What Stripe told: the stored events, each with what became of it, and a button that processes it again."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.generic import DetailView, View

from oscar_vipps.models import WebhookEvent
from oscar_vipps.responses import SeeOther
from oscar_vipps.webhooks import inbox

from .access import may
from .filters import EventFilter
from .tables import EventTable
from .views import FilteredTableView

logger = logging.getLogger("oscar_vipps")


class EventListView(FilteredTableView):
    """Events, newest first."""

    filter_class = EventFilter
    table_class = EventTable
    template_name = "oscar_vipps/dashboard/event_list.html"
    context_table_name = "events"

    def get_rows(self) -> Any:
        # The facts may be long, and the list doesn't show them.
        return WebhookEvent.objects.defer("payload").order_by("-received_at", "-pk")


class EventDetailView(DetailView):
    """One event: its facts as they are stored, and what became of it."""

    queryset = WebhookEvent.objects.select_related("payment__order")
    context_object_name = "event"
    template_name = "oscar_vipps/dashboard/event_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Also ``facts`` as text, and whether this user may have it processed."""
        event = self.object
        may_process = may(self.request.user, "change_webhookevent")
        return super().get_context_data(
            facts=json.dumps(event.payload, indent=2, ensure_ascii=False),
            is_undone=inbox.undone().filter(pk=event.pk).exists(),
            may_process=may_process,
            **kwargs,
        )


# Not atomic: the event is settled in a transaction of its own, and stays failed when that is rolled back.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class EventProcessView(View):
    """Try an event again. One that is done stays as it is."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        event = get_object_or_404(WebhookEvent, pk=pk)
        logger.info(
            "Event %s: processed again, by user %s",
            event.event_id,
            request.user.pk,
            extra={"event_id": event.event_id, "user": request.user.pk},
        )
        if event.status == WebhookEvent.Status.PROCESSED:
            messages.info(request, _("That was done already."))
        else:
            event = inbox.process(event)
            tell = messages.error if event.status == WebhookEvent.Status.FAILED else messages.success
            # Translators: %(status)s is "Processed", "Ignored" or "Failed"
            tell(request, _("Event: %(status)s.") % {"status": event.get_status_display()})
        return SeeOther(reverse("vipps_dashboard:event-detail", args=[pk]))
