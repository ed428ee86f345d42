"""Tells dj-stripe of its endpoint: ``python -m benchmarks.project.djstripe_endpoint UUID``."""

import sys

import django

from benchmarks.project.settings import SECRET

if __name__ == "__main__":
    django.setup()
    from djstripe.models import WebhookEndpoint

    WebhookEndpoint.objects.create(
        id="we_bench",
        djstripe_uuid=sys.argv[1],
        url="https://shop.example/stripe/webhook/",
        secret=SECRET,
        enabled_events=["*"],
        status="enabled",
        livemode=False,
    )
