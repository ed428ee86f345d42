from __future__ import annotations

import json

import stripe
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from benchmarks.project.settings import SECRET

from .models import Event


@csrf_exempt
@transaction.non_atomic_requests
def webhook(request: HttpRequest) -> HttpResponse:
    """Verify, and one INSERT."""
    body = request.body
    stripe.WebhookSignature.verify_header(body, request.headers["Stripe-Signature"], SECRET, 300)
    event = json.loads(body)
    Event(event_id=event["id"], type=event["type"], payload=event["data"]["object"]).save(force_insert=True)
    return HttpResponse("ok", content_type="text/plain")
