from __future__ import annotations

import json

import stripe
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from .models import Event


@csrf_exempt
@transaction.non_atomic_requests
def webhook(request: HttpRequest) -> HttpResponse:
    """Verify, and one INSERT."""
    body = request.body
    secret = settings.OSCAR_VIPPS["WEBHOOK_SECRETS"][0]
    stripe.WebhookSignature.verify_header(body, request.headers["Stripe-Signature"], secret, 300)
    event = json.loads(body)
    Event.objects.create(event_id=event["id"], type=event["type"], payload=event["data"]["object"])
    return HttpResponse("ok", content_type="text/plain")
