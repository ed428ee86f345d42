"""The endpoint for Stripe's events: HTTP, and nothing else.

=====  ============================================================================================
200    the event is processed, ignored for a reason, or was so before; or it is stored, and a worker of
       Celery processes it (``CELERY_APP``): don't send it again
400    not an event that Stripe signed for this shop, or an old one: nothing is stored
405    not a POST
413    larger than any event
500    stored, but processing failed: please send it again
=====  ============================================================================================
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oscar_vipps.conf import get_settings
from oscar_vipps.exceptions import EventRefused
from oscar_vipps.gateway import events
from oscar_vipps.models import WebhookEvent

from . import inbox
from .wakeup import wake_worker

logger = logging.getLogger("oscar_vipps")

#: Bytes. Stripe's events are a few kilobytes, with long metadata some tens.
MAX_BODY = 512 * 1024


# The signature is what protects this; a browser's cookies have no meaning here. Not atomic, because the event
# must stay stored when its processing is rolled back.
@csrf_exempt
@require_POST
@transaction.non_atomic_requests
def webhook(request: HttpRequest) -> HttpResponse:
    """Receive one event; see the module for what is answered."""
    # Whatever length is announced, no more is read.
    try:
        body = request.read(MAX_BODY + 1)
    except UnreadablePostError:
        return _text("The body broke off.", 400)
    if len(body) > MAX_BODY:
        return _text("Too large.", 413)
    signature = request.headers.get("Stripe-Signature", "")
    settings = get_settings()
    try:
        event = events.verify(body, signature, settings.webhook_secrets)
    except EventRefused as error:
        logger.warning("A webhook was refused: %s.", error)
        return _text("Refused: not signed by Stripe for this shop, or too old.", 400)
    stored = inbox.store(event)
    if settings.celery_app and not inbox.is_done(stored) and wake_worker(settings.celery_app, stored):
        return _text("Stored.", 200)
    stored = inbox.process(stored)
    if stored.status == WebhookEvent.Status.FAILED:
        return _text("Stored, but processing failed.", 500)
    return _text(inbox.outcome(stored), 200)


def _text(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
