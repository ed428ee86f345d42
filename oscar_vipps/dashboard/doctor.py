"""The doctor as a page: a button that has the installation looked at, and one for the bundle for a helper.

``vipps_doctor`` says the same on the command line.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.generic import View

from oscar_vipps.diagnosis.bundle import as_json, make_bundle
from oscar_vipps.diagnosis.doctor import Result, diagnose, summary

from .periods import today

logger = logging.getLogger("oscar_vipps")


# Not atomic: Stripe is called, and what the database refuses in one check must not fail the next.
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class DoctorView(View):
    """GET has the button. POST looks, which takes some seconds and makes a Checkout Session for a moment."""

    http_method_names = ["get", "post"]
    template_name = "oscar_vipps/dashboard/doctor.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer({})

    def post(self, request: HttpRequest) -> HttpResponse:
        results = look(request)
        # As for the bundle: without keys that somebody wrote at a wrong place.
        return self.answer({"results": [as_json(result) for result in results], "summary": summary(results)})

    def answer(self, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, self.template_name, context)


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class DoctorBundleView(View):
    """Settings, results and counts as a file, without secrets and personal data."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse(
            make_bundle(look(request)),
            json_dumps_params={"indent": 2, "ensure_ascii": False},
            headers={"Content-Disposition": f'attachment; filename="vipps-{today():%Y-%m-%d}.json"'},
        )


def look(request: HttpRequest) -> list[Result]:
    """All checks, for this user."""
    logger.info("The doctor looks, for user %s", request.user.pk, extra={"user": request.user.pk})
    return list(diagnose(makes_session=True))
